"""Rewrite one file: same format, same compression, same rows in the same order, other columns untouched."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.pii.documents import is_text
from tdsec_gov.checks.pii.judge import judge_table
from tdsec_gov.checks.pii.scan import Scanner
from tdsec_gov.checks.pii.sight import IS, LIKELY
from tdsec_gov.checks.tables import is_table, scan_batches, table_format
from tdsec_gov.checks.textstream import open_text
from tdsec_gov.errors import UsageError
from tdsec_gov.setup.rewriting.change import Change, masked
from tdsec_gov.setup.rewriting.columnar import rewrite_arrow, rewrite_parquet

_SEED = "0" * 64
_CELL = 1 << 27


def can_rewrite(file: DataFile, change: Change) -> bool:
    """Whether the change speaks of files of this format."""
    return is_table(file) if change.column else is_text(file)


def rewrite(file: DataFile, made: Path, change: Change) -> int | None:
    """Write the changed file to ``made``; returns how many values changed, None: nothing to change.

    Raises:
        Unreadable: the file is not of its format.
        UsageError: the format cannot be written, or the column lies inside another one.
    """
    if change.column is None:
        return _text(file, made, change)
    names = _names(file)
    if change.column not in names:
        return None
    whole = change.how != "mask" or _is_whole(file, change)
    kind = table_format(file)
    if kind == "parquet":
        return rewrite_parquet(file, made, change, whole=whole)
    if kind == "arrow":
        return rewrite_arrow(file, made, change, whole=whole)
    return _jsonl(file, made, change, whole) if kind == "jsonl" else _csv(file, made, change, whole)


def _names(file: DataFile) -> list[str]:
    """All columns; those of JSON lines may come late, so that the whole file is read (and is valid)."""
    names: dict[str, None] = {}
    for batch in scan_batches(file):
        names |= dict.fromkeys(batch.schema.names)
    return list(names)


def _is_whole(file: DataFile, change: Change) -> bool:
    """Whether the column *is* personal data (or likely); in free text only what is found goes."""
    columns = Scanner(change.regions, _SEED).table(file)
    one = [column for column in columns if column.name == change.column]
    return any(sight.code in (IS, LIKELY) for sight in judge_table(one))


@contextmanager
def _written(made: Path, path: str) -> Iterator[TextIO]:
    """A text stream into ``made``, compressed as the suffix of ``path`` says."""
    suffix = PurePosixPath(path).suffix.lower()
    openers: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    if suffix == ".zst":
        raise UsageError(
            "text compressed with zstd is not written", where=path, hint="unpack it, and dvc add that"
        )
    with openers.get(suffix, open)(made, "wb") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as stream:
        yield stream


def _csv(file: DataFile, made: Path, change: Change, whole: bool) -> int:
    mark = "," if table_format(file) == "csv" else "\t"
    count = 0
    csv.field_size_limit(_CELL)
    with open_text(file) as raw:
        head = raw.peek(1 << 16)[: 1 << 16]
        ending = "\r\n" if b"\r\n" in head else "\n"
        start = "\ufeff" if head.startswith(b"\xef\xbb\xbf") else ""
        with io.TextIOWrapper(raw, "utf-8-sig", newline="") as text, _written(made, file.path) as out:
            out.write(start)
            rows, writer = (
                csv.reader(text, delimiter=mark),
                csv.writer(out, delimiter=mark, lineterminator=ending),
            )
            header = next(rows)
            place = header.index(str(change.column))
            writer.writerow(_without(header, place, change))
            for row in rows:
                if not row:
                    continue
                if row[place] and change.how != "drop":
                    new = change.value(row[place], whole=whole)
                    count += new != row[place]
                    row[place] = new
                count += bool(row[place]) and change.how == "drop"
                writer.writerow(_without(row, place, change))
    return count


def _without(row: list[str], place: int, change: Change) -> list[str]:
    return row[:place] + row[place + 1 :] if change.how == "drop" else row


def _jsonl(file: DataFile, made: Path, change: Change, whole: bool) -> int:
    count = 0
    with open_text(file) as raw, _written(made, file.path) as out:
        for line in raw:
            if line.isspace():
                continue
            try:
                body = json.loads(line, object_pairs_hook=_unique)
            except ValueError:
                raise Unreadable(
                    "a line is not one JSON object", where=file.path, expected="JSON lines"
                ) from None
            value = body.get(change.column)
            if change.how == "drop":
                body.pop(change.column, None)
                count += value is not None
            elif value is not None:
                new = _json_value(value, change, whole)
                count += new != value
                body[change.column] = new
            out.write(json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n")
    return count


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError: a key twice, of which readers keep different ones."""
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key is used twice")
    return body


def _json_value(value: Any, change: Change, whole: bool) -> Any:
    if isinstance(value, list):
        return [_json_value(one, change, whole) for one in value]
    if isinstance(value, dict):
        return {key: _json_value(one, change, whole) for key, one in value.items()}
    if value is None or isinstance(value, bool):
        return value
    return change.value(value if isinstance(value, str) else json.dumps(value), whole=whole)


def _text(file: DataFile, made: Path, change: Change) -> int | None:
    """Mask what is found in the lines of a text; numbers that run over a line's end are not mended."""
    if change.how != "mask":
        raise UsageError("texts can only be masked", where=file.path, hint="give --how mask, or --column")
    count = 0
    with open_text(file) as raw, _written(made, file.path) as out:
        for line in raw:
            text = line.decode("utf-8")
            new = masked(text, change.regions)
            count += new != text
            out.write(new)
    return count or None
