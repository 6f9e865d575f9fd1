"""Tables, images and texts inside archives: put aside one by one, and looked at as files of their own.

What is put aside is bounded; members beyond that are still told by their first bytes and opcodes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.files.formats.pixels import is_image
from tdsec_gov.checks.files.packed.part import Part
from tdsec_gov.checks.files.risk import HEAD, Replay, Risk

LARGEST = 64 << 20
TOTAL = 512 << 20
MOST = 10_000
TEXTS = (".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".ndjson", ".html", ".htm", ".yaml", ".yml")
TABLES = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"SQLite format 3\0")


class Inner:
    """Looks at members by ``look`` (a file that has the member's suffix, its first bytes)."""

    def __init__(self, look: Callable[[DataFile, bytes], list[Risk]], outer: str) -> None:
        self._look = look
        self._outer = outer.lower()
        self._left = TOTAL
        self._count = MOST

    def __call__(self, part: Part) -> list[Risk]:
        """Risks of one member; none for other kinds and beyond the budget. Raises what reading it raises."""
        name = PurePosixPath(part.name.lower())
        suffix = name.suffix if part.name else ""
        head = Replay(b"", part.open()).read(HEAD)
        if not head or not (suffix in TEXTS or head.startswith(TABLES) or is_image(head)):
            return []
        if self._count <= 0 or (part.size or 0) > min(LARGEST, self._left):
            return []
        self._count -= 1
        with tempfile.TemporaryDirectory(prefix="tdsec-member-") as folder:
            location = Path(folder) / "member"
            size = self._put_aside(part, location)
            if size == 0:
                return []
            path = "member" + (suffix if suffix in TEXTS or head.startswith(TABLES) else "")
            try:
                return self._look(DataFile(path, location, size, ""), head)
            except Unreadable:
                return []  # a member is no table of the dataset: what cannot be read is not read

    def _put_aside(self, part: Part, location: Path) -> int:
        """Bytes written; 0 when there are too many."""
        stream, size = Replay(b"", part.open()), 0
        with location.open("wb") as target:
            while piece := stream.read(1 << 20):
                size += len(piece)
                if size > min(LARGEST, self._left):
                    return 0
                target.write(piece)
        self._left -= size
        return size
