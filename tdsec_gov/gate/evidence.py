"""Checks of evidence, never of data quality: has every version that is being shared a verdict that holds?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import partial

from tdsec_gov.checks.registry import policy_digest
from tdsec_gov.errors import DataTampered, IntegrityError, SignerUntrusted, TdsecError, Unverified, UsageError
from tdsec_gov.gate.committers import committers_of
from tdsec_gov.repo.git import Git, Revision
from tdsec_gov.repo.pointers import Pointer, read_pointers
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import shortened_history, version_of
from tdsec_gov.verdicts.verify import Verified, parse_time, require_policy
from tdsec_gov.verdicts.waivers.store import revoked_dataset


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


def awaiting_others(found: Evidence, book: VerdictBook) -> Evidence:
    """``found``, let pass where nothing but further signatures is missing: those who shall give them have
    to see it first. Good for a commit and for the push of a branch, never for data or a release."""
    if not isinstance(found.error, SignerUntrusted):
        return found
    for one in book.begun(found.pointer.name):
        verdict, policy = one.verdict, book.policies.for_dataset(found.pointer.name)
        mine = verdict.version.oid == found.pointer.oid and verdict.policy == policy_digest(policy)
        if mine and verdict.accepted and book.now < parse_time(verdict.expires_at):
            missing = book.quorum(found.pointer.name).lacking(one.signers)
            note = f"awaits a signature of {', and one of '.join(missing)}"
            return Evidence(found.pointer, found.commit, one, None, note)
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
    git: Git,
    old: str | None,
    new: str,
    now: dt.datetime,
    known: str | None = None,
    *,
    awaiting: bool = False,
) -> list[Evidence]:
    """Every version that a commit in ``old..new`` introduces, against the evidence and policy at ``new``.

    A version that still stands at ``new`` must have passed the policy of ``new``; where the range
    changes policies/, that is asked of every version that stands. A range that takes away a verdict of
    a dataset that stands is refused: with a shorter history poisoned growth would look like a beginning.
    Without ``old``: every commit that the refs ``known`` do not reach (see :meth:`Git.commits`).
    A version that a later commit replaces is examined all the same: it is in the history that is shared.
    ``awaiting``: let pass a verdict that lacks nothing but further signatures, so that those who shall give
    them can see it. Taking away the revocation of a waiver is refused like taking away a verdict.

    Raises:
        ConfigurationError: no such commit. PolicyInvalid: policies/ at ``new`` is missing or broken.
    """
    tip = git.resolve(new)
    pointers: dict[Pointer, str] = {}
    changed_policy = False
    removed: list[str] = []
    for commit in git.commits(old, tip, known):
        names = git.changed_in(commit)
        removed += [name for name in git.removed_in(commit) if version_of(name) or revoked_dataset(name)]
        changed_policy = changed_policy or any(name.startswith("policies/") for name in names)
        for pointer in _pointers_at(git, commit, names):
            pointers.setdefault(pointer, commit)
    if not pointers and not changed_policy and not removed:
        return []
    standing = set(_pointers_at(git, tip, list(Revision(git, tip).names(""))))
    if changed_policy:
        pointers = dict.fromkeys(standing, tip) | pointers
    book = VerdictBook.open(Revision(git, tip), now)
    found = [one for pointer, commit in pointers.items() for one in examine(book, [pointer], commit)]
    found = [_independent(one, book, git) for one in found]
    found = [under_policy(one, book) if one.pointer in standing else one for one in found]
    found = [awaiting_others(one, book) for one in found] if awaiting else found
    return found + _shortened(removed, standing, Revision(git, tip))


def _shortened(removed: list[str], standing: set[Pointer], tip: Revision) -> list[Evidence]:
    """A refusal for each standing dataset of which the range takes a verdict away for good."""
    gone = [(version_of(name), name) for name in removed if tip.read(name) is None]
    lost = {version[0]: name for version, name in gone if version is not None}
    named = {pointer.name: pointer for pointer in standing}
    undone = [(revoked_dataset(name), name) for _, name in gone if revoked_dataset(name) in named]
    return [
        Evidence(named[dataset], tip.commit, None, _unrevoked(name))
        for dataset, name in sorted(undone, key=str)
        if dataset is not None
    ] + [
        Evidence(pointer, tip.commit, None, shortened_history(pointer.name, lost[pointer.name]))
        for pointer in sorted(standing)
        if pointer.name in lost
    ]


def _unrevoked(name: str) -> IntegrityError:
    return IntegrityError(
        "the revocation of a waiver was taken away",
        where=name,
        hint="restore it; to allow the exception again, waive it anew: tdsec waive",
    )


def _independent(found: Evidence, book: VerdictBook, git: Git) -> Evidence:
    """``found``, refused when its verdict stands on a waiver by the author of the commit that brings it."""
    if found.verified is None or not found.verified.verdict.waivers or found.commit is None:
        return found
    try:
        brought = committers_of(git, book.policies.access, found.commit)
        book.waivers.require(found.verified.verdict, {*found.verified.signers, *brought})
    except Unverified as exc:
        return replace(found, error=exc)
    return found


def versions_in(git: Git, old: str | None, new: str) -> dict[Pointer, str]:
    """Every version that a commit in ``old..new`` introduces, newest first, with that commit.

    Raises:
        ConfigurationError: no such commit.
    """
    found: dict[Pointer, str] = {}
    for commit in git.commits(old, git.resolve(new)):
        for pointer in _pointers_at(git, commit, git.changed_in(commit)):
            found.setdefault(pointer, commit)
    return dict(reversed(found.items()))


def _pointers_at(git: Git, commit: str, names: list[str]) -> list[Pointer]:
    found = read_pointers(names, lambda name: git.show(commit, name), partial(git.links, commit))
    return [pointer for pointer in found if pointer.cached]


def under_policy(found: Evidence, book: VerdictBook) -> Evidence:
    """``found``, refused when its verdict was given under another policy than the book's, or when it is
    an older version put back over one that was accepted later."""
    if found.verified is None:
        return found
    try:
        book.current(found.pointer.name, found.pointer.oid)
        policy = book.policies.for_dataset(found.pointer.name)
        require_policy(found.verified, policy_digest(policy))
    except TdsecError as exc:
        return replace(found, error=exc)
    return found


def worst(evidence: list[Evidence]) -> int:
    """Exit code over all answers: integrity before denial before missing evidence."""
    codes = [one.error.exit_code for one in evidence if one.error is not None]
    for code in (10, 1, 11):
        if code in codes:
            return code
    return max(codes, default=0)
