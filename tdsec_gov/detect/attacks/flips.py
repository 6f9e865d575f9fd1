"""Wrong labels: at random, of one class as another, of one small group."""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.attacks.contract import CannotAttack, Form, Rows, form_of, target_of
from tdsec_gov.detect.types import IntArray


def random_flips(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Any row, any other label (Frenay & Verleysen 2014, noise completely at random)."""
    if rows.classes < 2 or rows.push.size < count:
        raise CannotAttack("fewer than two classes, or fewer rows than wanted")
    chosen = np.sort(rng.choice(rows.push, count, replace=False))
    return rows.relabelled(chosen, _other(rows, chosen, rng))


def pair_flips(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """One class into one other (pair noise, Han et al. 2018)."""
    sizes = np.bincount(rows.labels[rows.push], minlength=rows.classes)
    large = np.flatnonzero(sizes >= max(1, count))
    if rows.classes < 2 or large.size == 0:
        raise CannotAttack("no class of the push has so many rows")
    source = int(rng.choice(large))
    target = int((source + 1 + rng.integers(rows.classes - 1)) % rows.classes)
    chosen = rows.victims(count, source, rng, clean=True)
    return rows.relabelled(chosen, target)


def targeted_flips(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """The rows most like one row, all into one label (subpopulation attack, Jagielski et al. 2021)."""
    centre = int(rng.choice(rows.push))
    near = rows.push[np.argsort(_distance(rows, centre, rows.push), kind="stable")][:count]
    if rows.classes < 2 or near.size < count:
        raise CannotAttack("fewer rows than wanted")
    target = (int(rows.labels[centre]) + 1 + int(rng.integers(rows.classes - 1))) % rows.classes
    return rows.relabelled(near[rows.labels[near] != target], target)


def aimed(rows: Rows, rng: np.random.Generator, count: int, *, clean: bool = False) -> tuple[IntArray, int]:
    """Rows to carry a trigger and the label that it stands for."""
    target = target_of(rows, rng)
    return rows.victims(count, target, rng, clean=clean), target


def _other(rows: Rows, chosen: IntArray, rng: np.random.Generator) -> IntArray:
    steps = rng.integers(1, rows.classes, chosen.size)
    return np.asarray((rows.labels[chosen] + steps) % rows.classes)


def _distance(rows: Rows, centre: int, index: IntArray) -> IntArray:
    """Sum over columns of scaled differences to the row ``centre``."""
    total = np.zeros(index.size)
    for column in rows.columns:
        form = form_of(column)
        if form is Form.NUMBERS and column.numbers is not None:
            values = np.nan_to_num(column.numbers)
            total += np.abs(values[index] - values[centre]) / (values.std() + 1e-9)
        elif form is Form.CODES and column.codes is not None:
            total += column.codes[index] != column.codes[centre]
        elif form is Form.TOKENS and column.tokens is not None:
            mine = set(column.tokens[centre].tolist())
            total += [1 - len(mine & set(column.tokens[at].tolist())) / (len(mine) or 1) for at in index]
        elif column.pixels is not None:
            gap = column.pixels[index].astype(np.float64) - column.pixels[centre]
            total += np.sqrt((gap**2).mean(axis=(1, 2, 3))) / 64
    return np.asarray(total)
