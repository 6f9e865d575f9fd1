"""Count one kind in one column: every candidate row, and a verdict on a bounded number of distinct ones.

Up to a bound per batch all distinct candidates are judged and the count is exact. Beyond it those judged are
drawn at random (seeded by the file's digest, so that every run answers alike), the rest is estimated batch by
batch. No value is kept, nor anything made of one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROWS = 20
LONGEST = 100_000
FULL, LATER = 512, 48
_BATCHES_IN_FULL = 2
NOTHING, NEAR, INSIDE, WHOLE = range(4)
"""Verdicts: no candidate, written like one but not valid, valid within more text, all of the value."""


@dataclass(slots=True)
class Tally:
    """Candidates of one kind: rows that fit the pattern, rows judged valid, rows that are nothing else."""

    hits: float = 0.0
    valid: float = 0.0
    whole: float = 0.0
    sampled: bool = False
    rows: list[int] = field(default_factory=list)
    _full: int = 0

    def add(self, values: Any, rows: Any, judge: Callable[[str], int], draw: Any) -> None:
        """Count candidates: ``values`` a pyarrow string array, ``rows`` their row numbers (numpy).

        ``draw`` is numpy's Generator. ``judge`` answers one of the verdicts above.
        """
        import numpy

        encoded = values.dictionary_encode()
        codes, distinct = encoded.indices.to_numpy(), encoded.dictionary
        counts = numpy.bincount(codes, minlength=len(distinct))
        chosen = numpy.arange(len(distinct))
        bound = FULL if self._full < _BATCHES_IN_FULL else LATER
        if len(distinct) > bound:
            chosen = numpy.sort(draw.choice(len(distinct), bound, replace=False))
            self.sampled, self._full = True, self._full + 1
        verdicts = numpy.zeros(len(distinct), dtype=numpy.int8)
        verdicts[chosen] = [judge(text[:LONGEST]) for text in distinct.take(chosen).to_pylist()]
        seen = counts[chosen].sum()
        scale = len(codes) / seen if seen else 0.0
        self.hits += float(counts[verdicts >= NEAR].sum() * scale)
        self.valid += float(counts[verdicts >= INSIDE].sum() * scale)
        self.whole += float(counts[verdicts == WHOLE].sum() * scale)
        if len(self.rows) < ROWS:
            good = rows[verdicts[codes] >= INSIDE]
            self.rows += [int(row) for row in good[: ROWS - len(self.rows)]]
