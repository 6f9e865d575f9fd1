"""Count one kind in one column: every candidate row, and a verdict on up to 1,000 distinct values.

Which distinct values are judged is decided by their CRC-32 (the smallest 1,000), so the sample is
spread over the whole column, the same in every run, and no value is kept: only hash and verdict.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 1000
ROWS = 20
LONGEST = 200_000


@dataclass(slots=True)
class Tally:
    """Candidates of one kind. ``hits`` counts rows, ``rows`` are the first rows judged true."""

    judge: Callable[[str], bool]
    hits: int = 0
    rows: list[int] = field(default_factory=list)
    sampled: bool = False
    _verdicts: dict[int, tuple[bool, int]] = field(default_factory=dict)
    _largest: list[int] = field(default_factory=list)

    def add(self, values: Any, rows: Any) -> None:
        """Count candidates: ``values`` a pyarrow string array, ``rows`` their row numbers (numpy)."""
        import numpy

        if len(values) == 0:
            return
        self.hits += len(values)
        encoded = values.dictionary_encode()
        codes = encoded.indices.to_numpy()
        counts = numpy.bincount(codes)
        distinct = zip(encoded.dictionary.to_pylist(), counts, strict=True)
        verdicts = [self._see(text, int(count)) for text, count in distinct]
        if len(self.rows) < ROWS:
            good = rows[numpy.asarray(verdicts, dtype=bool)[codes]]
            self.rows += [int(row) for row in good[: ROWS - len(self.rows)]]

    def valid(self) -> int:
        """Rows judged true: exact while at most 1,000 distinct values were seen, else estimated."""
        seen = sum(count for _, count in self._verdicts.values())
        good = sum(count for verdict, count in self._verdicts.values() if verdict)
        return good if not self.sampled else round(self.hits * good / seen)

    def _see(self, text: str, count: int) -> bool:
        """The verdict on a value, False for one that the sample leaves out."""
        key = zlib.crc32(text.encode())
        known = self._verdicts.get(key)
        if known is not None:
            self._verdicts[key] = (known[0], known[1] + count)
            return known[0]
        if len(self._verdicts) >= SAMPLE:
            self.sampled = True
            if key >= -self._largest[0]:
                return False
            del self._verdicts[-heapq.heappop(self._largest)]
        verdict = self.judge(text[:LONGEST])
        self._verdicts[key] = (verdict, count)
        heapq.heappush(self._largest, -key)
        return verdict
