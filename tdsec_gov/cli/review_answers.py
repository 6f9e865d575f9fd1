"""``tdsec review answer``, ``fetch-answers`` and ``close``: the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.reviewed import Reviews, full_id, open_review, open_reviews, printable, send_answer
from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.domain.canonical import JsonValue
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.vault.review.answers import Received
    from tdsec_gov.vault.review.opened import Opened
    from tdsec_gov.vault.review.statement import ReviewRequest


def one_line(text: str, where: str) -> str:
    """``text`` without line breaks. Raises UsageError: too long, or not printable."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.vault.review.statement import LONGEST_NOTE, is_note

    line = " ".join(text.split())
    if not is_note(line):
        raise UsageError(
            "text cannot be sent", where=where, expected=f"up to {LONGEST_NOTE} plain characters"
        )
    return line


@click.command()
@click.argument("id")
@click.option("--accept/--reject", default=None, help="Send what I signed about it, or say no.")
@click.option("--reason", default="", help="A line for its author; needed with --reject.")
@pass_shell
def answer(shell: Shell, id: str, accept: bool | None, reason: str) -> int:
    """Answer request ID, whose version I have taken.

    `tdsec waive` and `tdsec cosign` with --review send what they sign by themselves. This says no, or (with
    --accept) sends again what I signed. A later answer stands in place of an earlier one; a waiver that was
    sent is taken back by `tdsec waive --revoke`.
    """
    from tdsec_gov.errors import UsageError
    from tdsec_gov.verdicts.waivers.statement import LEAST_REASON

    if accept is None:
        raise UsageError("--accept or --reject", hint="see: tdsec review answer --help")
    line = one_line(reason, "--reason")
    if not accept and len(line) < LEAST_REASON:
        raise UsageError("say why", where="--reason", expected=f"{LEAST_REASON} characters or more")
    review = open_review(shell, id)
    files = send_answer(shell, review, accept, line)
    return shell.answer("", request=review.taken.opened.request.id, accepted=accept, files=files)


@click.command(name="fetch-answers")
@click.argument("id", required=False)
@pass_shell
def fetch_answers(shell: Shell, id: str | None) -> int:
    """Fetch the answers to my requests (or to request ID): waivers and signatures, put where they belong.

    Each is believed only as far as it verifies: signed by a reviewer of this very request, about this very
    version, and for a signature on the very verdict that lies here. Then run the gate again, commit and push.
    """
    from tdsec_gov.vault.review.answers import fetch

    reviews = open_reviews(shell)
    rows: list[dict[str, Any]] = []
    worst: TdsecError | None = None
    for opened in _mine(reviews, id):
        found = fetch(reviews.vault, reviews.shelf, opened, reviews.repository.root)
        for one in found:
            rows.append(_told(shell, reviews, opened.request, one))
            if one.error is not None and (worst is None or one.error.exit_code == 10):
                worst = one.error
        written = sorted(name for one in found for name in one.written)
        if written:
            _say_next(shell, opened, written)
    if worst is not None:
        return shell.answer("", code=worst.code, exit_code=worst.exit_code, answers=rows)
    return shell.answer("" if rows else "no answer yet", answers=rows)


def _mine(reviews: Reviews, id: str | None) -> list[Opened]:
    """My requests; with ``id`` that one. Raises UsageError: it is not mine; else as ``open_request``."""
    from tdsec_gov.errors import TdsecError, UsageError
    from tdsec_gov.vault.review.opened import open_request

    me = reviews.vault.identity.keyid
    if id is not None:
        one = open_request(reviews.vault, reviews.shelf, full_id(id, reviews.shelf.ids()))
        if one.request.sender != me:
            raise UsageError("the answers go to who sent the request", where=one.request.short)
        return [one]
    found: list[Opened] = []
    for name in reviews.shelf.ids():
        try:
            found.append(open_request(reviews.vault, reviews.shelf, name))
        except TdsecError:  # somebody else's; `tdsec review list` says what is wrong with it
            continue
    return [one for one in found if one.request.sender == me]


def _told(shell: Shell, reviews: Reviews, request: ReviewRequest, one: Received) -> dict[str, Any]:
    """Print and record one answer."""
    from tdsec_gov.vault.review.record import record

    name = reviews.vault.book.policies.access.name_of(one.keyid)
    by: dict[str, JsonValue] = {"by": one.keyid, "files": len(one.written)}
    if one.error is not None:
        shell.warn(f"REFUSED {one.error.code}: answer of {name}: {printable(one.error.line())}")
        record(reviews.vault, "fetch", request.dataset, request.id, "denied", one.error.code, by)
    elif one.answer is not None:
        word = "accepted" if one.answer.accepted else "rejected"
        why = f": {one.answer.reason}" if one.answer.reason else ""
        known = "" if one.written or not one.answer.accepted else " (nothing new)"
        shell.say(f"{name} {word} {request.short}{why}{known}")
        if one.written or not one.answer.accepted:
            record(reviews.vault, "fetch", request.dataset, request.id, details={**by, "said": word})
    return {
        "request": request.id,
        "dataset": request.dataset,
        "by": name,
        "accepted": one.answer.accepted if one.answer else None,
        "reason": one.answer.reason if one.answer else "",
        "written": one.written,
        "error": one.error.as_dict() if one.error else None,
    }


def _say_next(shell: Shell, opened: Opened, written: list[str]) -> None:
    for name in written:
        shell.say(f"  {name}")
    again = f"tdsec check {opened.request.dataset} && "
    check = "" if opened.verified.verdict.accepted else again
    shell.say(f"next: {check}git add .tdsec {opened.request.file} && git commit && dvc push")
    shell.say(f"then: tdsec review close {opened.request.id[:12]}")


@click.command()
@click.argument("id")
@pass_shell
def close(shell: Shell, id: str) -> int:
    """Take request ID away, with its answers: on the storage, and what was taken of it here.

    Its author may, and every reviewer (who then cannot be asked by it any more). `tdsec vault gc` takes
    away what has expired.
    """
    from tdsec_gov.vault.review.opened import open_request
    from tdsec_gov.vault.review.record import record_step, recording_refusals
    from tdsec_gov.vault.review.taken import forget, taken_ids

    reviews = open_reviews(shell)
    root, there = reviews.repository.root, reviews.shelf.ids()
    name = full_id(id, sorted({*there, *taken_ids(root)}))
    if name not in there and name in taken_ids(root):  # somebody else has closed it
        forget(root, name)
        return shell.answer("it was closed already; what was taken of it is removed", request=name)
    with recording_refusals(reviews.vault, "close", reviews.vault.name, name):
        opened = open_request(reviews.vault, reviews.shelf, name)
    record_step(reviews.vault, "close", opened.request)
    removed = reviews.shelf.remove(name)
    forget(root, name)
    return shell.answer(f"closed {name[:12]}: {removed} files are gone", request=name, removed=removed)
