"""Columns of a batch as arrays of strings: nested ones flattened, numbers where they may be personal data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii.names import axis, named_kinds
from tdsec_gov.checks.pii.national import schemes_named

_CARD_FROM = 1e12


class Strings(NamedTuple):
    """A column as a string array; ``rows`` are those of its values (None: one for each row), ``whole``
    says that they were whole numbers."""

    name: str
    array: Any
    rows: Any
    whole: bool


def texts(batch: Any) -> Iterator[Strings]:
    """Each column of a RecordBatch."""
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        yield from _flatten(name, array, None)


def _flatten(name: str, array: Any, rows: Any) -> Iterator[Strings]:
    from pyarrow import compute, types

    kind = array.type
    if types.is_dictionary(kind):
        yield from _flatten(name, array.dictionary_decode(), rows)
    elif types.is_run_end_encoded(kind):
        yield from _flatten(name, compute.run_end_decode(array), rows)
    elif types.is_struct(kind):
        for position, child in enumerate(array.flatten()):
            yield from _flatten(f"{name}.{kind.field(position).name}", child, rows)
    elif types.is_map(kind):
        entries = array.cast(_as_list(kind))
        yield from _flatten(name, entries, rows)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        parents = compute.list_parent_indices(array).to_numpy(zero_copy_only=False)
        yield from _flatten(name, compute.list_flatten(array), parents if rows is None else rows[parents])
    elif strings := _strings(name, array):
        yield Strings(name, strings[0], rows, types.is_integer(kind))


def _as_list(kind: Any) -> Any:
    import pyarrow

    return pyarrow.list_(pyarrow.struct([("key", kind.key_type), ("value", kind.item_type)]))


def _strings(name: str, array: Any) -> tuple[Any] | None:
    """The array as strings (in a tuple), None when nothing in it can be personal data."""
    import pyarrow
    from pyarrow import compute, types

    kind, string = array.type, pyarrow.string()
    if types.is_string(kind):
        return (array,)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return (array.cast(string),)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return (_decoded(array),)
    named = named_kinds(name) or schemes_named(name)
    if types.is_date(kind) or types.is_timestamp(kind):
        return (array.cast(string),) if k.BIRTH in named_kinds(name) else None
    if types.is_integer(kind):
        return (array.cast(string),) if named or kind.bit_width == 64 else None
    if types.is_floating(kind):
        if axis(name):
            return (array.cast(string),)
        top = compute.max(array).as_py()
        if named or (kind.bit_width == 64 and top is not None and top >= _CARD_FROM):
            whole = compute.if_else(compute.less(compute.abs(array), 9e18), array, None)
            return (compute.cast(compute.cast(whole, pyarrow.int64(), safe=False), string),)
        return None
    return (array.cast(string),) if types.is_decimal(kind) and named else None


def _decoded(array: Any) -> Any:
    """Bytes as text; a batch with bytes that are not UTF-8 counts as empty values."""
    import pyarrow

    try:
        return array.cast(pyarrow.binary()).cast(pyarrow.string())
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return pyarrow.nulls(len(array), pyarrow.string())
