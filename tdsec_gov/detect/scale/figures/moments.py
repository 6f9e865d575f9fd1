"""Means and covariances of the number columns by class, in one pass (Chan, Golub & LeVeque 1983)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tdsec_gov.detect.types import FloatArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Moments:
    """``rows`` of a class, the ``mean`` of each number column, and ``scatter``, the sum of outer products
    of differences from it: shapes (), (columns,), (columns, columns)."""

    rows: int
    mean: FloatArray
    scatter: FloatArray

    @property
    def covariance(self) -> FloatArray:
        return np.asarray(self.scatter / max(1, self.rows - 1))


class ClassMoments:
    """:class:`Moments` by label. Missing and infinite numbers count as the column's ``centre`` (0)."""

    name: ClassVar[str] = "moments"

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> dict[str | None, Moments]:
        import polars as pl

        values = numbers(content)
        text = labels.cast(pl.String)
        found = {}
        for label in sorted(text.unique().to_list(), key=lambda one: (one is not None, one)):
            here = values[text.eq_missing(pl.Series([label], dtype=pl.String)).to_numpy()]
            mean = here.mean(axis=0)
            apart = here - mean
            found[label] = Moments(here.shape[0], mean, apart.T @ apart)
        return found

    def merge(
        self, left: dict[str | None, Moments], right: dict[str | None, Moments]
    ) -> dict[str | None, Moments]:
        return {
            label: _both(left[label], right[label])
            if label in left and label in right
            else left.get(label) or right[label]
            for label in sorted(left.keys() | right.keys(), key=lambda one: (one is not None, one))
        }

    def finish(self, whole: dict[str | None, Moments]) -> dict[str | None, Moments]:
        return whole


def _both(left: Moments, right: Moments) -> Moments:
    rows = left.rows + right.rows
    apart = right.mean - left.mean
    scatter = left.scatter + right.scatter + np.outer(apart, apart) * (left.rows * right.rows / rows)
    return Moments(rows, left.mean + apart * (right.rows / rows), scatter)


def numbers(content: polars.DataFrame) -> FloatArray:
    """Number columns as an array (rows, columns); what is not finite is 0."""
    import polars as pl

    names = [name for name in content.columns if content.schema[name].is_numeric()]
    columns = [content[name].cast(pl.Float64).fill_null(0.0).to_numpy() for name in names]
    if not columns:
        return np.zeros((content.height, 0))
    values = np.stack(columns, axis=1)
    return np.where(np.isfinite(values), values, 0.0)
