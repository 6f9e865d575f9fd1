"""A version that was taken for review, opened for the commands that sign about it; and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tdsec_gov.cli.opened import journal_of
from tdsec_gov.cli.shell import Shell
from tdsec_gov.cli.vault_objects import open_vault

if TYPE_CHECKING:
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.keyrings.opened import OpenedVault
    from tdsec_gov.vault.review.shelf import Shelf
    from tdsec_gov.vault.review.taken import Taken

SHORTEST = 6
"""Digits of a request's name that are enough where they name one."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """The vault's shelf of review requests, and who looks at it."""

    repository: Repository
    vault: OpenedVault
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class Review:
    """A taken version with the gate at its desk."""

    reviews: Reviews
    taken: Taken
    gate: Gate

    @property
    def root(self) -> str:
        return self.taken.opened.request.root


def open_reviews(shell: Shell) -> Reviews:
    """Raises ConfigurationError: there is no vault here. KeyUnavailable: I have no identity."""
    from tdsec_gov.vault.review.shelf import Shelf

    repository = shell.unlocked()
    repository.require_initialised()
    storage = open_vault(repository)
    return Reviews(repository, storage.vault, Shelf(storage))


def full_id(text: str, known: Iterable[str]) -> str:
    """The request that ``text`` names: all of its 32 digits, or enough of the first ones.

    Raises:
        UsageError: not such a name, or it names none or several of ``known``.
    """
    from tdsec_gov.errors import UsageError
    from tdsec_gov.vault.review.shelf import is_id

    if is_id(text):
        return text
    plain = len(text) >= SHORTEST and set(text) <= set("0123456789abcdef")
    found = [one for one in known if one.startswith(text)] if plain else []
    if len(found) != 1:
        raise UsageError(
            "not one review request" if plain else "not a review request",
            expected=f"32 hexadecimal digits, or the first {SHORTEST} or more",
            found=f"{len(found)} that begin like this" if plain else None,
            hint="see: tdsec review list",
        )
    return found[0]


def open_review(shell: Shell, text: str) -> Review:
    """The version of request ``text``, taken before and believed again.

    Raises:
        UsageError: it was not taken. Unverified, IntegrityError, AccessDenied: it is refused today.
    """
    from tdsec_gov.gate.reviewed import desk_of, gate_at, lend_previous
    from tdsec_gov.vault.review.taken import retake, taken_ids

    reviews = open_reviews(shell)
    root = reviews.repository.root
    taken = retake(reviews.vault, root, full_id(text, taken_ids(root)))
    desk = desk_of(reviews.repository, taken.desk, taken.cache)
    gate = gate_at(desk, reviews.repository, shell.now(), lambda: journal_of(reviews.repository))
    lend_previous(gate, reviews.repository, taken.pointer)
    return Review(reviews, taken, gate)


def require_target(shell: Shell, review: Review, target: str) -> None:
    """Raises UsageError unless ``target`` (data or pointer; from here or the root) is what was sent."""
    from pathlib import Path

    from tdsec_gov.errors import UsageError

    request, root = review.taken.opened.request, review.reviews.repository.root
    wanted = {request.dataset, request.file}
    here = Path(shell.folder, target)
    named = here.relative_to(root).as_posix() if here.is_relative_to(root) else ""
    if not {target, named} & wanted:
        raise UsageError(
            "the review request is about another dataset", expected=request.dataset, found=target
        )


def printable(line: str) -> str:
    """What others wrote, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def send_answer(shell: Shell, review: Review, accepted: bool, reason: str = "") -> int:
    """Put an answer beside the request, with all that I signed where I accept. Returns how many files.

    Raises:
        UsageError: nothing was signed, or the request is gone. BackendUnavailable: it did not get there;
            what was signed is kept for `tdsec review answer`.
    """
    from tdsec_gov.vault.review.answers import answer, signed_here
    from tdsec_gov.vault.review.record import record_step, recording_refusals

    reviews, opened = review.reviews, review.taken.opened
    request = opened.request
    files = signed_here(reviews.vault, review.taken) if accepted else {}
    with recording_refusals(reviews.vault, "answer", request.dataset, request.id):
        answer(reviews.vault, reviews.shelf, opened, accepted, reason, files)
    record_step(reviews.vault, "answer", request, accepted=accepted, files=len(files))
    author = reviews.vault.book.policies.access.name_of(request.sender)
    word = "accepted" if accepted else "rejected"
    shell.say(f"answered {request.id[:12]}: {word}; {author} gets it by: tdsec review fetch-answers")
    return len(files)
