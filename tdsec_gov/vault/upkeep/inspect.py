"""Look at every object of a vault: does it open as the bytes that a verdict vouches for, is one missing?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import BackendUnavailable, DataTampered, TdsecError, Unverified, VerdictMissing
from tdsec_gov.files import os_error
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.storage.cover import Covered
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.again import check_manifest, check_object
from tdsec_gov.vault.upkeep.epochs import unknown_epoch
from tdsec_gov.vault.upkeep.listing import Kind, Stored, stored
from tdsec_gov.vault.upkeep.progress import Progress
from tdsec_gov.vault.upkeep.required import accepted_of, missing, needs, needs_of, versions
from tdsec_gov.vault.upkeep.sidebyside import side_by_side
from tdsec_gov.vault.upkeep.trouble import NOTE, Owners, Trouble, weight
from tdsec_gov.verdicts.verify import Verified

_GIVE_UP = 10
"""So many objects in a row that the storage does not give: it is down, and the rest can wait."""

Task = tuple[Stored, str, Trouble | None]


class Inspection:
    """One verify of a vault. ``counts`` says what was seen (read it after :meth:`run`)."""

    def __init__(self, storage: Storage, repository: Repository, *, jobs: int, all_versions: bool) -> None:
        self.storage = storage
        self.repository = repository
        self.jobs = jobs
        self.all_versions = all_versions
        self.counts: Counter[str] = Counter()
        self.owners = Owners(storage)
        self._failing = 0

    def run(self, progress: Progress, watch: Callable[[int], None]) -> Iterator[Trouble]:
        """All that is wrong, object by object, then what is missing. Nothing on the storage is changed.

        Raises:
            AccessDenied, KeyUnavailable: I may not read this vault at all.
            BackendUnavailable: the storage went away; what was checked is kept in ``progress``.
        """
        vault = self.storage.vault
        vault.require("read", None if vault.divided else vault.name)
        tasks = self._tasks(progress, watch)
        for (one, evidence, _), trouble in side_by_side(self._check, tasks, self.jobs):
            self._record(progress, one, evidence, trouble)
            if trouble is not None:
                yield trouble
        yield from self._missing(progress)

    # -- what is there -------------------------------------------------------------------------

    def _tasks(self, progress: Progress, watch: Callable[[int], None]) -> Iterator[Task]:
        for number, one in enumerate(stored(self.storage), 1):
            watch(number)
            self.counts[one.kind.value] += 1
            if one.kind in (Kind.OBJECT, Kind.MANIFEST):
                progress.saw(one.name)
            if one.kind in (Kind.PLACEMENT, Kind.PATH, Kind.REVIEW):
                continue
            evidence, trouble = self._evidence(one)
            if trouble is None and progress.holds(one, evidence):
                self.counts["believed"] += 1
                continue
            yield one, evidence, trouble

    def _evidence(self, one: Stored) -> tuple[str, Trouble | None]:
        """Digest of what vouches for a file on the storage, or why nothing does."""
        if one.kind is Kind.UNFINISHED:
            return "", _note("unfinished", one, "an upload that never finished, or is under way")
        if one.kind is Kind.FOREIGN:
            return "", _note("foreign", one, "no name of this vault, or of a compartment closed to me")
        if one.kind is Kind.MANIFEST:
            if one.digest in self._folders:
                return self._digest([one.digest]), None
            return "", _note("orphan", one, "no verdict names this manifest")
        try:
            covered = self.storage.cover.require(one.digest)
        except TdsecError as exc:
            reason = self.storage.placing.exempt(self.storage.owners.names(one.digest))
            if reason is not None:
                return self._digest([f"exempt: {reason}"]), None
            return "", self._uncovered(one, exc)
        return self._digest([each.verified.envelope_sha256 for each in covered]), None

    def _uncovered(self, one: Stored, error: TdsecError) -> Trouble:
        lapsed = self._lapsed.get(one.digest)
        if isinstance(error, VerdictMissing) and lapsed is None:
            return _note("orphan", one, "no verdict covers this object")
        name, why = lapsed if lapsed is not None else ("", error)
        why = why if isinstance(error, VerdictMissing) else error
        harmless = why.code in ("verdict-expired", "gate-denied")
        code = NOTE if harmless else weight(why)
        return Trouble(why.code, why.line(), code, one.path, one.digest, (name,) if name else ())

    def _check(self, task: Task) -> Trouble | None:
        """Fetch, decrypt and hash one file; runs in one of several threads."""
        one, _, trouble = task
        if trouble is not None:
            return trouble
        try:
            if one.kind is Kind.MANIFEST:
                check_manifest(self.storage, one, self._folders[one.digest].verdict.version)
            else:
                check_object(self.storage, one)
        except FileNotFoundError:
            return self._trouble(one, Unverified("it vanished while verify was running", where=one.path))
        except TdsecError as exc:
            return self._trouble(one, exc)
        except OSError as exc:
            return self._trouble(one, os_error(exc, one.path, "cannot be fetched"))
        return None

    def _trouble(self, one: Stored, error: TdsecError) -> Trouble:
        epoch = unknown_epoch(self.storage, one) if error.exit_code in (10, 13) else None
        if epoch is not None:
            error = DataTampered(
                f"sealed under epoch {epoch}, of which I can open no keyring",
                where=one.path,
                hint="get the newest .tdsec (git pull), or ask a reader of that epoch",
            )
        if one.kind is Kind.OBJECT:
            try:
                covered = self.storage.cover.require(one.digest)
            except TdsecError:  # exempt: a writer's word stands for a verdict
                named = tuple(self.storage.owners.names(one.digest))
                return Trouble(error.code, error.line(), weight(error), one.path, one.digest, named)
            return self.owners.trouble(error, covered, place=one.path, oid=one.digest)
        known = Covered(self._folders[one.digest], None, None)
        return self.owners.trouble(error, [known], place=one.path)

    def _record(self, progress: Progress, one: Stored, evidence: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.counts["held"] += 1
            progress.held(one, evidence)
        elif evidence:
            progress.forget(one)
        down = trouble is not None and trouble.code == BackendUnavailable.code
        self._failing = self._failing + 1 if down else 0
        if self._failing >= _GIVE_UP:
            raise BackendUnavailable(
                f"the storage failed {_GIVE_UP} times in a row",
                where=self.storage.base,
                found=trouble.line if trouble else None,
                hint="when it is back: tdsec vault verify --resume",
            )

    # -- what is not there ---------------------------------------------------------------------

    def _missing(self, progress: Progress) -> Iterator[Trouble]:
        within = None if self.all_versions else self.repository
        for one in versions(self.storage, within):
            if isinstance(one, Trouble):
                yield one
                continue
            self.counts["versions"] += 1
            signers: tuple[str, ...] = ()
            if isinstance(one, Pointer):
                dataset = where = one.name
                needed = needs_of(self.storage, one, self.repository.cache)
            else:
                version = one.verdict.version
                dataset, where, signers = version.name, version.short, self.owners.names_of(one.signers)
                needed = needs(self.storage, version)
            try:
                for need in needed:
                    if not progress.has(need.name):
                        yield missing(need, dataset, where, signers)
            except TdsecError as exc:
                yield Trouble(exc.code, exc.line(), weight(exc), datasets=(dataset,), signers=signers)

    # -- evidence ------------------------------------------------------------------------------

    @cached_property
    def _known(self) -> list[tuple[Verified, TdsecError | None]]:
        """Every verdict of folders and files with trusted signatures, and why it is not accepted."""
        book = self.storage.vault.book
        found: list[tuple[Verified, TdsecError | None]] = []
        for dataset in book.datasets():
            try:
                history = book.history(dataset)
            except TdsecError:
                continue  # no rule matches it; a pointer to it is trouble of its own
            for seen in history:
                said = accepted_of(book, seen)
                found.append((seen, said if isinstance(said, TdsecError) else None))
        return found

    @cached_property
    def _folders(self) -> dict[str, Verified]:
        return {seen.verdict.version.root: seen for seen, _ in self._known if seen.verdict.version.is_folder}

    @cached_property
    def _lapsed(self) -> dict[str, tuple[str, TdsecError]]:
        """Oids of versions whose verdict is not accepted any more: dataset and reason."""
        found: dict[str, tuple[str, TdsecError]] = {}
        for seen, error in self._known:
            if error is None:
                continue
            version = seen.verdict.version
            found.setdefault(version.oid, (version.name, error))
            for oid in self._members(version):
                found.setdefault(oid, (version.name, error))
        return found

    def _members(self, version: DatasetVersion) -> list[str]:
        try:
            manifest = self.storage.manifest(version) if version.is_folder else None
        except TdsecError:
            return []
        return [entry.oid for entry in manifest.entries] if manifest else []

    @cached_property
    def _ground(self) -> bytes:
        """Digest of what all results rest on: the storage, the keyrings, who may sign and write."""
        vault = self.storage.vault
        names = [*sorted(vault.tree.names(f".tdsec/vaults/{vault.name}"))]
        names += ["policies/access.yaml", "policies/policy.yaml"]
        digest = hashlib.sha256(f"{self.storage.inner.protocol} {self.storage.base}\n".encode())
        for name in names:
            digest.update(hashlib.sha256(vault.tree.read(name) or b"").digest())
        return digest.digest()

    def _digest(self, parts: list[str]) -> str:
        return hashlib.sha256(self._ground + "".join(sorted(parts)).encode()).hexdigest()


def _note(code: str, one: Stored, line: str) -> Trouble:
    oid = one.digest if one.kind is Kind.OBJECT else ""
    return Trouble(code, f"{one.path}: {line}", NOTE, one.path, oid)
