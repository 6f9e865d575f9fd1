"""G3 "shortcut burst": items that became frequent together with a label, against the accepted version.

For each item two questions with a stated null. Burst: given how often it occurs in both versions, do the
new rows hold too much of it (exact hypergeometric), among all rows and among those of its label? Label: do
its new rows bear one label more often than the accepted version's model expects *without seeing the item's
columns*, and than the accepted rows with the item do (Hoeffding bound for independent unequal chances)?
Fisher combines both, Bonferroni runs over all items. An item counts only if each half speaks for itself, so
neither a new date nor a natural shortcut is enough, nor a class that grew; of a new and an old value, what
the old one explains by itself is no news.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST, Bag, Partition, item_id
from tdsec_gov.detect.items.grams import grams, tokens_of
from tdsec_gov.detect.items.patches import picture_items, places_anywhere
from tdsec_gov.detect.items.values import partitions
from tdsec_gov.detect.mining.item import Item
from tdsec_gov.detect.models.label import LabelModel, fit, folds, softmax, temperature
from tdsec_gov.detect.statistics.evidence import BURST, burst_p, chernoff, fisher, label_limit, label_p
from tdsec_gov.detect.types import BoolArray, FloatArray, IntArray

_LIFT = 0.25
_FLOOR = 0.01
_MOST_CANDIDATES = 2_000
_MOST_FOUND = 5
_INSIDE = 0.9
_WIDE_OLD = 0.05


@dataclass(frozen=True, slots=True)
class Mined:
    """All found items (disjoint in evidence, strongest first), the smallest corrected p-value over
    all items, how many items were tested, and what was left out."""

    found: tuple[Item, ...]
    p: float
    items: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    columns: tuple[int, ...]
    tokens: tuple[int, ...]
    names: tuple[str, ...]
    new: IntArray
    old: IntArray
    bound: float
    parts: tuple[Partition, ...] = ()
    part_codes: tuple[int, ...] = ()


_Rated = tuple[float, float, str, int, float, _Candidate]
"""Corrected p-value, burst bound, id, label, lift."""


@dataclass(slots=True)
class _Context:
    """What the accepted version's model expects, item columns left out."""

    columns: Sequence[Column]
    model: LabelModel
    logits: FloatArray
    place: IntArray
    index: IntArray
    cache: dict[int, FloatArray]
    temperature: float

    def chances(self, rows: IntArray, one: _Candidate, known: Sequence[bool]) -> FloatArray:
        """Label chances of ``rows`` (which are among ``index``): shape (rows, classes).

        The largest of those without all parts of the item and of those that see one ``known`` part of
        a pair alone: what an old part explains is no news.
        """
        parts = self._parts(rows, one)
        blind = self.logits[self.place[rows]] - sum(parts)
        pairs = zip(parts, known, strict=True) if len(parts) > 1 else ()
        seeing = [blind + part for part, old in pairs if old]
        chances = [softmax(logits / self.temperature) for logits in (blind, *seeing)]
        return np.asarray(np.maximum(np.max(chances, axis=0), _FLOOR), dtype=np.float64)

    def _parts(self, rows: IntArray, one: _Candidate) -> list[FloatArray]:
        """What each column, or each token, of the item adds to the logits of ``rows``.

        An image is not taken away from itself: the accepted version's model never saw what is new in it.
        """
        if one.tokens:
            column, length = one.columns[0], np.sqrt(self._squared_lengths(one.columns[0], rows))
            return [self.model.token_weight(column, token) / length[:, None] for token in one.tokens]
        seen = [column for column in one.columns if self.columns[column].pixels is None]
        for column in seen:
            if column not in self.cache:
                self.cache[column] = self.model.contribution(column, self.index)
        return [self.cache[column][self.place[rows]] for column in seen]

    def _squared_lengths(self, column: int, rows: IntArray) -> FloatArray:
        """Squared TF-IDF norm of the rows, from the model's own weights."""
        return np.array([self.model.squared_norm(column, int(row)) for row in rows])


def mine_bursts(
    columns: Sequence[Column],
    labels: IntArray,
    classes: int,
    accepted: IntArray,
    new: IntArray,
    *,
    level: float,
    dataset: str,
    allow: frozenset[str],
) -> Mined:
    """Mine rows ``new`` against rows ``accepted`` (positions; all with a label). Deterministic."""
    allowed = {place for place, column in enumerate(columns) if column.name in allow}
    is_new = np.zeros(labels.size, dtype=np.bool_)
    is_new[new] = True
    candidates, items, notes = _candidates(columns, accepted, new, is_new, allowed)
    context = _context(columns, labels, classes, accepted, new)
    prior = np.maximum(_shares(labels[accepted], classes), _shares(labels[new], classes))
    every = accepted.size + new.size
    bursting = sum(
        burst_p(one.new.size, one.new.size + one.old.size, new.size, every) <= BURST for one in candidates
    )
    limit = label_limit(bursting)
    sides = [np.bincount(labels[some], minlength=classes) for some in (new, accepted)]
    judge = _Judge(context, labels, classes, accepted, prior, new.size, every, items, limit, *sides)
    names = [column.name for column in columns]
    rated = []
    for one in candidates:
        p, label, lift = judge.rate(one, one.new)
        key = item_id(dataset, [names[column] for column in one.columns], one.names)
        if key not in allow:
            rated.append((p, one.bound, key, label, lift, one))
    rated.sort(key=lambda entry: entry[:3])
    best = rated[0][0] if rated else 1.0
    found = _disjoint([entry for entry in rated if entry[0] <= level], judge, names, level)
    return Mined(tuple(found), best, items, tuple(notes))


def _context(
    columns: Sequence[Column], labels: IntArray, classes: int, accepted: IntArray, new: IntArray
) -> _Context:
    model = fit(columns, labels, classes, accepted)
    place = np.full(labels.size, -1, dtype=np.int64)
    place[new] = np.arange(new.size)
    heat = _heat(columns, labels, classes, accepted)
    return _Context(columns, model, model.logits(new), place, new, {}, heat)


def _heat(columns: Sequence[Column], labels: IntArray, classes: int, accepted: IntArray) -> float:
    """Temperature of the label model, from one half of the accepted rows predicting the other."""
    if accepted.size < 20:
        return 1.0
    halves = folds(accepted.size, 2, np.random.default_rng(0))
    model = fit(columns, labels, classes, accepted[halves == 0])
    rest = accepted[halves == 1]
    return temperature(model.logits(rest), labels[rest])


def _shares(labels: IntArray, classes: int) -> FloatArray:
    return np.bincount(labels, minlength=classes) / max(1, labels.size)


def _candidates(
    columns: Sequence[Column], accepted: IntArray, new: IntArray, is_new: BoolArray, allowed: set[int]
) -> tuple[list[_Candidate], int, list[str]]:
    """Items whose burst is not plainly chance, the most surprising first; the number of all items."""
    taken = np.sort(np.concatenate([accepted, new]))
    share = new.size / taken.size
    found, items, notes = [], 0, []
    groups, left_out = partitions(columns, taken)
    if left_out:
        notes.append(f"{left_out} column pairs beyond the work limit")
    for group in chain(groups, picture_items(columns, taken)):
        if not allowed.intersection(group.columns):
            here, count = _from_partition(group, accepted, new, share)
            found.extend(here)
            items += count
    for bag in chain(grams(columns, taken), places_anywhere(columns, taken)):
        if bag.column not in allowed:
            found.extend(_from_bag(bag, columns[bag.column], is_new, share))
            items += bag.codes.size
            if bag.dropped:
                notes.append(f"{bag.dropped} rarer phrases or patches beyond the limit")
    found.sort(key=lambda one: (one.bound, one.columns, one.names))
    if len(found) > _MOST_CANDIDATES:
        notes.append(f"{len(found) - _MOST_CANDIDATES} weaker candidate items")
    return found[:_MOST_CANDIDATES], items, notes


def _from_partition(
    group: Partition, accepted: IntArray, new: IntArray, share: float
) -> tuple[list[_Candidate], int]:
    codes = group.codes()
    after = np.bincount(codes[new], minlength=group.width)
    both = after + np.bincount(codes[accepted], minlength=group.width)
    bound = chernoff(after.astype(np.float64), both.astype(np.float64), both.astype(np.float64) * share)
    hits = np.flatnonzero((both >= LEAST) & (bound <= 10 * BURST) & (after >= LEAST))
    found = []
    for code in hits:
        names = tuple(group.names(int(code)))
        rows = [index[codes[index] == code] for index in (new, accepted)]
        pair = len(group.parts) > 1
        singles = tuple(Partition((part,)) for part in group.parts) if pair else ()
        codes_of = tuple(divmod(int(code), group.parts[-1].width)) if pair else ()
        bounded = float(bound[code])
        found.append(_Candidate(group.columns, (), names, rows[0], rows[1], bounded, singles, codes_of))
    return found, int((both >= LEAST).sum())


def _from_bag(bag: Bag, column: Column, is_new: BoolArray, share: float) -> Iterator[_Candidate]:
    both = np.diff(bag.starts).astype(np.float64)
    total = np.concatenate([[0], np.cumsum(is_new[bag.rows])])
    after = (total[bag.starts[1:]] - total[bag.starts[:-1]]).astype(np.float64)
    bound = chernoff(after, both, both * share)
    for item in np.flatnonzero((bound <= 10 * BURST) & (after >= LEAST)):
        code = int(bag.codes[item])
        tokens = tokens_of(column, code) if column.tokens is not None else ()
        rows = bag.members(int(item))
        new, old = rows[is_new[rows]], rows[~is_new[rows]]
        names = ("gram", *(column.names[one] for one in tokens)) if tokens else ("anywhere", f"{code:x}")
        yield _Candidate((bag.column,), tokens, names, new, old, float(bound[item]))


@dataclass(frozen=True, slots=True)
class _Judge:
    context: _Context
    labels: IntArray
    classes: int
    accepted: IntArray
    prior: FloatArray
    new_rows: int
    all_rows: int
    items: int
    label_limit: float
    new_of: IntArray
    old_of: IntArray

    def rate(self, one: _Candidate, rows: IntArray) -> tuple[float, int, float]:
        """Corrected p-value, label and lift of a candidate on its new ``rows``."""
        if rows.size < LEAST:
            return 1.0, 0, 0.0
        burst = burst_p(rows.size, rows.size + one.old.size, self.new_rows, self.all_rows)
        if burst > BURST:
            return 1.0, 0, 0.0
        old = np.bincount(self.labels[one.old], minlength=self.classes)
        known, prior = self._before(one)
        context = self.context.chances(rows, one, known)
        beyond, label, lift = label_p(self.labels[rows], self._known(context, old))
        if beyond > self.label_limit or lift < _LIFT:
            pure, label, lift = label_p(self.labels[rows], self._known(np.tile(prior, (rows.size, 1)), old))
            if pure > self.label_limit or lift < _LIFT:
                return 1.0, 0, 0.0
        burst = max(burst, self._burst_in_class(one, rows, label))
        if burst > BURST:
            return 1.0, 0, 0.0
        return min(1.0, fisher(burst, beyond) * self.items), label, lift

    def _burst_in_class(self, one: _Candidate, rows: IntArray, label: int) -> float:
        """The burst among rows of this label alone: where a class grew, what it holds grew with it."""
        new, old = (int((self.labels[some] == label).sum()) for some in (rows, one.old))
        return burst_p(new, new + old, int(self.new_of[label]), int(self.new_of[label] + self.old_of[label]))

    def _before(self, one: _Candidate) -> tuple[list[bool], FloatArray]:
        """Which parts explain by themselves, and the label shares to expect.

        Only where a pair joins an old part with a new one (a new date and a telling category) the old
        part may explain: it then counts as ``known``, and its accepted rows give the shares.
        """
        if one.tokens:
            known = [self.context.model.knows(one.columns[0], token) for token in one.tokens]
            mixed = any(known) and not all(known)
            return (known, np.ones(self.classes)) if mixed else ([False] * len(known), self.prior)
        known, prior = [], self.prior
        for part, code in zip(one.parts, one.part_codes, strict=True):
            rows = self.accepted[part.codes()[self.accepted] == code]
            known.append(rows.size >= LEAST)
            if known[-1]:
                prior = np.maximum(prior, _shares(self.labels[rows], self.classes))
        return (known, prior) if any(known) and not all(known) else ([False] * len(known), self.prior)

    def _known(self, chances: FloatArray, old: IntArray) -> FloatArray:
        """``chances``, or what accepted rows with the item show if that is more."""
        shown = (old + 2 * chances.mean(axis=0)) / (old.sum() + 2)
        return np.asarray(np.minimum(np.maximum(chances, shown), 1 - _FLOOR), dtype=np.float64)


def _disjoint(rated: list[_Rated], judge: _Judge, names: list[str], level: float) -> list[Item]:
    """The strongest item, then those still significant on rows that stronger ones do not explain."""
    explained = np.zeros(judge.labels.size, dtype=np.bool_)
    found: list[Item] = []
    for p, _, key, label, lift, one in rated:
        left = one.new[~explained[one.new]]
        if left.size < one.new.size:
            p, label, lift = judge.rate(one, left)
        if p > level or len(found) >= _MOST_FOUND:
            continue
        p, key, one = _widest((p, key, one), label, rated, judge.labels, level)
        rows = one.new[judge.labels[one.new] == label]
        explained[one.new] = True
        columns = tuple(names[column] for column in one.columns)
        found.append(Item(columns, key, label, p, rows, one.old.size, lift, one.names[0], one.names))
    return found


def _widest(
    item: tuple[float, str, _Candidate], label: int, rated: list[_Rated], labels: IntArray, level: float
) -> tuple[float, str, _Candidate]:
    """``item``, or a significant one of the same label that holds nearly all its rows and more: a trigger of
    one value is in more rows than that value and a neighbour's."""
    best = item
    for p, _, key, other, _, one in rated:
        if p > level or other != label or one.new.size <= best[2].new.size:
            continue
        if one.old.size > max(item[2].old.size, _WIDE_OLD * one.new.size):
            continue
        inside = np.isin(item[2].new, one.new).mean()
        if inside >= _INSIDE and (labels[one.new] == label).mean() >= _INSIDE:
            best = (p, key, one)
    return best
