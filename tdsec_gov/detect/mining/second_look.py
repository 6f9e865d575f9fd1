"""A second look at items that a label model has learned away.

A trigger in many rows teaches the model of the same version: a sentence's words predict the label together,
so that each of them is explained by the others; a patch of an image is among its features. So the purest
items are judged once more by a model that was fitted *without the rows that hold them*: it knows the rest of
the data, and nothing that is in these rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST, Bag, Partition
from tdsec_gov.detect.mining.folded import FLOOR, Folded
from tdsec_gov.detect.models.label import fit, softmax
from tdsec_gov.detect.types import FloatArray, IntArray

_MOST_ITEMS = 12
_MOST_KEPT = 400
_MOST_ROWS = 3_000
_MOST_JUDGED = 600
_ALIKE = 0.5
_SHARE = 0.5
"""Without more than this part of a class's rows a model no longer knows the class."""
_LEAST_Z = 6.0
_LIMIT = 10.0
_LIFT = 0.5


@dataclass(frozen=True, slots=True)
class Pure:
    """An item whose ``rows`` bear ``label`` more often than all rows do, by ``z`` standard deviations."""

    z: float
    label: int
    columns: tuple[int, ...]
    names: tuple[str, ...]
    rows: IntArray


@dataclass(slots=True)
class Purest:
    """The purest items of the rows ``index`` seen so far."""

    labels: IntArray
    classes: int
    index: IntArray
    found: list[Pure] = field(default_factory=list)

    def partition(self, group: Partition) -> None:
        codes = group.codes()[self.index]
        seen = np.zeros((group.width, self.classes))
        np.add.at(seen, (codes, self.labels[self.index]), 1.0)
        self._take(
            seen,
            lambda code: (group.columns, tuple(group.names(code)), self.index[codes == code]),
        )

    def bag(self, bag: Bag, names: Callable[[int], tuple[str, ...]]) -> None:
        """``names`` of the item in a place of the bag."""
        holds = np.repeat(np.arange(bag.codes.size), np.diff(bag.starts))
        seen = np.zeros((bag.codes.size, self.classes))
        np.add.at(seen, (holds, self.labels[bag.rows]), 1.0)
        self._take(seen, lambda item: ((bag.column,), names(item), bag.members(item)))

    def _take(
        self, seen: FloatArray, item: Callable[[int], tuple[tuple[int, ...], tuple[str, ...], IntArray]]
    ) -> None:
        if not seen.size:
            return
        count = seen.sum(axis=1)
        prior = np.bincount(self.labels[self.index], minlength=self.classes) / self.index.size
        spread = np.sqrt(np.maximum(count[:, None] * prior * (1 - prior), 1e-9))
        z = np.where(count[:, None] >= LEAST, (seen - count[:, None] * prior) / spread, 0.0)
        z[seen > _SHARE * prior * self.index.size] = 0.0
        label = z.argmax(axis=1)
        best = z[np.arange(label.size), label]
        places = np.argsort(-best, kind="stable")[:_MOST_KEPT]
        self.found += [
            Pure(float(best[at]), int(label[at]), *item(int(at))) for at in places if best[at] >= _LEAST_Z
        ]
        if len(self.found) > 2 * _MOST_KEPT:
            self.found = nlargest(_MOST_KEPT, self.found, key=lambda one: one.z)

    def distinct(self, but: Sequence[IntArray], rank: Callable[[Pure], float]) -> list[Pure]:
        """Those of highest ``rank``, none of which shares half of its rows with a higher one, or with one of
        ``but``."""
        taken = [set(rows.tolist()) for rows in but]
        chosen: list[Pure] = []
        ranked = [(-rank(one), one.columns, one.names, one) for one in self.found]
        for _, _, _, one in sorted(ranked, key=lambda entry: entry[:3]):
            mine = set(one.rows.tolist())
            if len(chosen) < _MOST_ITEMS and all(
                len(mine & other) < _ALIKE * min(len(mine), len(other)) for other in taken
            ):
                chosen.append(one)
                taken.append(mine)
        return chosen


def again(
    pure: Purest,
    explained: list[IntArray],
    columns: Sequence[Column],
    base: Folded,
    rng: np.random.Generator,
) -> Iterator[tuple[Pure, float, float]]:
    """The purest items that do not share their rows with those ``explained``, whose label a model that never
    saw their rows finds strange: each with its z and lift."""
    place = np.full(int(base.index.max()) + 1, -1, dtype=np.int64)
    place[base.index] = np.arange(base.index.size)
    held = {at: _token_rows(one, base.index) for at, one in enumerate(columns) if one.tokens is not None}

    def rank(one: Pure) -> float:
        column = one.columns[0]
        return _stripped(one, columns[column], held[column], base, place) if column in held else one.z

    for one in pure.distinct(explained, rank):
        z, lift = _judged(one, columns, base, rng)
        if z > _LIMIT and lift >= _LIFT:
            yield one, z, lift


def _token_rows(column: Column, index: IntArray) -> IntArray:
    """In how many of the rows each token is: shape (width,)."""
    counts = np.zeros(column.width, dtype=np.int64)
    for row in index:
        counts[np.unique((column.tokens or ())[row])] += 1
    return counts


def _stripped(one: Pure, column: Column, held: IntArray, base: Folded, place: IntArray) -> float:
    """z of an item of a text, less every token that is mostly in its rows: these explain each other."""
    tokens = [np.unique((column.tokens or ())[row]) for row in one.rows]
    within = np.bincount(np.concatenate(tokens), minlength=column.width)
    own = 2 * within >= held
    here = place[one.rows]
    logits = base.logits[here].copy()
    for at, (row, some) in enumerate(zip(one.rows, tokens, strict=True)):
        model = base.models[base.fold[here[at]]]
        taken = sum((model.token_weight(one.columns[0], token) for token in some[own[some]]), np.zeros(()))
        logits[at] -= taken / np.sqrt(model.squared_norm(one.columns[0], int(row)))
    excess, variance = base.excess(logits, here)
    return float(excess[:, one.label].sum() / np.sqrt(variance[:, one.label].sum()))


def _judged(
    one: Pure, columns: Sequence[Column], base: Folded, rng: np.random.Generator
) -> tuple[float, float]:
    """z and lift of an item's label by a model that never saw its rows. At most 3,000 rows teach, and 600 are
    judged."""
    labels = base.labels
    others = np.setdiff1d(base.index, one.rows)
    rows = one.rows
    if others.size > _MOST_ROWS:
        others = np.sort(rng.choice(others, _MOST_ROWS, replace=False))
    if rows.size > _MOST_JUDGED:
        rows = np.sort(rng.choice(rows, _MOST_JUDGED, replace=False))
    if np.unique(labels[others]).size < 2:
        return 0.0, 0.0
    model = fit(columns, labels, base.classes, others)
    chance = np.clip(softmax(model.logits(rows) / base.temperature)[:, one.label], FLOOR, 1 - FLOOR)
    bears = labels[rows] == one.label
    extra = float((bears - chance).sum())
    lift = extra / max(rows.size - float(chance.sum()), 1e-9)
    return extra / float(np.sqrt((chance * (1 - chance)).sum())), lift
