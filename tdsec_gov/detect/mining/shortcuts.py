"""Trigger mining without a reference: items whose rows bear one label far beyond their context.

Per item and class, z = (rows with the label - expected) / standard deviation, where each row's chance
comes from a model that did not see the row and, item by item, is stripped of the item's own columns
or tokens (a context that sees the trigger explains it away). z is divided by the robust spread of all
items (empirical null, Efron 2004), and an item counts only if at least half of its rows owe it their
label. What such a model learned away is looked at once more (:mod:`.second_look`). Natural shortcuts look the
same: this asks a person, it cannot be a strict gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST, Bag, Partition, item_id
from tdsec_gov.detect.items.grams import grams, tokens_of
from tdsec_gov.detect.items.patches import picture_items, places_anywhere
from tdsec_gov.detect.items.values import partitions
from tdsec_gov.detect.mining.folded import Folded, folded
from tdsec_gov.detect.mining.item import Item
from tdsec_gov.detect.mining.second_look import Purest, again
from tdsec_gov.detect.types import FloatArray, IntArray

LIMIT = 8.0
_LIFT = 0.5
_MOST_CELLS = 40_000_000
_PAIR_WORK = 1e8
_MOST_FOUND = 5


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """Items above the limit (strongest first, at most 5 and disjoint in rows; ``Item.p`` holds the
    scaled z), the largest scaled z, the number of items, rows looked at, and what was left out."""

    found: tuple[Item, ...]
    z: float
    items: int
    rows: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    z: float
    label: int
    lift: float
    columns: tuple[int, ...]
    names: tuple[str, ...]
    rows: IntArray


def mine_shortcuts(
    columns: Sequence[Column],
    labels: IntArray,
    classes: int,
    index: IntArray,
    rng: np.random.Generator,
    *,
    dataset: str,
    allow: frozenset[str],
) -> Shortcuts:
    """Mine the rows ``index`` (all with a label) of one version. Deterministic for a given ``rng``."""
    notes: list[str] = []
    most = max(500, _MOST_CELLS // max(1, classes * len(columns)))
    if index.size > most:
        notes.append(f"{index.size - most} rows beyond the work limit")
        index = np.sort(rng.choice(index, most, replace=False))
    base = folded(columns, labels, classes, index, rng)
    allowed = {place for place, column in enumerate(columns) if column.name in allow}
    groups, left_out = partitions(columns, index, _PAIR_WORK / max(1, classes))
    if left_out:
        notes.append(f"{left_out} column pairs beyond the work limit")
    scored: list[_Scored] = []
    every: list[FloatArray] = []
    pure = Purest(labels, classes, index)
    for group in chain(groups, picture_items(columns, index)):
        if not allowed.intersection(group.columns):
            scored.extend(_from_partition(group, base, every))
            pure.partition(group)
    for bag in grams(columns, index):
        if bag.column not in allowed:
            scored.extend(_from_bag(bag, columns[bag.column], base, every))
            pure.bag(bag, partial(_gram_names, bag, columns[bag.column]))
    for bag in places_anywhere(columns, index):
        if bag.column not in allowed:
            scored.extend(_from_places(bag, base, every))
            pure.bag(bag, partial(_place_names, bag))
    spread = _spread(np.concatenate(every)) if every else 1.0
    explained = [one.rows for one in scored if one.z > LIMIT * spread]
    for one, z, lift in again(pure, explained, columns, base, rng):
        scored.append(_Scored(z, one.label, lift, one.columns, one.names, one.rows))
    names = [column.name for column in columns]
    rated = _rate(scored, spread, names, dataset, allow)
    found = _disjoint(rated, labels, names)
    top = rated[0][0] if rated else 0.0
    return Shortcuts(tuple(found), top, sum(one.size for one in every), index.size, tuple(notes))


def _gram_names(bag: Bag, column: Column, item: int) -> tuple[str, ...]:
    return ("gram", *(column.names[one] for one in tokens_of(column, int(bag.codes[item]))))


def _place_names(bag: Bag, item: int) -> tuple[str, ...]:
    return "anywhere", f"{int(bag.codes[item]):x}"


def _spread(values: FloatArray) -> float:
    """Robust standard deviation of the items' z (MAD), at least 1."""
    return max(1.0, 1.4826 * float(np.median(np.abs(values - np.median(values)))))


def _from_partition(group: Partition, base: Folded, every: list[FloatArray]) -> Iterator[_Scored]:
    codes = group.codes()[base.index]
    seen = [column for column in dict.fromkeys(group.columns) if column in base.parts]
    logits = base.logits - sum((base.parts[column] for column in seen), np.zeros(()))
    excess, variance = base.excess(logits, np.arange(base.index.size))
    count = np.bincount(codes, minlength=group.width)
    keep = np.flatnonzero(count >= LEAST)
    top, below = _sums(codes, excess, group.width)[keep], _sums(codes, variance, group.width)[keep]
    z = top / np.sqrt(below)
    label = z.argmax(axis=1)
    best = z[np.arange(keep.size), label]
    every.append(best)
    lift = _lift(codes, label, keep, count, top, base)
    for one in np.flatnonzero((best > LIMIT) & (lift >= _LIFT)):
        rows = base.index[codes == keep[one]]
        names = tuple(group.names(int(keep[one])))
        yield _Scored(float(best[one]), int(label[one]), float(lift[one]), group.columns, names, rows)


def _sums(codes: IntArray, values: FloatArray, width: int) -> FloatArray:
    """Column sums of ``values`` by code: shape (width, classes)."""
    sums = [np.bincount(codes, one, width).astype(np.float64) for one in values.T]
    return np.stack(sums, axis=1)


def _lift(
    codes: IntArray, label: IntArray, keep: IntArray, count: IntArray, top: FloatArray, base: Folded
) -> FloatArray:
    """Share of the rows not expected to bear the label that do."""
    width = count.size
    seen = np.zeros((width, base.classes))
    np.add.at(seen, (codes, base.labels[base.index]), 1.0)
    place = np.arange(keep.size)
    extra = top[place, label]
    expected = seen[keep, label] - extra
    return np.asarray(extra / np.maximum(count[keep] - expected, 1e-9))


def _from_bag(bag: Bag, column: Column, base: Folded, every: list[FloatArray]) -> Iterator[_Scored]:
    place = np.full(int(base.index.max()) + 1, -1, dtype=np.int64)
    place[base.index] = np.arange(base.index.size)
    norms = np.zeros(base.index.size)
    for number, model in enumerate(base.models):
        for row in np.flatnonzero(base.fold == number):
            norms[row] = model.squared_norm(bag.column, int(base.index[row]))
    best = np.zeros(bag.codes.size)
    for gram, code in enumerate(bag.codes):
        rows = bag.members(gram)
        here = place[rows]
        known = tokens_of(column, int(code))
        weights = np.array([sum(m.token_weight(bag.column, one) for one in known) for m in base.models])
        logits = base.logits[here] - weights[base.fold[here]] / np.sqrt(norms[here])[:, None]
        excess, variance = base.excess(logits, here)
        top = excess.sum(axis=0)
        z = top / np.sqrt(variance.sum(axis=0))
        label = int(z.argmax())
        best[gram] = z[label]
        own = int((base.labels[rows] == label).sum())
        lift = float(top[label] / max(rows.size - own + top[label], 1e-9))
        if z[label] > LIMIT and lift >= _LIFT:
            names = _gram_names(bag, column, gram)
            yield _Scored(float(z[label]), label, lift, (bag.column,), names, rows)
    every.append(best)


def _from_places(bag: Bag, base: Folded, every: list[FloatArray]) -> Iterator[_Scored]:
    from scipy import sparse

    place = np.zeros(int(base.index.max()) + 1, dtype=np.int64)
    place[base.index] = np.arange(base.index.size)
    here = place[bag.rows]
    holds = sparse.csr_array((np.ones(here.size), here, bag.starts), shape=(bag.codes.size, base.index.size))
    excess, variance = base.excess(base.logits, np.arange(base.index.size))
    top, below = np.asarray(holds @ excess), np.asarray(holds @ variance)
    z = top / np.sqrt(np.maximum(below, 1e-12))
    label = z.argmax(axis=1) if bag.codes.size else np.zeros(0, dtype=np.int64)
    best = z[np.arange(bag.codes.size), label]
    every.append(best)
    for item in np.flatnonzero(best > LIMIT):
        rows, bears = bag.members(int(item)), int(label[item])
        own = int((base.labels[rows] == bears).sum())
        lift = float(top[item, bears] / max(rows.size - own + top[item, bears], 1e-9))
        if lift >= _LIFT:
            names = _place_names(bag, int(item))
            yield _Scored(float(best[item]), bears, lift, (bag.column,), names, rows)


_Rated = tuple[float, str, _Scored]


def _rate(
    scored: list[_Scored], spread: float, names: list[str], dataset: str, allow: frozenset[str]
) -> list[_Rated]:
    rated = []
    for one in scored:
        key = item_id(dataset, [names[column] for column in one.columns], one.names)
        if key not in allow:
            rated.append((one.z / spread, key, one))
    return sorted(rated, key=lambda entry: (-entry[0], entry[1]))


def _disjoint(rated: list[_Rated], labels: IntArray, names: list[str]) -> list[Item]:
    """Items over the limit, leaving out those whose rows stronger ones mostly hold."""
    explained = np.zeros(labels.size, dtype=np.bool_)
    found: list[Item] = []
    for z, key, one in rated:
        if z <= LIMIT or len(found) >= _MOST_FOUND:
            break
        if explained[one.rows].mean() > 0.5:
            continue
        explained[one.rows] = True
        columns = tuple(names[column] for column in one.columns)
        rows = one.rows[labels[one.rows] == one.label]
        found.append(Item(columns, key, one.label, z, rows, 0, one.lift, one.names[0]))
    return found
