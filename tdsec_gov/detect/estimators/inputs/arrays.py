"""numpy: numbers or objects in two dimensions, texts in one, images as uint8 in three or four."""

from __future__ import annotations

from typing import Any

import numpy as np

from tdsec_gov.detect.estimators.inputs import pictures
from tdsec_gov.detect.estimators.inputs.given import Given, counted, of_frame, of_texts
from tdsec_gov.detect.estimators.inputs.values import array_series

Array = np.ndarray[Any, Any]


def from_array(values: Array) -> Given:
    """Columns are called x0, x1, ...

    Raises:
        ValueError: another shape, no row, no column, complex numbers.
        TypeError: values that are no numbers, times or texts.
    """
    if values.dtype.names is not None:
        raise TypeError("X is an array of records: give a data frame, whose columns have names.")
    if values.ndim in (3, 4) and values.dtype == np.uint8:
        return pictures.from_array(values)
    if values.ndim == 1 and is_text(values):
        return of_texts(values.tolist())
    if values.ndim == 0:
        raise ValueError("Expected 2D array, got scalar array instead. Give rows and columns.")
    if values.ndim == 1:
        raise ValueError(
            "Expected 2D array, got 1D array instead. Reshape your data either using array.reshape(-1, 1) if "
            "your data has a single feature or array.reshape(1, -1) if it contains a single sample."
        )
    if values.ndim > 2:
        raise ValueError(
            f"Found array with dim {values.ndim}, while dim <= 2 is required by PoisonDetector: images "
            "are uint8 of shape (n, height, width) or (n, height, width, channels)."
        )
    return from_matrix(values)


def from_matrix(values: Array) -> Given:
    """Shape (rows, columns). Raises as :func:`from_array`."""
    import polars as pl

    counted(*values.shape)
    return of_frame(pl.DataFrame([array_series(f"x{at}", values[:, at]) for at in range(values.shape[1])]))


def is_text(values: Array) -> bool:
    """Whether an array of one dimension holds nothing but texts (and missing ones)."""
    if values.dtype.kind in "UT":
        return True
    if values.dtype.kind != "O" or values.size == 0:
        return False
    return isinstance(next((one for one in values if one is not None), None), str) and all(
        one is None or isinstance(one, str) for one in values
    )
