"""Values and value pairs of columns.

Exact values where a value repeats, quantile bins (with narrow outer ones) where a column is continuous, one
code for all rare values together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST, Coding, Partition, binned, keep_only
from tdsec_gov.detect.types import IntArray

_PAIR_WIDTH = 64
_PAIR_WORK = 2e8


def partitions(
    columns: Sequence[Column], taken: IntArray, work: float = _PAIR_WORK
) -> tuple[list[Partition], int]:
    """All single codings and column pairs over the rows ``taken``, and how many pairs were left out
    because rows x pairs would pass ``work`` (the columns with the most concentrated values go first)."""
    single: list[Coding] = []
    paired: list[Coding] = []
    for place, column in enumerate(columns):
        if column.tokens is not None or column.pixels is not None:
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
    bins, edges = binned(numbers, taken)
    place_of = np.cumsum(frequent) - 1
    exact = int(frequent.sum())
    mixed = np.where(frequent[codes], place_of[codes], exact + bins)
    bin_names = tuple(f"bin {one}" for one in range(edges.size + 2))
    often_ones = tuple(name for name, often in zip(names, frequent, strict=True) if often)
    coarse = Coding(place, bins, edges.size + 2, "bin", bin_names)
    return [Coding(place, mixed, exact + edges.size + 2, "value", often_ones + bin_names), coarse]


def _rare(place: int, codes: IntArray, taken: IntArray, names: tuple[str, ...]) -> Coding:
    """Values in fewer than LEAST rows share one code."""
    counts = np.bincount(codes[taken], minlength=len(names))
    return keep_only(place, codes, np.flatnonzero(counts >= LEAST), names, "value")


def _narrow(coding: Coding, taken: IntArray) -> Coding:
    """At most 64 codes, the most frequent, so that pairs stay countable. A trigger needs a pair only
    where each of its values is common; a rare value bursts by itself and is counted as a single."""
    if coding.width <= _PAIR_WIDTH:
        return coding
    counts = np.bincount(coding.codes[taken], minlength=coding.width)
    order = np.argsort(-counts, kind="stable")[: _PAIR_WIDTH - 1]
    return keep_only(coding.column, coding.codes, np.sort(order), coding.names, coding.kind)
