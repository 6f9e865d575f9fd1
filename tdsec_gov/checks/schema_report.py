"""Run pandera where nothing can switch it off, and say what failed without saying what was found.

pandera's own error text and ``failure_cases`` hold the offending values; only codes, columns, counts
and row numbers leave this module. pandera's environment variables can make it accept everything, so
it runs under an explicit ``config_context`` and a frame that is known to be bad must fail first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.checks.schema_file import pandera_polars
from tdsec_gov.domain.findings import Finding, Severity
from tdsec_gov.errors import InternalError

ROWS = 20
_STRUCTURE = {
    "COLUMN_NOT_IN_SCHEMA": ("TDS201", "column is not in the schema"),
    "COLUMN_NOT_IN_DATAFRAME": ("TDS202", "column of the schema is missing"),
    "WRONG_DATATYPE": ("TDS203", "column has another type"),
    "COLUMN_NOT_ORDERED": ("TDS208", "columns are not in the order of the schema"),
    "INVALID_COLUMN_NAME": ("TDS202", "no column has a name that the schema asks for"),
}
_DATA = {
    "SERIES_CONTAINS_NULLS": ("TDS204", "empty values in a column that must not be empty"),
    "SERIES_CONTAINS_DUPLICATES": ("TDS205", "repeated values in a column that must be unique"),
    "DUPLICATES": ("TDS205", "repeated combinations of columns that must be unique together"),
    "DATAFRAME_CHECK": ("TDS206", "values fail the rule"),
}


def failures(schema: Any, frame: Any, file: str, max_share: float) -> list[Finding]:
    """All failures of ``frame``; a rule that fails for at most ``max_share`` of the rows only warns.

    Raises:
        InternalError: the canary passed, so validation is not really on.
        ConfigurationError: pandera cannot start in this environment.
    """
    with _validation() as pandera:
        _canary(pandera)
        errors = _errors(pandera, schema, frame)
    names = list(frame.columns)
    return [_finding(error, names, frame.height, file, max_share) for error in errors]


@contextmanager
def _validation() -> Iterator[Any]:
    pandera = pandera_polars()
    from pandera.config import ValidationDepth, config_context

    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        yield pandera


def _errors(pandera: Any, schema: Any, frame: Any) -> list[Any]:
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as exc:
        return list(exc.schema_errors)
    except pandera.errors.SchemaError as exc:
        return [exc]
    return []


def _canary(pandera: Any) -> None:
    """Three known faults (a value, a repetition, a further column) must be reported, each by name."""
    import polars

    columns = {
        "a": pandera.Column(polars.Int64, pandera.Check.ge(0)),
        "b": pandera.Column(polars.Int64, unique=True),
    }
    bad = polars.DataFrame({"a": [-1, 1], "b": [1, 1], "c": [0, 0]})
    found = {_reason(error) for error in _errors(pandera, pandera.DataFrameSchema(columns, strict=True), bad)}
    if not {"COLUMN_NOT_IN_SCHEMA", "SERIES_CONTAINS_DUPLICATES", "DATAFRAME_CHECK"} <= found:
        raise InternalError(
            "pandera accepted a frame that is known to be bad", hint="unset PANDERA_* variables"
        )


def _reason(error: Any) -> str:
    return str(getattr(error.reason_code, "name", error.reason_code))


def _finding(error: Any, names: list[str], height: int, file: str, max_share: float) -> Finding:
    reason = _reason(error)
    if reason in _STRUCTURE:
        return _structure(error, reason, names, file)
    column = _column_name(error, names)
    if reason not in _DATA:
        message = f"the rule {_rule(error)} could not be applied to this column's type"
        return Finding("TDS207", Severity.DENY, message, file, column)
    code, words = _DATA[reason]
    count, rows = _rows(error)
    share = count / height if height else 1.0
    severity = Severity.WARN if count > 0 and share <= max_share else Severity.DENY
    rule = f" {_rule(error)}" if code == "TDS206" else ""
    return Finding(code, severity, f"{words}{rule}", file, column, count, rows)


def _structure(error: Any, reason: str, names: list[str], file: str) -> Finding:
    code, words = _STRUCTURE[reason]
    column = _column_name(error, names)
    case = error.failure_cases
    if isinstance(case, str) and reason in (
        "COLUMN_NOT_IN_SCHEMA",
        "COLUMN_NOT_IN_DATAFRAME",
        "COLUMN_NOT_ORDERED",
    ):
        column = shown_column(case, names.index(case)) if case in names else case
        if reason == "COLUMN_NOT_IN_SCHEMA" and case in names and _headerless(error.schema, names):
            column = f"column #{names.index(case) + 1}"
    if reason == "WRONG_DATATYPE":
        words = f"{words}: expected {getattr(error.schema, 'dtype', '?')}, found {_type_name(case)}"
    return Finding(code, Severity.DENY, words, file, column)


def _headerless(schema: Any, names: list[str]) -> bool:
    """Most columns are strangers to the schema: the first row is data that was taken for a header."""
    known = set(getattr(schema, "columns", None) or ())
    return 2 * len(known & set(names)) < len(names)


def _type_name(found: object) -> str:
    """A type without its details: those of Enum and Struct can hold values."""
    text = str(found)
    return text.split("(")[0] if text.startswith(("Enum", "Struct", "List(", "Array(")) else text


def _column_name(error: Any, names: list[str]) -> str | None:
    name = getattr(error.schema, "name", None)
    if not isinstance(name, str) or type(error.schema).__name__ != "Column":
        return None
    return shown_column(name, names.index(name)) if name in names else name


def _rule(error: Any) -> str:
    """The rule's name; its arguments stand in the schema and are not repeated."""
    return str(getattr(error.check, "name", None) or "unnamed")


def _rows(error: Any) -> tuple[int, tuple[int, ...]]:
    """How many rows fail, and the first 20 of them (none when pandera does not tell)."""
    cases, output = error.failure_cases, error.check_output
    count = int(getattr(cases, "height", 1))
    if getattr(output, "width", 0) != 1:
        return count, ()
    failing = output.to_series().fill_null(False).not_().arg_true()
    if len(failing) != count:
        return count, ()
    return count, tuple(int(row) for row in failing.head(ROWS))
