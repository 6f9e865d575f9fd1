"""The gate on a version that was taken for review: bytes and evidence lie at a desk, not in the work tree.

A desk is a repository whose evidence folder is a private one: what is signed there is written there.
Policies, git history and earlier versions are the reviewer's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.overlay import Overlay
from tdsec_gov.errors import IntegrityError, TdsecError
from tdsec_gov.files import WorkTree, naming_os_errors
from tdsec_gov.gate.cosign import begun_for, examined_differently
from tdsec_gov.gate.evaluate import Gate
from tdsec_gov.gate.reports import Report
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified


@dataclass(frozen=True, slots=True)
class Desk(Repository):
    """``place`` stands where the work tree's root does for evidence and policies; ``git`` is the real one."""

    place: Path

    @property
    def root(self) -> Path:
        return self.place


def desk_of(repository: Repository, place: Path, cache: Cache) -> Desk:
    """The desk at ``place``, with the policies of ``repository``. ``cache`` holds the version's bytes."""
    policies = place / "policies"
    with naming_os_errors(place, "the desk cannot be laid"):
        place.mkdir(parents=True, exist_ok=True)
        if not policies.is_symlink():
            policies.symlink_to(repository.root / "policies", target_is_directory=True)
    return Desk(repository.git, cache, place)


def gate_at(desk: Desk, repository: Repository, now: datetime, journal: Callable[[], Journal]) -> Gate:
    """The gate at a desk: evidence that came with the version, in front of that of the work tree.

    Raises:
        PolicyInvalid: policies/ is missing or broken.
    """
    mine = WorkTree(desk.root)
    files = {name: mine.read(name) or b"" for name in mine.names(".tdsec")}
    book = VerdictBook.open(Overlay(files, WorkTree(repository.root)), now)
    return Gate(desk, book, journal, now, fresh=True)


def lend_previous(gate: Gate, repository: Repository, pointer: Pointer) -> None:
    """Let the gate see the version that this one must be compared with, where DVC's cache here has it."""
    begun = begun_for(gate, pointer)
    wanted = begun.verdict.previous if begun else None
    earlier = [one.verdict.version for one in gate.book.history(pointer.name)]
    for version in (one for one in earlier if one.root == wanted):
        try:
            oids = [oid for _, oid in repository.cache.members(version.oid, version.name)]
        except TdsecError:  # then the check that needs it says so
            return
        for oid in {version.oid, *oids}:
            _lend(repository.cache.location(oid), gate.repository.cache.location(oid))


def _lend(there: Path, here: Path) -> None:
    if there.is_file() and not os.path.lexists(here):
        with naming_os_errors(here, "the desk cannot be laid"):
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(there.resolve())


def require_begun(gate: Gate, pointer: Pointer, root: str) -> Verified:
    """The verdict that came with the version. Raises IntegrityError: another one stands in its place here."""
    begun = begun_for(gate, pointer)
    if begun is None or begun.verdict.version.root != root:
        raise IntegrityError(
            "the newest verdict on these bytes is not the one that was sent",
            where=f"{pointer.name}@{root[:12]}",
            found=begun.verdict.version.short if begun else "none that counts",
        )
    return begun


def look_again(gate: Gate, pointer: Pointer, root: str, report: Report) -> None:
    """Run the checks on the taken bytes.

    Raises:
        IntegrityError: they find something else here than what was signed.
    """
    begun = require_begun(gate, pointer, root)
    mine, _ = gate.draft(pointer, begun.signers, report, before=begun.verdict.sequence)
    differing = examined_differently(begun.verdict, mine)
    if differing:
        raise IntegrityError(
            f"the checks say something else here than what was signed: {'; '.join(differing[:5])}",
            where=begun.verdict.version.short,
            hint="git pull, so that policy and history are those of its author; then ask them",
        )
