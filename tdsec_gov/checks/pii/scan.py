"""One streamed pass over tables and text: RE2 candidates through pyarrow, counted in tallies.

A first, cheap pattern (:data:`HINT`) leaves out nearly all values of clean data; only what is left
meets the patterns of each kind. Values that are plain numbers are candidates for a payment card
number only, unless the column's name says otherwise: identifiers must not alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.pii.kinds import KINDS, SECRET, Kind, named
from tdsec_gov.checks.pii.tally import Tally
from tdsec_gov.checks.pii.validators import Validator
from tdsec_gov.checks.tables import scan_batches
from tdsec_gov.checks.textstream import open_text

SHORTEST = 6
LINE = 1 << 16
LINES = 1 << 14
_NUMBER = r"^\s*-?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?\s*$"
_LONG_DIGITS = r"^\s*[2-6][0-9]{12,18}\s*$"
HINT = (
    r"[A-Za-z0-9._%+'-]@[A-Za-z0-9]"
    r"|[0-9][ ()./-]{0,3}[0-9][ ()./-]{0,3}[0-9][ ()./-]{0,3}[0-9][ ()./-]{0,3}[0-9][ ()./-]{0,3}[0-9]"
    r"|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"
    r"|:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}"
    r"|[A-Za-z]{2}[0-9]{2} ?[A-Za-z0-9]{4}"
    r"|A3T|AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|hooks\.slack|k_live_|sk-[pa]"
    r"|AIza|ya29|npm_|pypi-A|hf_|SG\.|dop_v1|eyJ|PRIVATE KEY|AGE-SECRET"
)


@dataclass(slots=True)
class Column:
    """What was counted in one column (or one text file, whose rows are lines)."""

    name: str
    index: int
    values: int = 0
    whole: dict[str, Tally] = field(default_factory=dict)
    inside: dict[str, Tally] = field(default_factory=dict)


def scan_table(file: DataFile, judges: Mapping[str, Validator]) -> list[Column]:
    """Count all kinds in all columns. Raises Unreadable."""
    columns: dict[str, Column] = {}
    start = 0
    for batch in scan_batches(file):
        for name, array in _texts(batch):
            column = columns.setdefault(name, Column(name, len(columns)))
            _count(column, array, start, judges)
        start += batch.num_rows
    return list(columns.values())


def scan_text(file: DataFile, judges: Mapping[str, Validator]) -> Column:
    """Count all kinds in the lines of a text file; rows are line numbers from 0. Raises Unreadable."""
    import pyarrow

    column = Column(file.path, 0)
    start = 0
    for lines in _lines(file):
        _count(column, pyarrow.array(lines, pyarrow.string()), start, judges, free_text=True)
        start += len(lines)
    return column


def _lines(file: DataFile) -> Iterator[list[str]]:
    """Lists of lines; a line longer than 64 KiB counts as several."""
    with open_text(file) as stream:
        pieces = iter(lambda: stream.readline(LINE), b"")
        while lines := list(islice(pieces, LINES)):
            yield [line.decode("utf-8", "replace").rstrip("\r\n") for line in lines]


def _texts(batch: Any) -> Iterator[tuple[str, Any]]:
    """Columns that can hold text, as string arrays; nested ones are flattened."""
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        yield from _flatten(name, array)


def _flatten(name: str, array: Any) -> Iterator[tuple[str, Any]]:
    import pyarrow
    from pyarrow import compute, types

    kind = array.type
    if types.is_dictionary(kind):
        yield from _flatten(name, array.dictionary_decode())
    elif types.is_struct(kind):
        for position, child in enumerate(array.flatten()):
            yield from _flatten(f"{name}.{kind.field(position).name}", child)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        yield from _flatten(name, compute.list_flatten(array))
    elif types.is_string(kind):
        yield name, array
    elif types.is_large_string(kind) or types.is_string_view(kind) or types.is_binary(kind):
        yield name, _as_string(array)
    elif types.is_int64(kind) or types.is_uint64(kind) or (types.is_integer(kind) and _any_named(name)):
        yield name, compute.cast(array, pyarrow.string())
    elif types.is_floating(kind) and _any_named(name):
        yield name, compute.cast(compute.cast(array, pyarrow.int64(), safe=False), pyarrow.string())


def _as_string(array: Any) -> Any:
    """Bytes that are not UTF-8 count as empty values."""
    import pyarrow

    try:
        return array.cast(pyarrow.string())
    except pyarrow.ArrowInvalid:
        return pyarrow.nulls(len(array), pyarrow.string())


def _any_named(name: str) -> bool:
    return any(named(kind, name) for kind in KINDS)


def _count(
    column: Column, array: Any, start: int, judges: Mapping[str, Validator], *, free_text: bool = False
) -> None:
    import numpy
    from pyarrow import compute

    lengths = compute.binary_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    column.values += int(numpy.count_nonzero(lengths))
    rows = numpy.flatnonzero(lengths >= SHORTEST)
    if len(rows) == 0:
        return
    long = array if len(rows) == len(array) else array.take(rows)
    number = _matches(long, _NUMBER)
    if number.any():
        _count_numbers(column, long, number, rows + start, judges)
    words = numpy.flatnonzero(~number)
    texts, rows = (long, rows) if len(words) == len(long) else (long.take(words), rows[words])
    found = numpy.flatnonzero(_matches(texts, HINT)) if len(texts) else words
    if len(found):
        _count_texts(column, texts.take(found), rows[found] + start, judges, free_text)


def _count_numbers(
    column: Column, values: Any, number: Any, rows: Any, judges: Mapping[str, Validator]
) -> None:
    import numpy

    for kind in KINDS:
        told = named(kind, column.name)
        if kind.name != "payment card number" and not told:
            continue
        hits = number & _matches(values, kind.whole if told else _LONG_DIGITS)
        if hits.any():
            chosen = numpy.flatnonzero(hits)
            _tally(column.whole, kind, judges[kind.name]).add(values.take(chosen), rows[chosen])


def _count_texts(
    column: Column, values: Any, rows: Any, judges: Mapping[str, Validator], free_text: bool
) -> None:
    import numpy

    for kind in KINDS:
        judge = judges[kind.name]
        inside = numpy.flatnonzero(_matches(values, kind.inside))
        if len(inside):
            _tally(column.inside, kind, _finder(kind, judge)).add(values.take(inside), rows[inside])
        if free_text or kind is SECRET:
            continue
        strict = kind.name == "phone number" and not named(kind, column.name)
        if strict and not len(inside):
            continue
        pool, places = (values.take(inside), rows[inside]) if strict else (values, rows)
        whole = numpy.flatnonzero(_matches(pool, kind.whole))
        if len(whole):
            _tally(column.whole, kind, judge).add(pool.take(whole), places[whole])


def _tally(tallies: dict[str, Tally], kind: Kind, judge: Validator) -> Tally:
    return tallies.setdefault(kind.name, Tally(judge))


def _finder(kind: Kind, judge: Validator) -> Validator:
    """Whether any candidate inside a text is judged true."""
    pattern = kind.finder
    return lambda text: any(judge(match[0]) for match in pattern.finditer(text))


def _matches(array: Any, pattern: str) -> Any:
    from pyarrow import compute

    return compute.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)
