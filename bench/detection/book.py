"""The results, one JSON line for each cell as it comes: a run that was cut goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.detection.cells import Cell


@dataclass(slots=True)
class Book:
    """``path`` None: kept in memory only. ``version`` names our detectors: what others gave for the family
    ``ours`` is no result of these, and is made anew."""

    path: Path | None
    version: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.path is not None and self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    self.lines.append(json.loads(line))
                except ValueError:
                    continue  # the line that the cut hit
        self.lines = [one for one in self.lines if one["family"] != "ours" or one["version"] == self.version]

    def keys(self) -> set[str]:
        return {one["key"] for one in self.lines}

    def add(self, cell: Cell, records: Iterable[dict[str, Any]]) -> None:
        """One line for each record."""
        for one in records:
            line = {"key": cell.key, "version": self.version, **asdict(cell), **one}
            self.lines.append(line)
            if self.path is not None:
                with self.path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line) + "\n")
