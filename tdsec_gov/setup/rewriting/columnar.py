"""Rewrite one column of Parquet and Arrow files, batch by batch; schema, row groups and compression stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.tables import guarded
from tdsec_gov.errors import UsageError
from tdsec_gov.setup.rewriting.change import Change


def rewrite_parquet(file: DataFile, made: Path, change: Change, *, whole: bool) -> int:
    """Write the changed table to ``made``; returns how many values changed. Raises Unreadable, UsageError."""
    from pyarrow import parquet

    count = 0
    with guarded(file), parquet.ParquetFile(file.location, page_checksum_verification=True) as table:
        schema = _schema(table.schema_arrow, change, file.path)
        used = table.metadata.row_group(0).column(0).compression if table.num_row_groups else "SNAPPY"
        codec = "NONE" if used == "UNCOMPRESSED" else used
        with parquet.ParquetWriter(made, schema, compression=codec) as out:
            for number in range(table.num_row_groups):
                group = table.read_row_group(number, use_threads=False)
                changed = 0
                batches = []
                for batch in group.to_batches(max_chunksize=1 << 16):
                    new, changed = _batch(batch, schema, change, whole)
                    batches.append(new)
                    count += changed
                out.write_table(_table(batches, schema), row_group_size=max(1, group.num_rows))
    return count


def rewrite_arrow(file: DataFile, made: Path, change: Change, *, whole: bool) -> int:
    """As :func:`rewrite_parquet`, for Arrow IPC and Feather files."""
    import pyarrow
    from pyarrow import ipc

    count = 0
    with guarded(file), pyarrow.memory_map(str(file.location)) as source, ipc.open_file(source) as table:
        schema = _schema(table.schema, change, file.path)
        with ipc.new_file(str(made), schema) as out:
            for number in range(table.num_record_batches):
                new, changed = _batch(table.get_batch(number), schema, change, whole)
                out.write_batch(new)
                count += changed
    return count


def _table(batches: list[Any], schema: Any) -> Any:
    import pyarrow

    return pyarrow.Table.from_batches(batches, schema)


def _schema(schema: Any, change: Change, path: str) -> Any:
    """The schema after the change: the column gone, or of strings where it held others.

    Raises UsageError: the column is nested, and would have to be changed inside.
    """
    import pyarrow
    from pyarrow import types

    place = schema.get_field_index(change.column)
    if change.how == "drop":
        return schema.remove(place)
    field = schema.field(place)
    if types.is_nested(field.type):
        raise UsageError(
            "the column is nested", where=path, found=str(field.type)[:60], hint="give --how drop"
        )
    if types.is_string(field.type) or types.is_large_string(field.type):
        return schema
    return schema.set(place, field.with_type(pyarrow.string()))


def _batch(batch: Any, schema: Any, change: Change, whole: bool) -> tuple[Any, int]:
    import pyarrow

    place = batch.schema.get_field_index(change.column)
    columns = list(batch.columns)
    old = columns.pop(place)
    if change.how == "drop":
        count = len(old) - old.null_count
        return pyarrow.RecordBatch.from_arrays(columns, schema=schema), count
    texts = [None if one is None else one if isinstance(one, str) else str(one) for one in old.to_pylist()]
    new = [text if not text else change.value(text, whole=whole) for text in texts]
    columns.insert(place, pyarrow.array(new, schema.field(place).type))
    changed = sum(a != b for a, b in zip(texts, new, strict=True))
    return pyarrow.RecordBatch.from_arrays(columns, schema=schema), changed
