"""Items: what a trigger can look like. Values and value pairs of columns, 1-2-grams of texts.

A *partition* codes each row by what it holds in one or two columns, so that counting is one
``bincount``: exact values where a value repeats, quantile bins (with narrow outer ones) where a
column is continuous, one code for all rare values together. A *bag* lists for each token or token
pair the rows that hold it. Both depend on the rows alone, never on which version or label a row has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.types import FloatArray, IntArray

LEAST = 5
"""An item must be in so many rows: below that the test is blind by construction."""
_EDGES = (0.005, 0.02, *(one / 10 for one in range(1, 10)), 0.98, 0.995)
_PAIR_WIDTH = 64
_PAIR_WORK = 2e8
_MOST_GRAMS = 200_000


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
    """Grams of one text column: gram g is in the rows ``rows[starts[g]:starts[g + 1]]`` (sorted) and
    consists of the tokens ``grams[g]`` (the second is -1 for a single token)."""

    column: int
    grams: IntArray
    starts: IntArray
    rows: IntArray
    dropped: int

    def members(self, gram: int) -> IntArray:
        return self.rows[self.starts[gram] : self.starts[gram + 1]]


def item_id(dataset: str, columns: Sequence[str], names: Sequence[str]) -> str:
    """A short stable id for the allow-list; a digest, so that no value is repeated in a message."""
    text = "\x1f".join([dataset, *columns, *names])
    return "item:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def partitions(
    columns: Sequence[Column], taken: IntArray, work: float = _PAIR_WORK
) -> tuple[list[Partition], int]:
    """All single codings and column pairs over the rows ``taken``, and how many pairs were left out
    because rows x pairs would pass ``work`` (the columns with the most concentrated values go first)."""
    single: list[Coding] = []
    paired: list[Coding] = []
    for place, column in enumerate(columns):
        if column.tokens is not None:
            continue
        whole = _code(place, column, taken)
        single.extend(whole)
        paired.append(_narrow(whole[0], taken))
    found = [Partition((coding,)) for coding in single if coding.width > 1]
    usable = [coding for coding in paired if coding.width > 1]
    possible = len(usable) * (len(usable) - 1) // 2
    most = int(work // max(1, taken.size))
    chosen = _spread(usable, most)
    found.extend(Partition(pair) for pair in combinations(chosen, 2))
    return found, possible - len(chosen) * (len(chosen) - 1) // 2


def _spread(codings: list[Coding], most: int) -> list[Coding]:
    keep = len(codings)
    while keep * (keep - 1) // 2 > most:
        keep -= 1
    if keep == len(codings):
        return codings
    order = sorted(range(len(codings)), key=lambda one: -codings[one].width)[:keep]
    return [codings[one] for one in sorted(order)]


def _code(place: int, column: Column, taken: IntArray) -> list[Coding]:
    """Exact-or-binned coding first; for numbers with many values a purely binned one after it."""
    if column.codes is not None:
        return [_rare(place, column.codes, taken, column.names)]
    numbers = column.numbers if column.numbers is not None else np.empty(0)
    values, codes = np.unique(numbers, return_inverse=True)
    names = tuple(repr(float(value)) for value in values)
    codes = codes.astype(np.int64)
    counts = np.bincount(codes[taken], minlength=values.size)
    frequent = counts >= LEAST
    if bool(frequent.all()):
        return [Coding(place, codes, values.size, "value", names)]
    bins, edges = _bin(numbers, taken)
    place_of = np.cumsum(frequent) - 1
    exact = int(frequent.sum())
    mixed = np.where(frequent[codes], place_of[codes], exact + bins)
    bin_names = tuple(f"bin {one}" for one in range(edges.size + 2))
    kept = tuple(name for name, often in zip(names, frequent, strict=True) if often)
    binned = Coding(place, bins, edges.size + 2, "bin", bin_names)
    return [Coding(place, mixed, exact + edges.size + 2, "value", kept + bin_names), binned]


def _bin(numbers: FloatArray, taken: IntArray) -> tuple[IntArray, FloatArray]:
    """Quantile bins; missing is the last code."""
    seen = numbers[taken]
    seen = seen[~np.isnan(seen)]
    edges = np.unique(np.quantile(seen, _EDGES)) if seen.size else np.empty(0)
    bins = np.searchsorted(edges, numbers, side="right")
    return np.where(np.isnan(numbers), edges.size + 1, bins).astype(np.int64), edges


def _rare(place: int, codes: IntArray, taken: IntArray, names: tuple[str, ...]) -> Coding:
    """Values in fewer than LEAST rows share one code."""
    counts = np.bincount(codes[taken], minlength=len(names))
    return _keep(place, codes, np.flatnonzero(counts >= LEAST), names, "value")


def _keep(place: int, codes: IntArray, kept: IntArray, names: tuple[str, ...], kind: str) -> Coding:
    target = np.full(len(names), kept.size, dtype=np.int64)
    target[kept] = np.arange(kept.size)
    return Coding(place, target[codes], kept.size + 1, kind, (*(names[one] for one in kept), "rare"))


def _narrow(coding: Coding, taken: IntArray) -> Coding:
    """At most 64 codes, the most frequent, so that pairs stay countable. A trigger needs a pair only
    where each of its values is common; a rare value bursts by itself and is counted as a single."""
    if coding.width <= _PAIR_WIDTH:
        return coding
    counts = np.bincount(coding.codes[taken], minlength=coding.width)
    order = np.argsort(-counts, kind="stable")[: _PAIR_WIDTH - 1]
    return _keep(coding.column, coding.codes, np.sort(order), coding.names, coding.kind)


def bags(columns: Sequence[Column], taken: IntArray) -> Iterator[Bag]:
    """The 1-2-grams of each text column that are in at least LEAST of the rows ``taken``."""
    for place, column in enumerate(columns):
        if column.tokens is not None:
            yield _bag(place, column, taken)


def _bag(place: int, column: Column, taken: IntArray) -> Bag:
    tokens = column.tokens or ()
    width = column.width + 1
    codes, rows = [], []
    for row in taken:
        here = tokens[row]
        grams = np.unique(np.concatenate([here * width + column.width, here[:-1] * width + here[1:]]))
        codes.append(grams)
        rows.append(np.full(grams.size, row))
    flat, owner = np.concatenate(codes), np.concatenate(rows)
    order = np.argsort(flat, kind="stable")
    grams, starts, counts = np.unique(flat[order], return_index=True, return_counts=True)
    keep = np.flatnonzero(counts >= LEAST)
    dropped = max(0, keep.size - _MOST_GRAMS)
    if dropped:
        keep = np.sort(keep[np.argsort(-counts[keep], kind="stable")[:_MOST_GRAMS]])
    members = [owner[order[starts[one] : starts[one] + counts[one]]] for one in keep]
    ends = np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64)
    first, second = np.divmod(grams[keep], width)
    second = np.where(second == column.width, -1, second)
    flat_rows = np.concatenate(members) if members else np.empty(0, dtype=np.int64)
    return Bag(place, np.stack([first, second], axis=1), ends, flat_rows, dropped)
