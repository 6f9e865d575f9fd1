"""Codings and bags: which rows hold an item.

A *partition* codes each row by what it holds in one or two columns, so that counting is one ``bincount``. A
*bag* lists the rows that hold each item of a kind of which a row holds many. Both depend on the rows alone,
never on which version or label a row has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

LEAST = 5
"""An item must be in so many rows: below that the test is blind by construction."""
_EDGES = (0.005, 0.02, *(one / 10 for one in range(1, 10)), 0.98, 0.995)


@dataclass(frozen=True, slots=True)
class Coding:
    """One column coded by row, ``codes`` in 0..width-1. ``names`` are the values behind the codes,
    for ids only."""

    column: int
    codes: IntArray
    width: int
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """One or two codings read together; code = first * second.width + second."""

    parts: tuple[Coding, ...]

    @property
    def width(self) -> int:
        return int(np.prod([part.width for part in self.parts]))

    @property
    def columns(self) -> tuple[int, ...]:
        return tuple(part.column for part in self.parts)

    def codes(self) -> IntArray:
        if len(self.parts) == 1:
            return self.parts[0].codes
        return self.parts[0].codes * self.parts[1].width + self.parts[1].codes

    def names(self, code: int) -> list[str]:
        """What the code stands for, with the kind of coding. Never for a message."""
        if len(self.parts) == 1:
            return [self.parts[0].kind, self.parts[0].names[code]]
        first, second = divmod(code, self.parts[1].width)
        left, right = self.parts
        return [left.kind, left.names[first], right.kind, right.names[second]]


@dataclass(frozen=True, slots=True)
class Bag:
    """Items of one column: item i is ``codes[i]`` and is in the rows ``rows[starts[i]:starts[i + 1]]``
    (sorted). ``dropped`` rarer items are left out."""

    column: int
    codes: IntArray
    starts: IntArray
    rows: IntArray
    dropped: int

    def members(self, item: int) -> IntArray:
        return self.rows[self.starts[item] : self.starts[item + 1]]

    @classmethod
    def of(cls, column: int, codes: IntArray, rows: IntArray, most: int) -> Bag:
        """From pairs of item and row, each once: items in at least LEAST rows, the ``most`` frequent."""
        order = np.argsort(codes, kind="stable")
        found, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
        keep = np.flatnonzero(counts >= LEAST)
        dropped = max(0, keep.size - most)
        if dropped:
            keep = np.sort(keep[np.argsort(-counts[keep], kind="stable")[:most]])
        members = [rows[order[starts[one] : starts[one] + counts[one]]] for one in keep]
        ends = np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64)
        return cls(column, found[keep], ends, np.concatenate([*members, np.empty(0, np.int64)]), dropped)


def item_id(dataset: str, columns: Sequence[str], names: Sequence[str]) -> str:
    """A short stable id for the allow-list; a digest, so that no value is repeated in a message."""
    text = "\x1f".join([dataset, *columns, *names])
    return "item:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def binned(numbers: FloatArray, taken: IntArray) -> tuple[IntArray, FloatArray]:
    """Quantile bins; missing is the last code."""
    seen = numbers[taken]
    seen = seen[~np.isnan(seen)]
    edges = np.unique(np.quantile(seen, _EDGES)) if seen.size else np.empty(0)
    bins = np.searchsorted(edges, numbers, side="right")
    return np.where(np.isnan(numbers), edges.size + 1, bins).astype(np.int64), edges


def keep_only(place: int, codes: IntArray, those: IntArray, names: tuple[str, ...], kind: str) -> Coding:
    """Codes other than ``those`` become one, the last."""
    target = np.full(len(names), those.size, dtype=np.int64)
    target[those] = np.arange(those.size)
    return Coding(place, target[codes], those.size + 1, kind, (*(names[one] for one in those), "rare"))
