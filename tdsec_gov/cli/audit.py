"""``tdsec audit``: read the audit log, verify it, prove an event, sign its head."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.errors import PolicyInvalid, Unverified, UsageError

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.audit.log import Recorded
    from tdsec_gov.compliance.values import LogBasis
    from tdsec_gov.policy.access import Access
    from tdsec_gov.verdicts.book import VerdictBook


@click.group()
def audit() -> None:
    """The audit log: log, verify, prove, checkpoint."""


@audit.command("log")
@click.option("--since", metavar="DATE", help="First day (UTC) or time.")
@click.option("--until", metavar="DATE", help="Last day (UTC), included, or time.")
@click.option("--target", help="Only events with exactly this target.")
@click.option("--action", help="Only this action, such as gate or run.start.")
@click.option("--outcome", type=click.Choice(["success", "failure", "denied"]), help="Only this outcome.")
@click.option(
    "--limit", type=click.IntRange(0), default=50, show_default=True, help="The newest N; 0 for all."
)
@pass_shell
def log(
    shell: Shell,
    since: str | None,
    until: str | None,
    target: str | None,
    action: str | None,
    outcome: str | None,
    limit: int,
) -> int:
    """Show events, oldest first. Each is compared with its hash; `verify` checks the whole log."""
    from tdsec_gov.compliance.events import who_is
    from tdsec_gov.compliance.logcheck import open_journal
    from tdsec_gov.compliance.window import read_moment
    from tdsec_gov.domain.events import ACTIONS
    from tdsec_gov.verdicts.verify import format_time

    if action is not None and action not in ACTIONS:
        raise UsageError("no such action", expected=", ".join(ACTIONS), found=repr(action)[:40])
    first = format_time(read_moment(since, "--since")) if since else None
    last = format_time(read_moment(until, "--until", end_of_day=True)) if until else None
    journal = open_journal(shell.repository().root)
    found = journal.log.events(since=first, until=last, target=target, action=action, outcome=outcome)
    kept: deque[Recorded] = deque(maxlen=limit or None)
    total = 0
    for one in found:
        total += 1
        kept.append(one)
    access = _access(shell, journal)
    rows = [
        {"seq": one.seq, "who": who_is(one.event.initiator, access), **one.event.as_json()} for one in kept
    ]
    if not shell.json:
        for row in rows:
            shell.say(_line(row))
    more = f" (the newest {len(rows)} shown)" if len(rows) < total else ""
    message = f"{total} event{'' if total == 1 else 's'}{more}"
    return shell.answer(message, events=rows, total=total)


def _line(row: Mapping[str, object]) -> str:
    text = f"#{row['seq']:<5} {row['event_time']} {row['action']:<14} {row['outcome']:<8} {row['who']}"
    reason = f" - {row['reason']}" if row["reason"] else ""
    line = f"{text}: {row['target']}{reason}"
    return "".join(char if char.isprintable() else "�" for char in line)


@audit.command("verify")
@pass_shell
def verify(shell: Shell) -> int:
    """Verify every event against its hash, the chain, the tree and all signed heads within reach."""
    _, _, basis = _verified(shell)
    left = basis.head.size - basis.covered
    if not basis.checkpoints and basis.head.size:
        raise Unverified(
            "the log agrees with itself, but no signed head of it was found",
            where=basis.head.origin,
            hint="run: tdsec audit checkpoint",
        )
    for words in basis.checkpoints:
        shell.say(f"  signed head: {words}")
    after = f", {left} after the newest signed head" if left else ""
    return shell.answer(
        f"audit log verified: {basis.head.size} events{after}; root {basis.head.root}",
        origin=basis.head.origin,
        size=basis.head.size,
        root=basis.head.root,
        covered=basis.covered,
        checkpoints=list(basis.checkpoints),
    )


@audit.command("prove")
@click.argument("seq", type=click.IntRange(1))
@pass_shell
def prove(shell: Shell, seq: int) -> int:
    """Inclusion proof of event SEQ as JSON, with the signed head it leads to."""
    from tdsec_gov.compliance.logcheck import newest_note

    journal, book, basis = _verified(shell)
    note = newest_note(journal, book)
    covered = note is not None and note[0].size >= seq
    proof = journal.log.prove_inclusion(seq, note[0].size if note and covered else None)
    body: dict[str, Any] = {"proof": proof.as_json(), "root": basis.head.root, "checkpoint": None}
    if note and covered:
        proof.verify(note[0])
        body |= {"root": note[0].root, "checkpoint": note[1]}
    else:
        shell.warn(f"event {seq} is not covered by a signed head yet; run: tdsec audit checkpoint")
    message = "" if shell.json else json.dumps(body, indent=2, ensure_ascii=False)
    return shell.answer(message, **body)


@audit.command("checkpoint")
@pass_shell
def checkpoint(shell: Shell) -> int:
    """Verify the log, then sign its head into .tdsec/checkpoint."""
    journal, _, _ = _verified(shell)
    journal.record("checkpoint", "success", ".tdsec/checkpoint")
    journal.publish()
    head = journal.head()
    return shell.answer(
        f"signed the head of {head.size} events into .tdsec/checkpoint; run: git add .tdsec/checkpoint",
        origin=head.origin,
        size=head.size,
        root=head.root,
    )


def _verified(shell: Shell) -> tuple[Journal, VerdictBook, LogBasis]:
    """The journal of this repository after a full verification."""
    from tdsec_gov.compliance.logcheck import open_journal, verified_basis
    from tdsec_gov.files import WorkTree
    from tdsec_gov.verdicts.book import VerdictBook

    journal = open_journal(shell.repository().root)
    book = VerdictBook.open(WorkTree(journal.root), shell.now())
    return journal, book, verified_basis(journal, book)


def _access(shell: Shell, journal: Journal) -> Access:
    """Who is who; nobody where policies/ cannot be read, which reading the log survives."""
    from tdsec_gov.files import WorkTree
    from tdsec_gov.policy.access import Access
    from tdsec_gov.policy.access_models import AccessFile
    from tdsec_gov.policy.load import policies_from

    try:
        return policies_from(WorkTree(journal.root)).access
    except PolicyInvalid as exc:
        shell.warn(f"people are shown by key: {exc.line()}")
        return Access(AccessFile(format=1))
