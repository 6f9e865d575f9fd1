"""Several tests at once: Holm's step-down over tests, Benjamini-Hochberg over rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tdsec_gov.detect.types import BoolArray, FloatArray


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values (Holm 1979): a test is rejected at alpha when its own is at most alpha, and the
    chance of any false rejection stays below alpha whatever the dependence."""
    order = sorted(p_values, key=lambda name: (p_values[name], name))
    adjusted, last = {}, 0.0
    for place, name in enumerate(order):
        last = max(last, min(1.0, (len(order) - place) * p_values[name]))
        adjusted[name] = last
    return adjusted


def benjamini_hochberg(p_values: FloatArray, share: float) -> BoolArray:
    """Rows rejected with a false discovery rate of at most ``share`` (Benjamini & Hochberg 1995).

    ``p_values`` has shape (rows,); nan is never rejected and does not count.
    """
    tested = ~np.isnan(p_values)
    ranked = np.sort(p_values[tested])
    passing = np.flatnonzero(ranked <= share * np.arange(1, ranked.size + 1) / max(1, ranked.size))
    limit = ranked[passing[-1]] if passing.size else -1.0
    return np.asarray(tested & (np.nan_to_num(p_values, nan=2.0) <= limit))
