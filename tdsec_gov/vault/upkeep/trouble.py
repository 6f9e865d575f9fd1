"""Trouble: one thing that is not as it should be on a vault's storage, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import TdsecError
from tdsec_gov.vault.storage.cover import Covered
from tdsec_gov.vault.storage.storage import Storage

NOTE = 0
INTEGRITY, UNVERIFIED, BACKEND = 10, 11, 14


@dataclass(frozen=True, slots=True)
class Trouble:
    """``code`` and ``line`` say what is wrong; ``exit_code`` is 10, 11 or 14, or 0 for a mere note.

    ``place`` is the path on the storage, ``paths`` are inside the ``datasets`` (empty for a list of
    files or a manifest), ``signers`` the members whose verdict vouched for it last.
    """

    code: str
    line: str
    exit_code: int
    place: str = ""
    oid: str = ""
    datasets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "line": self.line,
            "exit": self.exit_code,
            "place": self.place,
            "oid": self.oid,
            "datasets": list(self.datasets),
            "paths": list(self.paths),
            "signers": list(self.signers),
        }


def weight(error: TdsecError) -> int:
    """10 for what is not as signed, 14 for a storage that does not answer, 11 for all else."""
    return error.exit_code if error.exit_code in (INTEGRITY, BACKEND) else UNVERIFIED


class Owners:
    """Whose an object is, from the verdicts that vouch for it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._inside = lru_cache(maxsize=8)(self._paths_of)

    def trouble(
        self, error: TdsecError, covered: Sequence[Covered], *, place: str = "", oid: str = ""
    ) -> Trouble:
        """What ``error`` says of an object that ``covered`` vouch for."""
        newest = max(covered, key=lambda one: one.verified.verdict.evaluated_at)
        return Trouble(
            error.code,
            error.line(),
            weight(error),
            place,
            oid,
            tuple(sorted({one.version.name for one in covered})),
            self.paths([one.version for one in covered], oid),
            self.names_of(newest.verified.signers),
        )

    def names_of(self, keyids: Sequence[str]) -> tuple[str, ...]:
        access = self._storage.vault.book.policies.access
        return tuple(sorted(access.name_of(keyid) for keyid in keyids))

    def paths(self, versions: Sequence[DatasetVersion], oid: str) -> tuple[str, ...]:
        """Where in its datasets the object ``oid`` lies, sorted."""
        found: set[str] = set()
        for version in dict.fromkeys(versions):
            found.update(self._inside(version).get(oid, ()))
        return tuple(sorted(found))

    def _paths_of(self, version: DatasetVersion) -> dict[str, list[str]]:
        if not version.is_folder:
            return {version.oid: [version.name.rsplit("/", 1)[-1]]}
        try:
            manifest = self._storage.manifest(version)
        except TdsecError:
            manifest = None
        inside: dict[str, list[str]] = {}
        for entry in manifest.entries if manifest else ():
            inside.setdefault(entry.oid, []).append(entry.path)
        return inside
