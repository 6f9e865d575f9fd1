"""Read a text table with the types that its schema means: text has no types of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.tables import read_table, table_format

if TYPE_CHECKING:
    import polars


def fit_types(file: DataFile, schema: Any) -> polars.DataFrame:
    """The table of ``file``; where it is text, columns take the declared type when all values fit.

    A column declared String stays as written (``007`` stays ``007``), whole numbers may stand for
    floats or smaller integers, and an empty column may stand for any type. Nothing else is changed,
    so a column that does not fit is reported as such. Parquet and Arrow are taken as they are.

    Raises:
        Unreadable: as :func:`tdsec_gov.checks.tables.read_table`.
    """
    import polars

    wanted = {name: column.dtype.type for name, column in schema.columns.items() if column.dtype is not None}
    if table_format(file) not in ("csv", "tsv", "jsonl"):
        return read_table(file)
    as_written = [name for name, dtype in wanted.items() if dtype == polars.String]
    frame = read_table(file, as_written=as_written)
    return frame.with_columns(
        [_fit(frame[name], dtype) for name, dtype in wanted.items() if name in frame.columns]
    )


def _fit(series: polars.Series, dtype: Any) -> polars.Series:
    import polars

    found = series.dtype
    widens = found.is_integer() and dtype.is_numeric()
    unit = isinstance(found, polars.Datetime) and dtype.base_type() is polars.Datetime
    if found == dtype or not (found == polars.Null or widens or unit):
        return series
    try:
        return series.cast(dtype, strict=True)
    except polars.exceptions.PolarsError:
        return series
