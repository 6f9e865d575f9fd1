"""Both versions as digests and labels, whoever reads them: what :class:`Stack` needs, from parts.

Each part is read once and split by digest into buckets; equal rows meet in one bucket, which is compared by
itself. 19 bytes a row come back, and the content of the rows that are drawn later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.data.diff import RowDiff, row_diff
from tdsec_gov.detect.data.digests import Digester, Words, first_seen
from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.data.subject import RowTest, Stack
from tdsec_gov.detect.scale.contract import Backend, Part
from tdsec_gov.detect.scale.labels import Labels
from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars

_BUCKETS = 16
_ROW_BITS = 40
_FLAGS = ("added", "relabelled", "contradicting", "repeated")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows of one part in one bucket: digests, numbers within the part, labels as codes of ``table``."""

    digests: Words
    rows: IntArray
    labels: np.ndarray[Any, np.dtype[np.int16]]
    table: Labels


@dataclass(frozen=True, slots=True)
class _Bucket:
    """All rows of one bucket. A place is a row's number in its part, above it the number of the part."""

    place: IntArray
    first: IntArray
    labels: np.ndarray[Any, np.dtype[np.int16]]
    table: Labels
    flags: np.ndarray[Any, np.dtype[np.uint8]]
    removed: int


def stacked(
    before: Sequence[int], now: Sequence[int], parts: Sequence[Part], plan: Plan, backend: Backend
) -> tuple[Stack, list[int]]:
    """The rows of the parts numbered ``before`` and, below them, ``now`` (a part may be in both and is read
    once), and how many rows each of these has.

    Raises:
        NotRunnable: labels that are no classes.
    """
    order = [*before, *now]
    buckets = max(_BUCKETS, 2 * len(parts)) if backend.wide else _BUCKETS
    split = partial(_split, plan, Digester().key, buckets)
    join = partial(_join, tuple(order), len(before))
    found = backend.exchanged(split, join, parts, buckets)
    lengths = np.zeros(len(order), dtype=np.int64)
    for one in found:
        lengths += np.bincount(one.place >> _ROW_BITS, minlength=lengths.size)
    starts = np.cumsum(lengths) - lengths
    diff, labels, classes = _gathered(found, starts, int(lengths.sum()))
    content = _Content(tuple(parts[one] for one in order), plan, starts, lengths, backend)
    stack = Stack(
        content=diff.content,
        labels=labels,
        classes=classes,
        current=np.arange(labels.size) >= int(lengths[: len(before)].sum()),
        columns=lambda index: tuple(prepare(content.rows(index))),
        label_name=plan.label,
        diff=diff,
        search=content.passing,
    )
    return stack, lengths.tolist()


def _split(plan: Plan, key: bytes, buckets: int, part: Part) -> list[_Piece]:
    digester, table = Digester(key), Labels()
    digests, labels = [], []
    for batch in part.batches():
        labels.append(table.look(plan.labels(batch)).astype(np.int16))
        digests.append(digester.rows(plan.content(batch)))
    whole, codes = np.concatenate(digests), np.concatenate(labels)
    del digests, labels
    bucket = ((whole[:, 0] >> np.uint64(32)) * np.uint64(buckets) >> np.uint64(32)).astype(np.uint16)
    order = np.argsort(bucket, kind="stable")
    borders = np.searchsorted(bucket[order], np.arange(buckets + 1))
    places = [order[low:high] for low, high in pairwise(borders)]
    return [_Piece(whole[rows], rows, codes[rows], table) for rows in places]


def _join(order: tuple[int, ...], before: int, pieces: Sequence[_Piece]) -> _Bucket:
    table = Labels.merged([one.table for one in pieces])
    codes = [table.place(one.table)[one.labels] for one in pieces]
    place = np.concatenate([pieces[one].rows | number << _ROW_BITS for number, one in enumerate(order)])
    labels = np.concatenate([codes[one] for one in order])
    first = first_seen(np.concatenate([pieces[one].digests for one in order]))
    diff = row_diff(first, labels, place >> _ROW_BITS >= before)
    flags = np.zeros(place.size, dtype=np.uint8)
    for bit, name in enumerate(_FLAGS):
        flags |= getattr(diff, name).astype(np.uint8) << np.uint8(bit)
    return _Bucket(place, place[first], labels.astype(np.int16), table, flags, diff.removed)


def _gathered(found: list[_Bucket], starts: IntArray, rows: int) -> tuple[RowDiff, IntArray, int]:
    table = Labels.merged([one.table for one in found])
    content, labels = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.int64)
    flags = np.empty(rows, dtype=np.uint8)
    removed = 0
    while found:
        one = found.pop()
        here = _position(one.place, starts)
        content[here] = _position(one.first, starts)
        labels[here] = table.place(one.table)[one.labels]
        flags[here] = one.flags
        removed += one.removed
    masks = {name: (flags >> np.uint8(bit) & 1).astype(np.bool_) for bit, name in enumerate(_FLAGS)}
    return RowDiff(**masks, removed=removed, content=content), labels, table.classes


def _position(place: IntArray, starts: IntArray) -> IntArray:
    return np.asarray(starts[place >> _ROW_BITS] + (place & (1 << _ROW_BITS) - 1))


@dataclass(frozen=True, slots=True)
class _Content:
    """Reads single rows again."""

    parts: tuple[Part, ...]
    plan: Plan
    starts: IntArray
    lengths: IntArray
    backend: Backend

    def rows(self, index: IntArray) -> polars.DataFrame:
        """The rows at the positions ``index``, in that order."""
        import polars as pl

        wanted, place = np.unique(index, return_inverse=True)
        ends: IntArray = np.r_[self.starts, self.starts[-1] + self.lengths[-1]]
        borders: IntArray = np.searchsorted(wanted, ends)
        asked: list[tuple[Part, IntArray]] = [
            (part, wanted[low:high] - start)
            for part, start, low, high in zip(self.parts, self.starts, borders[:-1], borders[1:], strict=True)
            if high > low or part is self.parts[0]
        ]
        found = self.backend.each(partial(_taken, self.plan), asked)
        return pl.concat(found)[np.asarray(place)]

    def passing(self, tests: Sequence[RowTest]) -> list[IntArray]:
        """For each test the positions of all rows that pass."""
        distinct = list(dict.fromkeys(self.parts))
        found = self.backend.each(partial(_passing, self.plan, tuple(tests)), distinct)
        rows = dict(zip(distinct, found, strict=True))
        placed = list(zip(self.parts, self.starts, strict=True))
        return [
            np.concatenate([rows[part][number] + start for part, start in placed])
            for number in range(len(tests))
        ]


def _passing(plan: Plan, tests: tuple[RowTest, ...], part: Part) -> list[IntArray]:
    found: list[list[IntArray]] = [[] for _ in tests]
    seen = 0
    for batch in part.batches():
        content = plan.content(batch)
        for rows, test in zip(found, tests, strict=True):
            rows.append(np.flatnonzero(test(content)) + seen)
        seen += batch.height
    return [np.concatenate(rows) for rows in found]


def _taken(plan: Plan, asked: tuple[Part, IntArray]) -> polars.DataFrame:
    import polars as pl

    part, wanted = asked
    found: list[polars.DataFrame] = []
    seen = 0
    for batch in part.batches():
        low, high = np.searchsorted(wanted, (seen, seen + batch.height))
        if high > low or not found:
            found.append(plan.content(batch[wanted[low:high] - seen]))
        seen += batch.height
        if seen > wanted.max(initial=0):
            break
    return pl.concat(found)
