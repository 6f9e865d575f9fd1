"""pandas, polars and Arrow: columns keep their names and types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tdsec_gov.detect.estimators.inputs.given import Given, counted, of_frame, of_texts
from tdsec_gov.detect.estimators.inputs.values import series_of

if TYPE_CHECKING:
    import polars


def from_polars(frame: Any) -> Given:
    """A frame, a lazy frame (collected), or a series of texts. Raises ValueError, TypeError."""
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.Series):
        return _texts(frame)
    objects = [name for name, kind in frame.schema.items() if kind == pl.Object]
    made = [series_of(name, frame[name].to_list()) for name in objects]
    return of_frame(frame.with_columns(made))


def from_pandas(frame: Any) -> Given:
    """A data frame, whose index plays no part, or a series of texts. Raises ValueError, TypeError."""
    import polars as pl

    if frame.ndim == 1:
        return _texts(series_of("text", frame.tolist()))
    counted(*frame.shape)
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise ValueError("X has two columns of one name.")
    return of_frame(pl.DataFrame([pandas_series(name, frame.iloc[:, at]) for at, name in enumerate(names)]))


def pandas_series(name: str, column: Any) -> polars.Series:
    """One column, its index left out. Raises ValueError, TypeError."""
    import polars as pl

    kind = str(column.dtype)
    if kind == "object":
        return series_of(name, column.tolist())
    if kind.startswith("complex"):
        raise ValueError("Complex data not supported.")
    if kind.startswith("Sparse"):
        column = column.sparse.to_dense()
    if kind == "category":
        return series_of(name, column.astype(object).tolist())
    return pl.Series(name, pl.from_pandas(column.reset_index(drop=True)))


def _texts(series: polars.Series) -> Given:
    import polars as pl

    if series.dtype != pl.String:
        raise ValueError("Expected 2D array, got 1D array instead: only texts may come as a single series.")
    return of_texts(series.to_list())
