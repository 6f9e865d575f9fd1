"""Tables in Croissant: encoding formats, and a RecordSet with a Field per column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.refusals import shown_column

_FORMATS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".parquet": "application/x-parquet",
    ".json": "application/json",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".gz": "application/gzip",
    ".zip": "application/zip",
    ".tar": "application/x-tar",
}
_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def encoding(path: str) -> str:
    """The media type that Croissant's readers know a file by."""
    return _FORMATS.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def record_set(file: DataFile, ident: str) -> dict[str, Any] | None:
    """The RecordSet of one table whose FileObject is ``ident``; None for what is no table, or holds no rows.

    The table is read once as a stream, for names and types of the columns.
    """
    from tdsec_gov.checks.tables import scan_batches

    if PurePosixPath(file.path).suffix.lower() not in _TABLES:
        return None
    try:
        kinds = _kinds(scan_batches(file))
    except Unreadable:
        return None
    plain = [name for number, name in enumerate(kinds) if shown_column(name, number) == name]
    keys = idents(plain)
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{ident}#{keys[name]}",
            "name": name,
            "dataType": kinds[name],
            "source": {"fileObject": {"@id": ident}, "extract": {"column": name}},
        }
        for name in plain
    ]
    if not fields:
        return None
    return {"@type": "cr:RecordSet", "@id": f"{ident}#records", "name": f"{ident}#records", "field": fields}


def idents(names: Iterable[str]) -> dict[str, str]:
    """An identifier without white space (which Croissant's readers refuse) for each name, each once."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"\s", "_", name)
        while plain in taken:
            plain += "_"
        taken.add(plain)
        found[name] = plain
    return found


def _kinds(batches: Iterator[Any]) -> dict[str, str]:
    """Croissant's data type of each column; what is text is what all its values can be read as."""
    found: dict[str, str] = {}
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            kind = _type(column.type)
            kind = _read_as(column, found.get(name)) if kind == "sc:Text" else kind
            found[name] = kind
    return found


def _read_as(column: Any, before: str | None) -> str:
    import pyarrow

    order = (("sc:Integer", pyarrow.int64()), ("sc:Float", pyarrow.float64()))
    for kind, arrow in order:
        if before in (None, kind) or (before == "sc:Integer" and kind == "sc:Float"):
            try:
                column.cast(arrow)
            except pyarrow.ArrowException:
                continue
            return kind
    return "sc:Text"


def _type(kind: Any) -> str:
    import pyarrow.types as types

    if types.is_integer(kind):
        return "sc:Integer"
    if types.is_floating(kind) or types.is_decimal(kind):
        return "sc:Float"
    if types.is_boolean(kind):
        return "sc:Boolean"
    if types.is_date(kind):
        return "sc:Date"
    return "sc:DateTime" if types.is_timestamp(kind) else "sc:Text"
