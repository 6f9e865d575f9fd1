"""Parquet and Arrow, decoded batch by batch: whole, in proportion, no code in their cells or types.

Sizes in footers are never trusted: they decide how much is read at once, not what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tdsec_gov.checks.files.formats.magic import is_closed_archive, magic_risks
from tdsec_gov.checks.files.packed.streams import codec
from tdsec_gov.checks.files.pickled.allowlist import audit
from tdsec_gov.checks.files.pickled.detect import is_pickle
from tdsec_gov.checks.files.pickled.embedded import holds_call
from tdsec_gov.checks.files.pickled.written import WRITTEN, decoded, written_risks
from tdsec_gov.checks.files.risk import Replay, Risk
from tdsec_gov.checks.files.text.misleading import HIDDEN, INJECTION, MIXED
from tdsec_gov.checks.files.text.values import suspects, values_with
from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.domain.findings import Severity

BATCH_BYTES = 16 << 20
MAX_ROWS = 65_536
MAX_RATIO = 500
RATIO_FROM = 256 << 20
MAX_DECODED = 64 << 30
SAMPLE = 32
CANDIDATES = 2000
PICKLE_CODES = ("TDS500", "TDS501", "TDS520")
PICKLED_TYPE = "arrow.py_extension_type"


def parquet_risks(location: Path) -> list[Risk]:
    """Risks of a Parquet file. Raises pyarrow's errors when it is damaged."""
    from pyarrow import parquet

    with parquet.ParquetFile(location, page_checksum_verification=True, buffer_size=1 << 20) as table:
        early = _schema_risks(table.schema_arrow, table.metadata.metadata)
        if table.metadata.num_row_groups == 0 or early:
            return early
        return _Cells(location.stat().st_size).examine(_parquet(table))


def _parquet(table: Any) -> Iterator[Any]:
    for index in range(table.metadata.num_row_groups):
        group = table.metadata.row_group(index)
        width = max(1, group.total_byte_size // max(1, group.num_rows))
        rows = max(1, min(MAX_ROWS, BATCH_BYTES // width))
        yield from table.iter_batches(batch_size=rows, row_groups=[index], use_threads=False)


def arrow_risks(location: Path) -> list[Risk]:
    """Risks of an Arrow file (Feather 2). Raises pyarrow's errors when it is damaged."""
    import pyarrow
    from pyarrow import ipc

    with pyarrow.OSFile(str(location)) as source, ipc.open_file(source) as reader:
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
        return _schema_risks(reader.schema) or _Cells(location.stat().st_size).examine(batches)


def stream_risks(location: Path) -> list[Risk]:
    """Risks of an Arrow stream. Raises pyarrow's errors when it is damaged."""
    import pyarrow
    from pyarrow import ipc

    with pyarrow.OSFile(str(location)) as source, ipc.open_stream(source) as reader:
        return _schema_risks(reader.schema) or _Cells(location.stat().st_size).examine(reader)


def _schema_risks(schema: Any, *more: dict[bytes, bytes] | None) -> list[Risk]:
    """Types that pyarrow before 14.0.1 unpickled on reading (CVE-2023-47248), pickles in what describes them.

    Where pickles are allowed these must be as harmless as others; a type that holds none is not understood.
    """
    described = [entry for one in (schema.metadata, *more) for entry in (one or {}).items()]
    described += [entry for field in schema for entry in _descriptions(field)]
    found: list[Risk] = []
    if PICKLED_TYPE.encode() in bytes(schema.serialize()):
        found.append(
            Risk("TDS500", "table has a column type that is a pickle: reading it can run code", "pickle")
        )
        types = [value for key, value in described if key == b"ARROW:extension:metadata"]
        found += [risk for value in types for risk in audit(Replay(value))]
        found += [] if types else [Risk("TDS520", "the pickle of a column type is not where it belongs")]
    for _, value in described:
        found += [replace(risk, message=f"schema: {risk.message}") for risk in _value_risks(value)]
    return list(dict.fromkeys(found))


def _descriptions(field: Any) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values that describe a field and what is nested in it."""
    yield from (field.metadata or {}).items()
    kind = field.type
    for index in range(kind.num_fields):
        yield from _descriptions(kind.field(index))
    if hasattr(kind, "storage_type"):
        yield b"ARROW:extension:metadata", bytes(kind.__arrow_ext_serialize__())


def _value_risks(value: bytes) -> list[Risk]:
    """A pickle, bare or written in base64, among what describes a table."""
    inner = decoded(value)
    return [risk for one in (value, *inner) for risk in cell_risks(one) if risk.code in PICKLE_CODES]


class _Cells:
    """Goes through batches; ``found`` holds one risk per column and kind."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._found: dict[tuple[str, str], Risk] = {}
        self._dictionaries: dict[int, Any] = {}

    def examine(self, batches: Iterable[Any]) -> list[Risk]:
        decoded = 0
        for batch in batches:
            batch.validate(full=True)
            decoded += batch.nbytes
            if decoded > MAX_DECODED or (decoded > RATIO_FROM and decoded > MAX_RATIO * self._size):
                return [BOMB_TABLE]
            for index, column in enumerate(batch.columns):
                for array in self._new(index, column):
                    name = shown_column(batch.schema.names[index], index)
                    (self._text if array.type in _text_types() else self._column)(name, array)
        return list(self._found.values())

    def _new(self, index: int, column: Any) -> Iterator[Any]:
        """Arrays to look at; the values of a dictionary once, not with every batch."""
        from pyarrow import types

        if types.is_dictionary(column.type):
            before = self._dictionaries.get(index)
            if before is not None and before.equals(column.dictionary):
                return
            self._dictionaries[index] = column.dictionary
        yield from _leaves(column)

    def _text(self, name: str, array: Any) -> None:
        suspected = suspects(array)
        if WRITTEN in suspected:
            self._written(name, array)
        for code, message, severity, pattern in _MISLEADING:
            count = values_with(pattern, array) if pattern in suspected else 0
            if count:
                before = self._found.get((name, code))
                total = count + ((before.count or 0) if before else 0)
                self._found[name, code] = Risk(code, message, None, severity, total, (), name)

    def _written(self, name: str, array: Any) -> None:
        """Pickles written out as text, among the first values that look so."""
        from pyarrow import compute

        if (name, "TDS500") in self._found:
            return
        looks = array.filter(compute.match_substring_regex(array, WRITTEN))
        for value in looks.slice(0, CANDIDATES).to_pylist():
            for risk in written_risks(value.encode()):
                told = replace(risk, message=f"cells of a column: {risk.message}", column=name)
                self._found.setdefault((name, risk.code), told)

    def _column(self, name: str, array: Any) -> None:
        for value in _suspects(array):
            for risk in cell_risks(value):
                self._found.setdefault(
                    (name, risk.code),
                    Risk(risk.code, f"cells of a column: {risk.message}", risk.form, column=name),
                )


def _text_types() -> tuple[Any, ...]:
    import pyarrow

    return pyarrow.string(), pyarrow.large_string()


_MISLEADING = (
    ("TDS515", "values hold invisible or direction-changing characters", Severity.DENY, HIDDEN),
    ("TDS529", "values hold phrases that instruct a language model", Severity.WARN, INJECTION),
    ("TDS530", "words mix alphabets that look alike", Severity.NOTE, MIXED),
)
BOMB_TABLE = Risk("TDS510", "table decodes out of proportion: a decompression bomb")


def _leaves(array: Any) -> Iterator[Any]:
    """Arrays of bytes and text inside ``array``, however nested."""
    from pyarrow import types

    kind = array.type
    if types.is_dictionary(kind):
        yield from _leaves(array.dictionary)
    elif types.is_struct(kind):
        for index in range(kind.num_fields):
            yield from _leaves(array.field(index))
    elif types.is_map(kind):
        yield from _leaves(array.keys)
        yield from _leaves(array.items)
    elif types.is_nested(kind) and hasattr(array, "flatten"):
        yield from _leaves(array.flatten())
    elif hasattr(array, "storage"):
        yield from _leaves(array.storage)
    elif (
        kind in _text_types()
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
    ):
        yield array


def _suspects(array: Any) -> Iterator[bytes]:
    """The first values, one for each two first bytes that occur, and those that hold what pickles need."""
    from pyarrow import compute

    if len(array) == 0:
        return
    plain = array.cast("binary")
    yield from (value for value in plain.slice(0, SAMPLE).to_pylist() if value)
    heads = compute.binary_slice(plain, 0, 2)
    for head in compute.unique(heads).slice(0, 4096).to_pylist():
        if head:
            yield plain[compute.index(heads, head).as_py()].as_py()
    marked = plain.filter(compute.match_substring_regex(plain, _MARKED))
    yield from marked.slice(0, CANDIDATES).to_pylist()


_MARKED = r"\A(?:\x80[\x00-\x05]|\x7fELF|MZ|\x93NUMPY|#!)|[ci][A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n|\n\x93"
"""Magic of protocols 2 to 5 and of programs; a global in protocol 0 or 1, wherever it stands."""


def cell_risks(value: bytes) -> list[Risk]:
    """Risks of one value of bytes: a pickle, a program, something compressed."""
    risks = magic_risks(value, None)
    if not risks and (is_pickle(Replay(value)) or holds_call(value)):
        return [Risk("TDS500", "value is a pickle: loading it can run code", "pickle"), *audit(Replay(value))]
    if not risks and (name := codec(value)):
        return _squeezed(name, value)
    if not risks and is_closed_archive(value):
        return [Risk("TDS517", "value is an archive", "nested-archive")]
    return risks


def _squeezed(name: str, value: bytes) -> list[Risk]:
    import io

    from tdsec_gov.checks.files.packed.streams import FAULTS, unpack

    try:
        stream = Replay(b"", unpack(name, io.BytesIO(value)))
        head = stream.read(1 << 16)
        if is_pickle(Replay(head, stream)):
            whole = Replay(b"", unpack(name, io.BytesIO(value)))
            return [Risk("TDS501", "value is a compressed pickle", "joblib"), *audit(whole)]
        return magic_risks(head, None)
    except FAULTS:
        return []
