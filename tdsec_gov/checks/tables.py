"""Read tables strictly: CSV, TSV, JSON lines (each also .gz .zst .bz2 .xz), Parquet and Arrow/Feather.

The suffix of the logical path tells the format, the bytes must agree. Whatever does not parse as a
whole raises :class:`~tdsec_gov.checks.contract.Unreadable`, whose text names the place and the kind
of fault and never the contents. pyarrow decodes (polars was seen to accept malformed Parquet in
silence), polars is what callers get.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.textstream import COMPRESSED, CheckedText, json_lines, open_text

if TYPE_CHECKING:
    import polars

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
TEXT_FORMATS = ("csv", "tsv", "jsonl")
NULLS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
MAX_DECODED = 8 << 30
MAX_RATIO = 200
BATCH_ROWS = 32_768
_BLOCK = 4 << 20
_RAGGED = re.compile(r"(?:Row #(\d+): )?Expected (\d+) columns, got (\d+)")


def table_format(file: DataFile) -> str | None:
    """``csv``, ``tsv``, ``jsonl``, ``parquet``, ``arrow``, or None when ``file`` is no table."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(file.path).suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        inner = FORMATS.get(suffixes[-2]) if len(suffixes) > 1 else None
        return inner if inner in TEXT_FORMATS else None
    return FORMATS.get(suffixes[-1]) if suffixes else None


def is_table(file: DataFile) -> bool:
    """Whether :func:`read_table` knows the format that ``file.path`` promises."""
    return table_format(file) is not None


def read_table(file: DataFile, *, as_written: Sequence[str] = ()) -> polars.DataFrame:
    """The whole table, with types inferred for text formats (empty, NA, NaN and null mean null).

    Columns of CSV and TSV named in ``as_written`` stay strings, whatever they look like.

    Raises:
        Unreadable: not of the format, damaged, without rows, or a column name is used twice.
    """
    import polars
    import pyarrow

    with guarded(file):
        table = _read(file, table_format(file), as_written)
        table.validate(full=True)
        _refuse_bad_columns(file, table.schema)
        if table.num_rows == 0:
            raise Unreadable("table holds no rows", where=file.path, expected="at least one row")
        frame = polars.from_arrow(pyarrow.Table.from_batches(table.to_batches(), table.schema))
    if not isinstance(frame, polars.DataFrame):
        raise Unreadable("table has no columns", where=file.path)
    return frame


def scan_batches(
    file: DataFile, *, types: Mapping[str, Any] | None = None, threads: bool = False
) -> Iterator[Any]:
    """The table as ``pyarrow.RecordBatch`` in constant memory.

    Columns of CSV and TSV are all strings, exactly as written. Batches of JSON lines are typed each
    on their own, so a column may change its type between batches; ``types`` (pyarrow types by column)
    settles it. ``threads`` decodes Parquet on all cores, for more memory.

    Raises:
        Unreadable: as :func:`read_table`; possibly after some batches were handed out.
    """
    rows = decoded = 0
    with guarded(file):
        for batch in _scan(file, table_format(file), types, threads):
            if rows == 0:
                _refuse_bad_columns(file, batch.schema)
            batch.validate(full=True)
            rows += batch.num_rows
            decoded += batch.nbytes
            if decoded > MAX_RATIO * file.size:
                _refuse_bomb(file, decoded)
            if batch.num_rows:
                yield batch
    if rows == 0:
        raise Unreadable("table holds no rows", where=file.path, expected="at least one row")


@contextmanager
def guarded(file: DataFile) -> Iterator[None]:
    """What pyarrow and polars raise over ``file`` becomes Unreadable, without a word of its contents."""
    import polars
    import pyarrow

    faults = (
        pyarrow.ArrowException,
        polars.exceptions.PolarsError,
        polars.exceptions.PanicException,
        OSError,
        EOFError,
        ValueError,
        OverflowError,
        MemoryError,
        RecursionError,
    )
    try:
        yield
    except faults as exc:
        raise _refusal(file, exc) from None


def _refusal(file: DataFile, exc: Exception) -> Unreadable:
    """Of the library's message only numbers are kept: the rest may quote the data."""
    ragged = _RAGGED.search(str(exc))
    if ragged:
        row, expected, found = ragged.groups()
        where = f"{file.path}, line {row}" if row else file.path
        return Unreadable(
            "a row is ragged", where=where, expected=f"{expected} values", found=f"{found} values"
        )
    promised = table_format(file) or "a table"
    return Unreadable("table cannot be read", where=file.path, expected=promised, found=type(exc).__name__)


def _read(file: DataFile, kind: str | None, as_written: Sequence[str]) -> Any:
    import pyarrow
    from pyarrow import csv

    if kind in ("csv", "tsv"):
        types = dict.fromkeys(as_written, pyarrow.string())
        convert = csv.ConvertOptions(null_values=list(NULLS), strings_can_be_null=True, column_types=types)
        with open_text(file) as stream:
            table = csv.read_csv(stream, *_csv_options(kind), convert)
            _refuse_open_quote(file, stream, table)
            return table
    if kind == "jsonl":
        return _read_jsonl(file)
    batches, decoded = [], 0
    schema = None
    for batch in _scan(file, kind):
        decoded += batch.nbytes
        _refuse_bomb(file, decoded)
        batches.append(batch)
        schema = schema or batch.schema
    if schema is None:
        raise Unreadable("table holds no rows", where=file.path, expected="at least one row")
    return pyarrow.Table.from_batches(batches, schema)


def _scan(
    file: DataFile, kind: str | None, types: Mapping[str, Any] | None = None, threads: bool = False
) -> Iterator[Any]:
    if kind in ("csv", "tsv"):
        return _scan_csv(file, kind)
    if kind == "jsonl":
        return _scan_jsonl(file, types)
    if kind == "parquet":
        return _scan_parquet(file, threads)
    if kind == "arrow":
        return _scan_arrow(file)
    raise Unreadable("not a table", where=file.path, expected=" ".join(sorted(FORMATS)))


def _csv_options(kind: str) -> tuple[Any, Any]:
    from pyarrow import csv

    read = csv.ReadOptions(use_threads=False, block_size=_BLOCK)
    parse = csv.ParseOptions(delimiter="," if kind == "csv" else "\t", newlines_in_values=True)
    return read, parse


def _scan_csv(file: DataFile, kind: str) -> Iterator[Any]:
    import pyarrow
    from pyarrow import csv

    read, parse = _csv_options(kind)
    with open_text(file) as stream, csv.open_csv(stream, read, parse) as peek:
        names = peek.schema.names
    types = dict.fromkeys(names, pyarrow.string())
    convert = csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False)
    with open_text(file) as stream, csv.open_csv(stream, read, parse, convert) as reader:
        batch = None
        for batch in reader:
            yield batch
        _refuse_open_quote(file, stream, batch)


def _refuse_open_quote(file: DataFile, stream: io.BufferedReader, last: Any) -> None:
    """pyarrow reads a quote that never closes as one value to the end of the file; other readers do not."""
    quotes = stream.raw.quotes if isinstance(stream.raw, CheckedText) else 0
    if quotes % 2 == 0 or last is None or last.num_rows == 0:
        return
    row = last.slice(last.num_rows - 1).to_pylist()[0]
    if any(isinstance(value, str) and "\n" in value for value in row.values()):
        raise Unreadable("a quoted value does not end", where=file.path, expected=table_format(file))


def _scan_jsonl(file: DataFile, types: Mapping[str, Any] | None) -> Iterator[Any]:
    with open_text(file) as stream:
        for lines in json_lines(file, stream, _BLOCK):
            yield from _parse_jsonl(file, lines, types).to_batches()


def _read_jsonl(file: DataFile) -> Any:
    with open_text(file) as stream:
        return _parse_jsonl(file, [line for lines in json_lines(file, stream, _BLOCK) for line in lines])


def _parse_jsonl(file: DataFile, lines: list[bytes], types: Mapping[str, Any] | None = None) -> Any:
    import pyarrow
    from pyarrow import json

    data = b"".join(lines)
    options = json.ReadOptions(use_threads=False, block_size=max(len(data) + 1, 1024))
    parse = json.ParseOptions(explicit_schema=None if types is None else pyarrow.schema(list(types.items())))
    table = json.read_json(io.BytesIO(data), options, parse)
    if table.num_rows != len(lines):
        raise Unreadable("a line is not one JSON object", where=file.path, expected="JSON lines")
    return table


def _scan_parquet(file: DataFile, threads: bool) -> Iterator[Any]:
    from pyarrow import parquet

    with parquet.ParquetFile(file.location, memory_map=True, page_checksum_verification=True) as table:
        yield from table.iter_batches(batch_size=BATCH_ROWS, use_threads=threads)


def _scan_arrow(file: DataFile) -> Iterator[Any]:
    import pyarrow
    from pyarrow import ipc

    with pyarrow.memory_map(str(file.location)) as source, ipc.open_file(source) as reader:
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)


def _refuse_bad_columns(file: DataFile, schema: Any) -> None:
    import pyarrow

    names = list(schema.names)
    if not names:
        raise Unreadable("table has no columns", where=file.path)
    if len(set(names)) != len(names):
        raise Unreadable("a column name is used twice", where=file.path, found=f"{len(names)} columns")
    if table_format(file) in ("csv", "tsv") and any(pyarrow.types.is_binary(one) for one in schema.types):
        raise Unreadable("text is not UTF-8", where=file.path)


def _refuse_bomb(file: DataFile, decoded: int) -> None:
    if decoded > MAX_DECODED:
        limit = f"at most {MAX_DECODED >> 20} MiB"
        raise Unreadable("table decodes to more than the budget", where=file.path, expected=limit)
