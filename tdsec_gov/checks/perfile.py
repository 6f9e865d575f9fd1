"""Checks that look at each file by itself: what they found in one file is remembered by its digest.

A dataset of which few files changed costs what the few cost. ``examine`` yields a *partial* for one file,
``conclude`` puts the partials of all files together; it alone sees paths, the source record and the clock.
Many files are examined side by side by the processes of a :class:`~tdsec_gov.checks.contract.Team`.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Generic, TypeVar

from tdsec_gov import __version__
from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.registry import VERSIONS
from tdsec_gov.domain.canonical import JsonValue, canonical_bytes
from tdsec_gov.domain.findings import CheckResult

Settings = TypeVar("Settings")
Seen = Iterable[tuple[DataFile, JsonValue]]
_BATCH = 1024
_WORTH_FILES = 128
_WORTH_BYTES = 16 << 20
"""From how much work in a batch on a team is worth its start-up (each process imports the engine)."""


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

    def partial(self, file: DataFile, settings: Settings) -> JsonValue:
        """:meth:`examine`, as it reads when it is remembered or comes from another process."""
        partial: JsonValue = json.loads(json.dumps(self.examine(file, settings)))
        return partial

    def _seen(self, given: CheckInput, settings: Settings) -> Iterator[tuple[DataFile, JsonValue]]:
        common: JsonValue = [
            self.name,
            VERSIONS[self.name],
            __version__,
            dict(given.params),
            self.engine(settings),
        ]
        base = hashlib.sha256(canonical_bytes(common))
        for start in range(0, len(given.files), _BATCH):
            files = given.files[start : start + _BATCH]
            keys = [_key(base.copy(), file) for file in files]
            known = given.memory.recall(keys) if given.memory else {}
            places = {key: place for place, key in enumerate(keys) if key not in known}
            if places:
                new = dict(zip(places, self._new(start, list(places.values()), given, settings), strict=True))
                if given.memory:
                    given.memory.remember(new)
                known.update(new)
            given.progress(start + len(files), len(given.files))
            yield from ((file, known[key]) for file, key in zip(files, keys, strict=True))

    def _new(
        self, start: int, places: Sequence[int], given: CheckInput, settings: Settings
    ) -> Sequence[JsonValue]:
        """Partials of ``given.files[start + place]``: by the team where there is one and enough to do."""
        files = [given.files[start + place] for place in places]
        size = sum(file.size for file in files)
        worth = len(files) > 1 and (len(files) >= _WORTH_FILES or size >= _WORTH_BYTES)
        if given.team is not None and (given.team.started or worth):
            return given.team.partials([start + place for place in places])
        return [self.partial(file, settings) for file in files]


def _key(digest: hashlib._Hash, file: DataFile) -> str:
    """Key of one file: what the check is (in ``digest``), the bytes, and the suffixes of the name (all of a
    name that begins with a dot: what its suffixes are is a matter of opinion)."""
    name = file.path.rpartition("/")[2].lower()
    suffixes = name if name.startswith(".") else name.partition(".")[2]
    digest.update(f"\0{file.sha256}:{file.size}:{suffixes}".encode())
    return digest.hexdigest()
