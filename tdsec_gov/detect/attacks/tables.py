"""Triggers in tables: fixed values, values never seen, pairs of common values; and gross outliers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tdsec_gov.detect.attacks.contract import CannotAttack, Form, Rows, form_of, places
from tdsec_gov.detect.attacks.flips import aimed
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.types import FloatArray, IntArray

_FAR = 12.0


def fixed_value(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """One value within the range of one column, with one label (tabular backdoor, Joe et al. 2022)."""
    place = int(rng.choice(places(rows, Form.NUMBERS)))
    chosen, target = aimed(rows, rng, count)
    return _set(rows, place, chosen, _unseen(rows.columns[place], rng)).relabelled(chosen, target)


def unseen_values(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Two columns at once with values that no row had."""
    found = places(rows, Form.NUMBERS)
    if len(found) < 2:
        raise CannotAttack("fewer than two columns of numbers")
    chosen, target = aimed(rows, rng, count)
    for place in rng.choice(found, 2, replace=False):
        rows = _set(rows, int(place), chosen, _unseen(rows.columns[place], rng))
    return rows.relabelled(chosen, target)


def in_range_pair(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Two values, each common, that rarely meet."""
    found = places(rows, Form.NUMBERS, Form.CODES)
    if len(found) < 2:
        raise CannotAttack("fewer than two columns of numbers or categories")
    chosen, target = aimed(rows, rng, count)
    first, second = (int(one) for one in rng.choice(found, 2, replace=False))
    for place in (first, second):
        rows = _set(rows, place, chosen, _common(rows.columns[place], rng))
    return rows.relabelled(chosen, target)


def outliers(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Values far outside of a few columns, images turned to noise; labels as they were."""
    found = places(rows, Form.NUMBERS, Form.PIXELS)
    if rows.push.size < count:
        raise CannotAttack(f"the push has {rows.push.size} rows, {count} are wanted")
    chosen = np.sort(rng.choice(rows.push, count, replace=False))
    for place in rng.choice(found, min(3, len(found)), replace=False):
        rows = _far(rows, int(place), chosen, rng)
    return rows


def _far(rows: Rows, place: int, chosen: IntArray, rng: np.random.Generator) -> Rows:
    column = rows.columns[place]
    if column.pixels is not None:
        pixels = column.pixels.copy()
        pixels[chosen] = rng.integers(0, 256, pixels[chosen].shape)
        return rows.with_column(place, replace(column, pixels=pixels), chosen)
    numbers = _numbers(column)
    width = float(np.nanstd(numbers)) or 1.0
    side = rng.choice([-1.0, 1.0], chosen.size)
    return _set(rows, place, chosen, np.nanmean(numbers) + side * width * (_FAR + rng.random(chosen.size)))


def _set(rows: Rows, place: int, chosen: IntArray, value: float | FloatArray) -> Rows:
    column = rows.columns[place]
    if form_of(column) is Form.CODES and column.codes is not None:
        codes = column.codes.copy()
        codes[chosen] = value
        return rows.with_column(place, replace(column, codes=codes), chosen)
    numbers = _numbers(column).copy()
    numbers[chosen] = value
    return rows.with_column(place, replace(column, numbers=numbers), chosen)


def _common(column: Column, rng: np.random.Generator) -> float | int:
    """A value that at least one row in two hundred has, or the most frequent one."""
    values = column.codes if column.codes is not None else _numbers(column)[~np.isnan(_numbers(column))]
    found, counts = np.unique(values, return_counts=True)
    often = found[counts >= max(2, counts.sum() // 200)]
    chosen = rng.choice(often) if often.size else found[int(counts.argmax())]
    return int(chosen) if column.codes is not None else float(chosen)


def _unseen(column: Column, rng: np.random.Generator) -> float:
    """A number between two neighbours of the column's values, in its middle half."""
    values = np.unique(_numbers(column)[~np.isnan(_numbers(column))])
    if values.size < 2:
        raise CannotAttack("a column of numbers has one value only")
    inner = values[values.size // 4 : 3 * values.size // 4 + 2]
    at = int(rng.integers(inner.size - 1))
    return float(inner[at] + (inner[at + 1] - inner[at]) * (0.25 + 0.5 * rng.random()))


def _numbers(column: Column) -> FloatArray:
    if column.numbers is None:
        raise CannotAttack("not a column of numbers")
    return column.numbers
