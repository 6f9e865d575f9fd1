"""Labels: one for each row, whatever holds them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.detect.estimators.inputs.frames import pandas_series
from tdsec_gov.detect.estimators.inputs.torches import as_array
from tdsec_gov.detect.estimators.inputs.values import array_series, series_of

if TYPE_CHECKING:
    import polars

NAME = "y"


def labels_of(y: Any, rows: int) -> polars.Series:
    """``y`` as a series of ``rows`` labels, with the name that it brings along, or ``y``.

    Raises:
        ValueError: another number of rows, more than one column, a continuous target, too many classes.
        TypeError: values that are no labels.
    """
    import polars as pl

    from tdsec_gov.detect.contract import NotRunnable
    from tdsec_gov.detect.scale.labels import Labels

    series = _series(y)
    if len(series) != rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: [{rows}, {len(series)}]"
        )
    if series.dtype.is_nested() or series.dtype in (pl.Binary, pl.Object):
        raise TypeError("y holds lists, structures or bytes: argument must be a string or a number.")
    try:
        Labels().look(series)
    except NotRunnable as exc:
        raise ValueError(f"Unknown label type: {exc}.") from None
    if series.null_count() == rows:
        raise ValueError("y is empty: give labels, or y=None for what needs none.")
    return series


def _series(y: Any) -> polars.Series:
    import polars as pl

    if isinstance(y, pl.DataFrame) and y.width == 1:
        y = y.to_series()
    if isinstance(y, pl.Series):
        return y
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(y, pandas.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if pandas is not None and isinstance(y, pandas.Series):
        return pandas_series(NAME if y.name is None else str(y.name), y)
    if hasattr(y, "detach") and hasattr(y, "cpu"):
        y = as_array(y)
    if isinstance(y, list | tuple):
        return series_of(NAME, list(y))
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"y should be a 1d array, got an array of shape {values.shape} instead.")
    return array_series(NAME, values)
