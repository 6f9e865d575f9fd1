"""One type per column for a file of JSON lines, whose batches are typed each on their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.tables import scan_batches


def settled_types(file: DataFile, types: Callable[[Sequence[str]], dict[str, Any]]) -> dict[str, Any]:
    """pyarrow types by column, in the order in which the columns first appear.

    Strings that look like a time are read as such only where no declared type speaks for text; whole
    numbers and others together are floats.

    Raises:
        Unreadable: not JSON lines, or a column holds values of several kinds.
    """
    seen: dict[str, list[Any]] = {}
    for batch in scan_batches(file):
        for field in batch.schema:
            kinds = seen.setdefault(field.name, [])
            if field.type not in kinds:
                kinds.append(field.type)
    declared = types(list(seen))
    return {
        name: _settled(file, kinds, declared.get(name), index)
        for index, (name, kinds) in enumerate(seen.items())
    }


def _settled(file: DataFile, kinds: list[Any], declared: Any, index: int) -> Any:
    import pyarrow

    kinds = [one for one in kinds if not pyarrow.types.is_null(one)]
    if not kinds:
        return pyarrow.string() if declared is not None else pyarrow.null()
    texts = all(pyarrow.types.is_string(one) or pyarrow.types.is_timestamp(one) for one in kinds)
    if texts and (declared is not None or len(kinds) > 1):
        return pyarrow.string()
    try:
        merged = pyarrow.unify_schemas(
            [pyarrow.schema([("v", one)]) for one in kinds], promote_options="permissive"
        )
    except pyarrow.ArrowException:
        where = f"{file.path}, column #{index + 1}"
        raise Unreadable("a column holds values of several types", where=where, expected="one type") from None
    return merged.field(0).type
