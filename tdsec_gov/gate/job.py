"""What the runner asks of its worker process, as JSON there and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import Manifest
from tdsec_gov.errors import InternalError
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.repo.cache import Cache


@dataclass(frozen=True, slots=True)
class Job:
    """One dataset version to examine; ``checks`` in order, each with its settings."""

    dataset: str
    files: tuple[DataFile, ...]
    previous: tuple[DataFile, ...] | None
    previous_root: str | None
    checks: tuple[tuple[str, dict[str, JsonValue]], ...]
    source: dict[str, JsonValue] | None
    policies: Path
    now: dt.datetime

    def given(self, params: dict[str, JsonValue]) -> CheckInput:
        return CheckInput(
            self.dataset,
            self.files,
            self.previous,
            self.previous_root,
            params,
            self.source,
            self.policies,
            self.now,
        )

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "dataset": self.dataset,
            "files": [_file_json(one) for one in self.files],
            "previous": None if self.previous is None else [_file_json(one) for one in self.previous],
            "previous_root": self.previous_root,
            "checks": [[name, params] for name, params in self.checks],
            "source": self.source,
            "policies": str(self.policies),
            "now": self.now.isoformat(),
        }

    @classmethod
    def from_json(cls, body: dict[str, JsonValue]) -> Job:
        """Raises InternalError: not what :meth:`as_json` wrote."""
        try:
            files, previous, checks = body["files"], body["previous"], body["checks"]
            source, root = body["source"], body["previous_root"]
            if not isinstance(files, list) or not isinstance(checks, list):
                raise TypeError
            return cls(
                dataset=str(body["dataset"]),
                files=tuple(_file(one) for one in files),
                previous=tuple(_file(one) for one in previous) if isinstance(previous, list) else None,
                previous_root=None if root is None else str(root),
                checks=tuple(_check(one) for one in checks),
                source=source if isinstance(source, dict) else None,
                policies=Path(str(body["policies"])),
                now=dt.datetime.fromisoformat(str(body["now"])),
            )
        except (KeyError, TypeError, ValueError) as exc:
            raise InternalError("malformed gate job", found=type(exc).__name__) from exc


def data_files(manifest: Manifest, cache: Cache) -> tuple[DataFile, ...]:
    """Where the bytes of a manifest's files lie in DVC's cache."""
    return tuple(
        DataFile(entry.path, cache.location(entry.oid), entry.size, entry.sha256)
        for entry in manifest.entries
    )


def required_checks(policy: DatasetPolicy) -> tuple[tuple[str, dict[str, JsonValue]], ...]:
    return tuple((name, dict(params or {})) for name, params in policy.rule.checks.items())


def _file_json(one: DataFile) -> dict[str, JsonValue]:
    return {"path": one.path, "location": str(one.location), "size": one.size, "sha256": one.sha256}


def _file(item: JsonValue) -> DataFile:
    if not isinstance(item, dict) or not isinstance(item["size"], int):
        raise TypeError
    return DataFile(str(item["path"]), Path(str(item["location"])), item["size"], str(item["sha256"]))


def _check(item: JsonValue) -> tuple[str, dict[str, JsonValue]]:
    if not isinstance(item, list) or not isinstance(item[1], dict):
        raise TypeError
    return str(item[0]), item[1]
