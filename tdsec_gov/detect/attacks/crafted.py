"""Clean-label poison that is computed: rows of one class moved, within a bound, to where another lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tdsec_gov.detect.attacks.contract import Form, Rows, form_of, places
from tdsec_gov.detect.attacks.flips import aimed
from tdsec_gov.detect.models.label import fit
from tdsec_gov.detect.types import FloatArray, IntArray

_PIXEL_BOUND = 48.0
_NUMBER_BOUND = 0.75
"""Standard deviations."""


def collision(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Rows of the target class drawn towards one row of another class (Shafahi et al. 2018)."""
    chosen, target = aimed(rows, rng, count, clean=True)
    others = rows.push[rows.labels[rows.push] != target]
    base = int(rng.choice(others if others.size else rows.push))
    for place in places(rows, Form.NUMBERS, Form.PIXELS):
        rows = _moved(rows, place, chosen, _toward(rows, place, chosen, base))
    return rows


def gradient(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Numbers moved along the sign of a linear model's gradient, away from their own class (after Geiping
    et al. 2021: the gradient of the poison is that of the wanted mistake)."""
    chosen, target = aimed(rows, rng, count, clean=True)
    found = places(rows, Form.NUMBERS)
    model = fit([rows.columns[at] for at in found], rows.labels, rows.classes, rows.push)
    wanted = int((target + 1 + rng.integers(rows.classes - 1)) % rows.classes)
    for number, place in enumerate(found):
        slope = model.parts[number][0, wanted] - model.parts[number][0, target]
        spread = float(np.nanstd(_values(rows, place))) or 1.0
        rows = _moved(rows, place, chosen, np.sign(slope) * _NUMBER_BOUND * spread)
    return rows


def _values(rows: Rows, place: int) -> FloatArray:
    column = rows.columns[place]
    values = column.numbers if column.numbers is not None else column.pixels
    if values is None:
        raise ValueError("neither numbers nor pixels")
    return values.astype(np.float64)


def _toward(rows: Rows, place: int, chosen: IntArray, base: int) -> FloatArray:
    values = _values(rows, place)
    pixels = form_of(rows.columns[place]) is Form.PIXELS
    bound = _PIXEL_BOUND if pixels else _NUMBER_BOUND * (float(np.nanstd(values)) or 1.0)
    return np.asarray(np.clip(values[base] - values[chosen], -bound, bound))


def _moved(rows: Rows, place: int, chosen: IntArray, by: FloatArray | float) -> Rows:
    column, values = rows.columns[place], _values(rows, place)
    values[chosen] += by
    if column.pixels is not None:
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return rows.with_column(place, replace(column, pixels=pixels), chosen)
    return rows.with_column(place, replace(column, numbers=values), chosen)
