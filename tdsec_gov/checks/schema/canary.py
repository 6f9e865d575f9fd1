"""Known-bad rows that pandera must refuse before its word counts for anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tdsec_gov.errors import InternalError

_BAD: dict[str, tuple[Any, Any]] = {
    "equal_to": (1, 2),
    "not_equal_to": (1, 1),
    "greater_than": (1, 1),
    "greater_than_or_equal_to": (1, 0),
    "less_than": (1, 1),
    "less_than_or_equal_to": (1, 2),
    "isin": ([1], 2),
    "notin": ([1], 1),
    "unique_values_eq": ([1], 2),
    "str_matches": ("^a$", "b"),
    "str_contains": ("a", "b"),
    "str_startswith": ("a", "b"),
    "str_endswith": ("a", "b"),
    "in_range": ({"min_value": 0, "max_value": 1}, 2),
    "str_length": ({"max_value": 1}, "bb"),
}
"""A rule's argument, and a value that breaks it."""
_ALWAYS = ("greater_than_or_equal_to",)
_STRUCTURE = {
    ("WRONG_DATATYPE", "dtype"),
    ("SERIES_CONTAINS_NULLS", "null"),
    ("COLUMN_NOT_IN_SCHEMA", None),
    ("COLUMN_NOT_IN_DATAFRAME", None),
}


def refuse_blind(pandera: Any, rules: Iterable[str], errors: Any) -> None:
    """Validate one row that breaks the structure and each of ``rules``; ``errors(schema, frame)`` lists the
    errors of a validation.

    Raises:
        InternalError: a fault was not reported, so validation is not really on.
    """
    import polars

    wanted = sorted({*_ALWAYS, *rules} & set(_BAD))
    columns = {f"rule {name}": pandera.Column(checks=_check(pandera, name)) for name in wanted}
    columns |= {"dtype": pandera.Column(polars.Int64), "null": pandera.Column(), "absent": pandera.Column()}
    row = {f"rule {name}": [_BAD[name][1]] for name in wanted}
    bad = polars.DataFrame({**row, "dtype": ["x"], "null": [None], "further": [1]})
    reported = {_seen(error) for error in errors(pandera.DataFrameSchema(columns, strict=True), bad.lazy())}
    expected = _STRUCTURE | {("DATAFRAME_CHECK", f"rule {name}") for name in wanted}
    if not expected <= reported:
        raise InternalError(
            "pandera accepted a frame that is known to be bad",
            expected=f"{len(expected)} faults",
            found=f"{len(expected & reported)}",
            hint="unset PANDERA_* variables and reinstall pandera",
        )


def _check(pandera: Any, name: str) -> Any:
    argument = _BAD[name][0]
    build = getattr(pandera.Check, name)
    return build(**argument) if isinstance(argument, dict) else build(argument)


def _seen(error: Any) -> tuple[str, str | None]:
    reason = str(getattr(error.reason_code, "name", error.reason_code))
    column = type(error.schema).__name__ == "Column"
    return reason, str(error.schema.name) if column else None
