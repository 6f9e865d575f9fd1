"""Open a table for the rules: decoded strictly by pyarrow first, then lazy, in constant memory.

polars was seen to read malformed Parquet in silence, so nothing reaches it that pyarrow has not decoded as
a whole with page checksums; both must then agree on columns and rows. Statistics in the file are not used:
a footer that lies about a minimum would hide rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.schema.frame import Frame, Tally
from tdsec_gov.checks.schema.spill import Types, spilled
from tdsec_gov.checks.tables import TEXT_FORMATS, guarded, scan_batches, table_format


@contextmanager
def opened(file: DataFile, types: Types, *, again: bool = False) -> Iterator[Frame]:
    """The table ``file`` as a :class:`~tdsec_gov.checks.schema.frame.Frame`, valid inside the block.

    Faults of the data that show only inside the block become Unreadable, too. ``again``: these bytes were
    decoded strictly before, so Parquet and Arrow need not be (``height`` and ``empty`` are then not told).

    Raises:
        Unreadable: as :func:`tdsec_gov.checks.tables.read_table`, or two readers disagree.
    """
    if table_format(file) in TEXT_FORMATS:
        with spilled(file, types) as frame:
            yield frame
        return
    with guarded(file):
        lazy = _lazy(file)
        names = tuple(lazy.collect_schema().names())
        if again:
            yield Frame(lazy, 0, names, {})
            return
        rows, empty, full = decoded(file)
        height = int(_length(lazy))
        if names != tuple(empty) or height != rows:
            expected = f"{rows} rows, {len(empty)} columns (pyarrow)"
            found = f"{height} rows, {len(names)} columns (polars)"
            raise Unreadable("readers disagree on the table", where=file.path, expected=expected, found=found)
        yield Frame(lazy, rows, names, empty, full=full)


def decoded(file: DataFile) -> tuple[int, dict[str, Tally], frozenset[str]]:
    """Rows, null values by column, and columns without null and NaN, of a whole table that is not text.

    Raises:
        Unreadable: as :func:`tdsec_gov.checks.tables.scan_batches`.
    """
    rows = 0
    gaps: set[str] = set()
    empty: dict[str, Tally] = {}
    for batch in scan_batches(file, threads=True):
        rows += batch.num_rows
        for field, column in zip(batch.schema, batch.columns, strict=True):
            empty.setdefault(field.name, Tally()).count += column.null_count
            if field.name not in gaps and (column.null_count or _has_nan(column)):
                gaps.add(field.name)
    return rows, empty, frozenset(set(empty) - gaps)


def _has_nan(column: Any) -> bool:
    import pyarrow
    from pyarrow import compute

    return pyarrow.types.is_floating(column.type) and bool(compute.any(compute.is_nan(column)).as_py())


def _lazy(file: DataFile) -> Any:
    import polars

    if table_format(file) == "parquet":
        return polars.scan_parquet(file.location, glob=False, use_statistics=False)
    return polars.scan_ipc(file.location, glob=False)


def _length(lazy: Any) -> Any:
    import polars

    return lazy.select(polars.len()).collect().item()
