"""Python values of one column as a typed series: whole numbers, decimals, truth values, times or texts."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars

_MISSING_TYPES = ("NAType", "NaTType")
_TIMES = (dt.date, dt.datetime, dt.time, dt.timedelta)


def series_of(name: str, values: Sequence[Any]) -> polars.Series:
    """None, nan and pandas' NA are missing; numbers among texts become texts.

    Raises:
        TypeError: a value is no number, truth value, time or text.
        ValueError: complex numbers.
    """
    import polars as pl

    plain = [_plain(one) for one in values]
    kinds = {_kind(one) for one in plain if one is not None}
    if "other" in kinds:
        raise TypeError(f"Values of column {name!r}: argument must be a string or a number.")
    if kinds <= {"bool"}:
        return pl.Series(name, plain, dtype=pl.Boolean if kinds else pl.Null)
    if kinds <= {"bool", "whole"} and all(-(2**63) <= one < 2**63 for one in plain if one is not None):
        return pl.Series(name, [None if one is None else int(one) for one in plain], dtype=pl.Int64)
    if kinds <= {"bool", "whole", "decimal"}:
        return pl.Series(name, [None if one is None else float(one) for one in plain], dtype=pl.Float64)
    if kinds == {"time"} and len({type(one) for one in plain if one is not None}) == 1:
        return pl.Series(name, plain)
    return pl.Series(name, [None if one is None else str(one) for one in plain], dtype=pl.String)


def array_series(name: str, values: np.ndarray[Any, Any]) -> polars.Series:
    """A numpy array of shape (rows,), copied. Raises as :func:`series_of`."""
    import polars as pl

    kind = values.dtype.kind
    if kind == "c":
        raise ValueError("Complex data not supported.")
    if kind == "f" and values.dtype.itemsize not in (4, 8):
        values = values.astype(np.float64)
    if kind in "biufmM":
        return pl.Series(name, np.array(values, copy=True))
    if kind in "UT":
        return pl.Series(name, values.tolist(), dtype=pl.String)
    if kind == "O":
        return series_of(name, values.tolist())
    raise TypeError(f"Values of column {name!r}: argument must be a string or a number.")


def _plain(value: Any) -> Any:
    """The value without its numpy type; None where it is missing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return None
    if isinstance(value, float) and value != value:
        return None
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, numbers.Integral):
        return "whole"
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        raise ValueError("Complex data not supported.")
    if isinstance(value, numbers.Number):
        return "decimal"
    if isinstance(value, str):
        return "text"
    return "time" if isinstance(value, _TIMES) else "other"
