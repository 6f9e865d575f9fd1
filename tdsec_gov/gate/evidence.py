"""Checks of evidence, never of data quality: has every version that is being shared a verdict that holds?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from tdsec_gov.errors import DataTampered, TdsecError, UsageError
from tdsec_gov.repo.git import Git, Revision
from tdsec_gov.repo.pointers import Pointer, is_pointer_file, parse_pointers
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one dataset version: a verdict that holds, or the error that says why not."""

    pointer: Pointer
    commit: str | None
    verified: Verified | None
    error: TdsecError | None
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.error is None


def examine(book: VerdictBook, pointers: list[Pointer], commit: str | None = None) -> list[Evidence]:
    """One answer per pointer."""
    found: list[Evidence] = []
    for pointer in pointers:
        try:
            found.append(Evidence(pointer, commit, book.for_oid(pointer.name, pointer.oid), None))
        except TdsecError as exc:
            found.append(Evidence(pointer, commit, None, exc))
    return found


def rehash(found: Evidence, repository: Repository) -> Evidence:
    """``found``, with the bytes in DVC's cache hashed again where they are here."""
    if found.verified is None:
        return found
    try:
        manifest = build_manifest(found.pointer, repository.cache)
    except UsageError:
        return replace(found, note="data is not here, so its bytes were not hashed")
    except TdsecError as exc:
        return replace(found, error=exc)
    if manifest.root != found.verified.verdict.version.root:
        error = DataTampered(
            "the bytes in the DVC cache are not the ones that were approved",
            where=found.pointer.name,
            expected=f"SHA-256 root {found.verified.verdict.version.root[:12]}",
            found=manifest.root[:12],
            hint=f"run: dvc add {found.pointer.name} and tdsec check, or restore it from the vault",
        )
        return replace(found, error=error)
    return replace(found, note="bytes hashed again")


def examine_range(
    git: Git, old: str | None, new: str, now: dt.datetime, known: str | None = None
) -> list[Evidence]:
    """Every version that a commit in ``old..new`` introduces, against the evidence and policy at ``new``.

    Without ``old``: every commit that the refs ``known`` do not reach (see :meth:`Git.commits`).
    A version that a later commit replaces is examined all the same: it is in the history that is shared.

    Raises:
        ConfigurationError: no such commit. PolicyInvalid: policies/ at ``new`` is missing or broken.
    """
    tip = git.resolve(new)
    pointers: dict[Pointer, str] = {}
    for commit in git.commits(old, tip, known):
        for name in git.changed_in(commit):
            if is_pointer_file(name) and not name.startswith(".dvc/"):
                text = git.show(commit, name)
                for pointer in parse_pointers(text, name) if text is not None else []:
                    if pointer.cached:
                        pointers.setdefault(pointer, commit)
    if not pointers:
        return []
    book = VerdictBook.open(Revision(git, tip), now)
    return [one for pointer, commit in pointers.items() for one in examine(book, [pointer], commit)]


def worst(evidence: list[Evidence]) -> int:
    """Exit code over all answers: integrity before denial before missing evidence."""
    codes = [one.error.exit_code for one in evidence if one.error is not None]
    for code in (10, 1, 11):
        if code in codes:
            return code
    return max(codes, default=0)
