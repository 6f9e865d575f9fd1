"""What the runner asks of its worker process: small JSON on its standard input, lists of files as tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tdsec_gov.checks.contract import CheckInput, DataFile, Memory, Team, no_progress
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import Manifest
from tdsec_gov.errors import InternalError
from tdsec_gov.gate.table import FileTable
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.repo.cache import Cache


@dataclass(frozen=True, slots=True)
class Job:
    """One dataset version to examine; ``checks`` in order, each with its settings.

    ``memory`` is the private folder where partials of files are kept (None: nothing is remembered); the rest
    is as in :class:`~tdsec_gov.checks.contract.CheckInput`.
    """

    dataset: str
    files: Sequence[DataFile]
    previous: Sequence[DataFile] | None
    previous_root: str | None
    checks: tuple[tuple[str, dict[str, JsonValue]], ...]
    source: dict[str, JsonValue] | None
    policies: Path
    now: dt.datetime
    memory: Path | None = None
    audited: Sequence[DataFile] | None = None
    audited_root: str | None = None
    allowed: frozenset[str] = frozenset()

    def given(
        self,
        params: dict[str, JsonValue],
        memory: Memory | None = None,
        team: Team | None = None,
        progress: Callable[[int, int], None] = no_progress,
    ) -> CheckInput:
        return CheckInput(
            self.dataset,
            self.files,
            self.previous,
            self.previous_root,
            params,
            self.source,
            self.policies,
            self.now,
            memory,
            team,
            progress,
            self.audited,
            self.audited_root,
            self.allowed,
        )

    def on_disk(self) -> Job:
        """The same job with its files in tables, which a worker can have. Raises BackendUnavailable."""
        previous, audited = (None if one is None else _table(one) for one in (self.previous, self.audited))
        return replace(self, files=_table(self.files), previous=previous, audited=audited)

    @property
    def handles(self) -> list[int]:
        """Descriptors that a worker needs, of a job that is :meth:`on_disk`."""
        sides = (self.files, self.previous, self.audited)
        return [one.handle for one in sides if isinstance(one, FileTable)]

    def as_json(self) -> dict[str, JsonValue]:
        """For a process that has inherited :attr:`handles`."""
        return {
            "dataset": self.dataset,
            "files": _table_json(self.files),
            "previous": None if self.previous is None else _table_json(self.previous),
            "previous_root": self.previous_root,
            "checks": [[name, params] for name, params in self.checks],
            "source": self.source,
            "policies": str(self.policies),
            "now": self.now.isoformat(),
            "memory": None if self.memory is None else str(self.memory),
            "audited": None if self.audited is None else _table_json(self.audited),
            "audited_root": self.audited_root,
            "allowed": [*sorted(self.allowed)],
        }

    @classmethod
    def from_json(cls, body: dict[str, JsonValue]) -> Job:
        """Raises InternalError: not what :meth:`as_json` wrote."""
        try:
            previous, checks, memory = body["previous"], body["checks"], body["memory"]
            source, root = body["source"], body["previous_root"]
            audited, audited_root, allowed = body["audited"], body["audited_root"], body["allowed"]
            if not isinstance(checks, list) or not isinstance(allowed, list):
                raise TypeError
            return cls(
                dataset=str(body["dataset"]),
                files=_opened(body["files"]),
                previous=None if previous is None else _opened(previous),
                previous_root=None if root is None else str(root),
                checks=tuple(_check(one) for one in checks),
                source=source if isinstance(source, dict) else None,
                policies=Path(str(body["policies"])),
                now=dt.datetime.fromisoformat(str(body["now"])),
                memory=None if memory is None else Path(str(memory)),
                audited=None if audited is None else _opened(audited),
                audited_root=None if audited_root is None else str(audited_root),
                allowed=frozenset(map(str, allowed)),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise InternalError("malformed gate job", found=type(exc).__name__) from exc


def data_files(manifest: Manifest, cache: Cache) -> FileTable:
    """Where the bytes of a manifest's files lie in DVC's cache. Raises BackendUnavailable."""
    rows = (
        (entry.path, f"{entry.oid[:2]}/{entry.oid[2:]}", entry.size, entry.sha256)
        for entry in manifest.entries
    )
    return FileTable.write(rows, str(cache.objects))


def required_checks(policy: DatasetPolicy) -> tuple[tuple[str, dict[str, JsonValue]], ...]:
    return tuple((name, dict(params or {})) for name, params in policy.rule.checks.items())


def _table(files: Sequence[DataFile]) -> FileTable:
    return files if isinstance(files, FileTable) else FileTable.of(files)


def _table_json(files: Sequence[DataFile]) -> JsonValue:
    if not isinstance(files, FileTable):
        raise InternalError("the files of a gate job are not on disk")
    return [files.handle, files.base]


def _opened(item: JsonValue) -> FileTable:
    if not isinstance(item, list) or not isinstance(item[0], int):
        raise TypeError
    return FileTable(item[0], str(item[1]))


def _check(item: JsonValue) -> tuple[str, dict[str, JsonValue]]:
    if not isinstance(item, list) or not isinstance(item[1], dict):
        raise TypeError
    return str(item[0]), item[1]
