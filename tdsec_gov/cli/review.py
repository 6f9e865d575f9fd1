"""``tdsec review``: send, list, take, answer, fetch-answers, close"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.review_answers import answer, close, fetch_answers
from tdsec_gov.cli.reviewed import Reviews, full_id, open_reviews, printable
from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.vault.review.opened import Opened
    from tdsec_gov.verdicts.verify import Verified


@click.group()
def review() -> None:
    """Show a version that is not accepted yet to those who may decide about it.

    \b
    Its author:  tdsec review send data/x.csv
    A reviewer:  tdsec review list
                 tdsec review take ID
                 tdsec waive data/x.csv CHECK --review ID --reason … --until DATE
                 tdsec cosign --review ID               (where a second signature is missing)
                 tdsec review answer ID --reject --reason …
    Its author:  tdsec review fetch-answers
                 tdsec check data/x.csv, git commit, dvc push
    Either:      tdsec review close ID

    The bytes go into the vault's storage, sealed to these people alone: not to the readers of the vault, and
    `dvc pull` never sees them. Nothing of a request lies in git.
    """


@review.command()
@click.argument("target")
@click.option("--to", "names", multiple=True, metavar="NAME", help="A member; may be given several times.")
@click.option("--note", default="", help="A line for the reviewers.")
@click.option(
    "--days", type=click.IntRange(1, 90), default=14, show_default=True, help="How long it may lie there."
)
@pass_shell
def send(shell: Shell, target: str, names: tuple[str, ...], note: str, days: int) -> int:
    """Send the version that TARGET names now, with its verdict, to those who may decide.

    Without --to: everybody else whose signature the policy waits for - who may waive the checks that denied
    it, or whose second signature is missing. --to also takes members who may read the vault.
    """
    from tdsec_gov.cli.opened import open_gate
    from tdsec_gov.cli.review_answers import one_line
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import WorkTree
    from tdsec_gov.vault.review.packing import Parcel
    from tdsec_gov.vault.review.packing import send as send_parcel
    from tdsec_gov.vault.review.people import chosen
    from tdsec_gov.vault.review.record import record_step, recording_refusals

    text = one_line(note, "--note")
    reviews = open_reviews(shell)
    pointers = reviews.repository.select([target], shell.folder)
    if len(pointers) != 1:
        raise UsageError("one dataset at a time", expected="one TARGET", found=f"{len(pointers)} datasets")
    pointer, vault = pointers[0], reviews.vault
    seen = _undecided(open_gate(shell, reviews.repository), pointer)
    access = vault.book.policies.access
    with recording_refusals(vault, "send", pointer.name, ""):
        label = access.label(vault.name, pointer.name)
        people = chosen(vault.book, seen, label, vault.identity.keyid, names)
        parcel = Parcel(pointer, seen, tuple(people), text, days)
        tree = WorkTree(reviews.repository.root)
        request = send_parcel(vault, reviews.shelf, reviews.repository.cache, tree, parcel)
    keyids: Any = list(request.reviewers)
    record_step(vault, "send", request, reviewers=keyids, expires=request.expires)
    to = [one.name for one in people]
    shell.say(f"sent {request.short} to {', '.join(to)}; it is taken away after {request.expires[:10]}")
    shell.say(f"they run: tdsec review take {request.id}")
    return shell.answer("", request=request.id, reviewers=to, **_facts(request))


def _undecided(gate: Gate, pointer: Pointer) -> Verified:
    """The verdict of today that leaves the version not accepted.

    Raises:
        UsageError: there is none, or it is accepted. VerdictExpired: it is not today's.
    """
    from tdsec_gov.checks.registry import policy_digest
    from tdsec_gov.errors import UsageError, VerdictExpired
    from tdsec_gov.gate.cosign import begun_for
    from tdsec_gov.verdicts.verify import parse_time, require_policy

    hint = f"run: tdsec check {pointer.name}"
    seen = begun_for(gate, pointer)
    if seen is None:
        raise UsageError("the gate has not looked at this version", where=pointer.name, hint=hint)
    require_policy(seen, policy_digest(gate.book.policies.for_dataset(pointer.name)))
    if gate.now >= parse_time(seen.verdict.expires_at):
        raise VerdictExpired("the verdict has expired", where=seen.verdict.version.short, hint=hint)
    if seen.verdict.accepted and not gate.book.quorum(pointer.name).lacking(seen.signers):
        raise UsageError(
            "this version is accepted: there is nothing to decide",
            where=seen.verdict.version.short,
            hint="git commit and dvc push it",
        )
    return seen


@review.command(name="list")
@pass_shell
def list_(shell: Shell) -> int:
    """List the open requests that I can read: who asks, for what, and why it is not accepted."""
    from tdsec_gov.errors import AccessDenied, TdsecError, UsageError
    from tdsec_gov.vault.review.opened import expired, open_request

    reviews = open_reviews(shell)
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    others = unfinished = 0
    for id in reviews.shelf.ids():
        try:
            opened = open_request(reviews.vault, reviews.shelf, id)
        except AccessDenied:
            others += 1
        except UsageError:
            unfinished += 1
        except TdsecError as exc:
            refused.append({**exc.as_dict(), "request": id})
            shell.warn(printable(f"REFUSED {id}: {exc.code}: {exc.message}"))
        else:
            rows.append(_row(reviews, opened, expired(opened.request, shell.now())))
            _print(shell, rows[-1])
    text = "" if rows else "no review request for you"
    if others:
        text += f"{'; ' if text else ''}{others} for others"
    return shell.answer(text, requests=rows, refused=refused, others=others, unfinished=unfinished)


def _row(reviews: Reviews, opened: Opened, expired: bool) -> dict[str, Any]:
    from tdsec_gov.vault.review.people import why
    from tdsec_gov.vault.review.shelf import answerer

    request, book = opened.request, reviews.vault.book
    verdict, access = opened.verified.verdict, book.policies.access
    awaits = book.quorum(request.dataset).lacking(opened.verified.signers)
    answered = [answerer(name) for name in reviews.shelf.names(request.id)]
    return {
        "request": request.id,
        "from": access.name_of(request.sender),
        "mine": request.sender == reviews.vault.identity.keyid,
        "to": [access.name_of(one) for one in request.reviewers],
        "result": verdict.result.value,
        "files": verdict.version.files,
        "bytes": verdict.version.size,
        "why": why(verdict, awaits),
        "answers": [access.name_of(one) for one in answered if one is not None],
        "expired": expired,
        **_facts(request),
    }


def _facts(request: Any) -> dict[str, Any]:
    return {
        "dataset": request.dataset,
        "sha256": request.root,
        "created": request.created,
        "expires": request.expires,
        "note": request.note,
    }


def _print(shell: Shell, row: dict[str, Any]) -> None:
    who = f"to {', '.join(row['to'])}" if row["mine"] else f"from {row['from']}"
    when = "EXPIRED" if row["expired"] else "until"
    lines = [f"{row['request']}  {row['dataset']}@{row['sha256'][:12]}  {who}, {when} {row['expires'][:10]}"]
    lines += [f"  {one}" for one in row["why"]]
    lines += [f"  note: {row['note']}"] if row["note"] else []
    lines += [f"  answers of: {', '.join(row['answers'])}"] if row["answers"] else []
    for line in lines:
        shell.say(printable(line))


@review.command()
@click.argument("id")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Copy the files there, too: a new folder."
)
@pass_shell
def take(shell: Shell, id: str, out: Path | None) -> int:
    """Fetch, open and verify the version of request ID, to look at it.

    It lands in a private folder inside git's own one, never in the work tree; `tdsec waive` and `tdsec
    cosign` find it there with --review ID. --out refuses a folder that is not empty, or that lies in a git
    repository. `tdsec review close ID` removes it again.
    """
    from tdsec_gov.vault.review.record import record_step, recording_refusals
    from tdsec_gov.vault.review.taken import refuse_out, show_at
    from tdsec_gov.vault.review.taken import take as take_request

    out = None if out is None else shell.folder / out
    if out is not None:
        refuse_out(out)
    reviews = open_reviews(shell)
    name = full_id(id, reviews.shelf.ids())
    with recording_refusals(reviews.vault, "take", reviews.vault.name, name):
        taken = take_request(reviews.vault, reviews.shelf, reviews.repository.root, name)
    request, verdict = taken.opened.request, taken.opened.verified.verdict
    record_step(reviews.vault, "take", request, bytes=verdict.version.size, files=verdict.version.files)
    shown = show_at(taken, out) if out is not None else taken.files
    row = _row(reviews, taken.opened, False)
    _print(shell, row)
    shell.say(f"taken to {shown}")
    for line in _next(taken.opened):
        shell.say(f"next: {line}")
    return shell.answer("", files_at=str(shown), **row)


def _next(opened: Opened) -> list[str]:
    id, name = opened.request.id[:12], opened.request.dataset
    if opened.verified.verdict.accepted:
        return [f"tdsec cosign --review {id}", f"tdsec review answer {id} --reject --reason …"]
    checks = [one.check for one in opened.verified.verdict.results if one.status.denies] or ["CHECK"]
    waive = [f"tdsec waive {name} {one} --review {id} --reason … --until DATE" for one in checks]
    return [*(printable(one) for one in waive), f"tdsec review answer {id} --reject --reason …"]


for _command in (answer, fetch_answers, close):
    review.add_command(_command)
