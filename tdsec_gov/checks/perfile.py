"""Checks that look at each file by itself: what they found in one file is remembered by its digest.

A dataset of which few files changed costs what the few cost. ``examine`` yields a *partial* for one file,
``conclude`` puts the partials of all files together; it alone sees paths, the source record and the clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import ClassVar, Generic, TypeVar

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.registry import VERSIONS
from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.findings import CheckResult

Settings = TypeVar("Settings")
Seen = Iterable[tuple[DataFile, JsonValue]]
_BATCH = 256


class PerFile(ABC, Generic[Settings]):
    """A :class:`~tdsec_gov.checks.contract.Check` made of one look at each file and one conclusion."""

    name: ClassVar[str]

    @abstractmethod
    def prepare(self, given: CheckInput) -> Settings:
        """The check's settings, read strictly. Raises PolicyInvalid."""

    @abstractmethod
    def examine(self, file: DataFile, settings: Settings) -> JsonValue:
        """What one file holds, as canonical JSON: codes, counts, columns and row numbers, never values.

        Depends on nothing but the bytes, the suffixes of the name, the settings and :meth:`engine`.
        What cannot be read is said in the partial, too; exceptions are those of the contract.
        """

    @abstractmethod
    def conclude(self, seen: Seen, settings: Settings, given: CheckInput) -> CheckResult:
        """The result from the partials of all files, in the order of the manifest."""

    def engine(self, settings: Settings) -> JsonValue:
        """What else decides the answer (the version of a signature database); part of the key."""
        return None

    def run(self, given: CheckInput) -> CheckResult:
        """Examine what is not remembered, then conclude. Raises as the contract says."""
        settings = self.prepare(given)
        return self.conclude(self._seen(given, settings), settings, given)

    def _seen(self, given: CheckInput, settings: Settings) -> Iterator[tuple[DataFile, JsonValue]]:
        common: JsonValue = [self.name, VERSIONS[self.name], dict(given.params), self.engine(settings)]
        for start in range(0, len(given.files), _BATCH):
            files = given.files[start : start + _BATCH]
            keys = [_key(common, file) for file in files]
            known = given.memory.recall(keys) if given.memory else {}
            new: dict[str, JsonValue] = {}
            for file, key in zip(files, keys, strict=True):
                if key not in known:
                    known[key] = new[key] = self.examine(file, settings)
                yield file, known[key]
            if given.memory and new:
                given.memory.remember(new)


def _key(common: JsonValue, file: DataFile) -> str:
    suffixes: list[JsonValue] = [one.lower() for one in PurePosixPath(file.path).suffixes]
    return sha256_hex(canonical_bytes([common, file.sha256, file.size, suffixes]))
