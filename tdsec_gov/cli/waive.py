"""``tdsec waive`` and ``tdsec waivers``"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.domain.findings import Finding
    from tdsec_gov.domain.waiver import Waiver
    from tdsec_gov.gate.waive import WaiverDesk
    from tdsec_gov.policy.access import Access
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.verdicts.waivers.filed import Filed


@click.command()
@click.argument("target")
@click.argument("what", metavar="CHECK[:CODE]")
@click.option("--reason", required=True, help="Why, in ten characters or more; it stands in the report.")
@click.option("--until", metavar="DATE", help="Last day on which the waiver holds, YYYY-MM-DD.")
@click.option("--revoke", is_flag=True, help="Take back what was waived, instead.")
@click.option("--review", metavar="ID", help="For the version of this review request, which I have taken.")
@pass_shell
def waive(
    shell: Shell, target: str, what: str, reason: str, until: str | None, revoke: bool, review: str | None
) -> int:
    """Let CHECK fail on the version that TARGET names now, for a while, signed by you.

    A waiver is bound to the bytes, so that the next version needs its own. Who may waive what stands
    under "waivers:" in policies/policy.yaml. Nothing changes until the gate runs again.

    With --review ID it is for the version that `tdsec review take ID` has brought: the checks run again on
    those bytes, and the waiver goes back beside the request, where `tdsec review fetch-answers` gets it.
    """
    from tdsec_gov.errors import UsageError

    if revoke == (until is not None):
        raise UsageError("--until DATE, or --revoke", hint="tdsec waive TARGET CHECK --reason … --until DATE")
    if review is not None:
        if until is None:
            raise UsageError(
                "--review is for giving a waiver", hint="revoke it where the version is committed"
            )
        return _waive_taken(shell, review, target, (what, reason, _date(until)))
    desk, pointer = _desk(shell, target)
    if until is None:
        names = desk.revoke(pointer, what, reason)
        shell.say(f"revoked {len(names)} waiver{'s' if len(names) > 1 else ''} of {what} for {pointer.name}")
        shell.say(f"next: git add {' '.join(names)} .tdsec/checkpoint, and commit")
        return shell.answer("", revoked=names)
    waiver, name = desk.waive(pointer, what, reason, _date(until))
    shell.say(f"waived {waiver.what} for {pointer.name}@{waiver.root[:12]} through {until}")
    shell.say(f"next: git add {name} && tdsec check {pointer.name}")
    return shell.answer("", waiver=name, **_facts(waiver))


def _facts(waiver: Waiver) -> dict[str, Any]:
    return {
        "digest": waiver.digest,
        "expires": waiver.expires,
        "dataset": waiver.dataset,
        "sha256": waiver.root,
        "check": waiver.check,
        "code": waiver.code,
    }


def _waive_taken(shell: Shell, id: str, target: str, words: tuple[str, str, dt.date]) -> int:
    """Waive ``(what, reason, until)`` for the version of request ``id``, and send the waiver back."""
    from tdsec_gov.cli.opened import journal_of
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.cli.reviewed import open_review, require_target, send_answer
    from tdsec_gov.gate.reviewed import look_again
    from tdsec_gov.gate.waive import WaiverDesk

    review = open_review(shell, id)
    require_target(shell, review, target)
    pointer, sender = review.taken.pointer, review.taken.opened.request.sender
    with Checking(pointer.name, quiet=shell.json) as watching:
        look_again(review.gate, pointer, review.root, watching)
    desk = WaiverDesk(
        review.gate.repository,
        review.gate.book,
        journal_of(review.reviews.repository),
        review.reviews.vault.identity,
        frozenset([sender]),
    )
    waiver, name = desk.waive(pointer, *words)
    shell.say(f"waived {waiver.what} for {pointer.name}@{waiver.root[:12]} through {words[2]}")
    send_answer(shell, review, True)
    return shell.answer("", waiver=name, request=review.taken.opened.request.id, **_facts(waiver))


def _date(text: str) -> dt.date:
    from tdsec_gov.errors import UsageError

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("not a date", expected="YYYY-MM-DD", found=text) from None


def _desk(shell: Shell, target: str) -> tuple[WaiverDesk, Pointer]:
    from tdsec_gov.cli.opened import open_signing
    from tdsec_gov.gate.waive import WaiverDesk

    held = open_signing(shell, target)
    return WaiverDesk(held.repository, held.book, held.journal, held.identity), held.pointer


@click.command()
@click.option("--all", "everything", is_flag=True, help="Revoked ones, too.")
@pass_shell
def waivers(shell: Shell, everything: bool) -> int:
    """List the waivers of this repository: what holds, what has expired, what nothing stands on."""
    from tdsec_gov.files import WorkTree
    from tdsec_gov.gate.waived import waiver_findings
    from tdsec_gov.verdicts.book import VerdictBook

    repository = shell.repository()
    repository.require_initialised()
    book = VerdictBook.open(WorkTree(repository.root), shell.now())
    filed = [one for one in book.waivers.filed() if everything or one.state.value != "revoked"]
    rows = [_row(one, book.policies.access) for one in filed]
    for one, row in zip(filed, rows, strict=True):
        what = f"{row['check'] or '?'}{':' + str(row['code']) if row['code'] else ''}"
        until = f"until {str(row['expires'])[:10]}, by {row['approver']}" if one.waiver else "unreadable"
        shell.say(
            f"{one.state.value:14} {one.dataset}@{one.root[:12]} {what} {until}: {row['reason'] or one.why}"
        )
    findings = waiver_findings(book, filed)
    print_findings(shell, findings)
    text = "" if rows else "no waivers"
    return shell.answer(text, waivers=rows, findings=[one.as_json() for one in findings])


def print_findings(shell: Shell, findings: list[Finding]) -> None:
    """One line each, as the gate prints findings."""
    for one in findings:
        shell.warn(f"{one.file}: {one.code} {one.message}")


def _row(one: Filed, access: Access) -> dict[str, object]:
    waiver = one.waiver
    return {
        "file": one.name,
        "dataset": one.dataset,
        "sha256": one.root,
        "state": one.state.value,
        "why": one.why,
        "check": waiver.check if waiver else None,
        "code": waiver.code if waiver else None,
        "reason": waiver.reason if waiver else None,
        "approver": access.name_of(waiver.approver) if waiver else None,
        "created": waiver.created if waiver else None,
        "expires": waiver.expires if waiver else None,
    }
