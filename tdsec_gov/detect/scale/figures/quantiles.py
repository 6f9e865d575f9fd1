"""Quantiles of number columns with a relative error of 1 %: DDSketch (Masson et al. 2019), which merges."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tdsec_gov.detect.types import FloatArray

if TYPE_CHECKING:
    import polars

ERROR = 0.01
_BASE = np.log((1 + ERROR) / (1 - ERROR))
_SMALL = 1e-12
_SHIFT = 10_000
"""Positive numbers have bins above 0, negative ones below; numbers nearer to 0 than 1e-12 share bin 0."""

Sketch = Counter[int]


class Quantiles:
    """For each number column a :data:`Sketch`: rows by bin. Missing and infinite numbers are left out."""

    name: ClassVar[str] = "quantiles"

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> dict[str, Sketch]:
        import polars as pl

        found = {}
        for name in content.columns:
            if content.schema[name].is_numeric():
                values = content[name].cast(pl.Float64).drop_nulls().to_numpy()
                found[name] = _sketch(values[np.isfinite(values)])
        return found

    def merge(self, left: dict[str, Sketch], right: dict[str, Sketch]) -> dict[str, Sketch]:
        return {name: left[name] + right[name] for name in left}

    def finish(self, whole: dict[str, Sketch]) -> dict[str, Sketch]:
        return whole


def quantile(sketch: Sketch, share: float) -> float:
    """The number below which ``share`` of the rows lie, within 1 %; nan without rows."""
    bins = sorted(sketch)
    if not bins:
        return float("nan")
    below = np.cumsum([sketch[one] for one in bins])
    place = int(np.searchsorted(below, share * (below[-1] - 1), side="right"))
    chosen = bins[min(place, len(bins) - 1)]
    if chosen == 0:
        return 0.0
    size = 2 * np.exp((abs(chosen) - _SHIFT) * _BASE) / (1 + np.exp(_BASE))
    return float(np.sign(chosen) * size)


def _sketch(values: FloatArray) -> Sketch:
    size = np.abs(values)
    with np.errstate(divide="ignore"):
        power = np.ceil(np.log(np.maximum(size, _SMALL)) / _BASE) + _SHIFT
    bins, counts = np.unique(np.where(size <= _SMALL, 0, np.sign(values) * power), return_counts=True)
    return Counter(dict(zip(bins.astype(np.int64).tolist(), counts.tolist(), strict=True)))
