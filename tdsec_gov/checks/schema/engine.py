"""Run pandera where nothing can switch it off, and say what failed without saying what was found.

pandera's own error text and ``failure_cases`` hold the offending values; only codes, columns, counts
and row numbers leave this module. pandera's environment variables and its global settings can make it
accept everything, so it runs under an explicit ``config_context``, and before and after it speaks rows
that are known to be bad must fail (:mod:`tdsec_gov.checks.schema.canary`).
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.checks.schema.canary import refuse_blind
from tdsec_gov.checks.schema.failure import Failure
from tdsec_gov.checks.schema.frame import ROWS, Frame
from tdsec_gov.checks.schema.rules import NULLABLE, Rules, alone, name_of, pandera_polars
from tdsec_gov.errors import ConfigurationError

_STRUCTURE = {
    "COLUMN_NOT_IN_SCHEMA": ("TDS201", "column is not in the schema"),
    "COLUMN_NOT_IN_DATAFRAME": ("TDS202", "column of the schema is missing"),
    "WRONG_DATATYPE": ("TDS203", "column has another type"),
    "COLUMN_NOT_ORDERED": ("TDS208", "columns are not in the order of the schema"),
    "INVALID_COLUMN_NAME": ("TDS202", "no column has a name that the schema asks for"),
}
_DATA = {
    "SERIES_CONTAINS_NULLS": ("TDS204", "empty values in a column that must not be empty"),
    "DATAFRAME_CHECK": ("TDS206", "values fail the rule"),
}


def failures(rules: Rules, frame: Frame) -> list[Failure]:
    """All failures of ``frame`` except repetitions, which :mod:`unique` looks for.

    Raises:
        InternalError: the canary passed, so validation is not really on.
        ConfigurationError: pandera cannot start in this environment.
    """
    with _validation() as pandera:
        errors = _errors(pandera, _forgiving(rules.schema, frame), frame.lazy)
    return [_failure(error, frame, rules) for error in errors] + _unfit(rules, frame)


def prove(rules: Rules) -> None:
    """Refuse to go on when pandera does not notice known-bad rows. Raises as :func:`failures`."""
    with _validation() as pandera:
        refuse_blind(pandera, rules.names_of_rules(), lambda schema, bad: _errors(pandera, schema, bad))


@contextmanager
def _validation() -> Iterator[Any]:
    pandera = pandera_polars()
    from pandera.config import ValidationDepth, config_context, get_config_global

    if get_config_global().use_narwhals_backend:
        hint = "unset PANDERA_USE_NARWHALS_BACKEND"
        raise ConfigurationError("pandera is set to another backend", expected="polars", hint=hint)
    with (
        warnings.catch_warnings(),
        config_context(
            validation_enabled=True,
            validation_depth=ValidationDepth.SCHEMA_AND_DATA,
        ),
    ):
        warnings.simplefilter("ignore")
        yield pandera


def _errors(pandera: Any, schema: Any, frame: Any) -> list[Any]:
    """All errors of a validation. pandera cannot report a rule that answers for the whole column together
    with others (it puts their examples into one frame); each rule then speaks alone."""
    import polars

    try:
        return _raised(pandera, schema, frame)
    except polars.exceptions.SchemaError:
        return [error for part in alone(schema) for error in _raised(pandera, part, frame)]


def _raised(pandera: Any, schema: Any, frame: Any) -> list[Any]:
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as exc:
        return list(exc.schema_errors)
    except pandera.errors.SchemaError as exc:
        return [exc]
    return []


def _forgiving(schema: Any, frame: Frame) -> Any:
    """The schema without a word on nulls of columns that have none, and of columns where misfits became null:
    those are counted apart."""
    if not frame.unfit and not frame.full:
        return schema
    changed = copy.deepcopy(schema)
    for column in changed.columns.values():
        if (column.regex and frame.unfit) or column.name in frame.unfit or column.name in frame.full:
            column.nullable = True
    return changed


def _unfit(rules: Rules, frame: Frame) -> list[Failure]:
    """Text values that are not of the declared type, and empty ones in the columns concerned."""
    found = []
    types = rules.types(frame.names)
    for name, tally in frame.unfit.items():
        words = f"values do not fit the type {_type_name(types[name])}"
        found.append(Failure("TDS203", words, _shown(name, frame), tally.count, tally.rows))
    for name, tally in frame.empty.items() if frame.unfit else ():
        column = rules.column(name)
        strict = column is not None and not column.nullable
        if tally.count and strict and (column.regex or name in frame.unfit):
            code, words = _DATA["SERIES_CONTAINS_NULLS"]
            share = rules.share(name, NULLABLE)
            found.append(Failure(code, words, _shown(name, frame), tally.count, tally.rows, share))
    return found


def _reason(error: Any) -> str:
    return str(getattr(error.reason_code, "name", error.reason_code))


def _failure(error: Any, frame: Frame, rules: Rules) -> Failure:
    reason = _reason(error)
    if reason in _STRUCTURE:
        return _structure(error, reason, frame)
    column = _column_name(error, frame)
    if reason not in _DATA:
        message = f"the rule {name_of(error.check)} could not be applied to this column's type"
        return Failure("TDS207", message, column)
    code, words = _DATA[reason]
    count, rows = _rows(error)
    if code == "TDS204":
        return Failure(code, words, column, count, rows, rules.share(_raw_name(error), NULLABLE))
    rule = name_of(error.check)
    return Failure(code, f"{words} {rule}", column, count, rows, rules.share(_raw_name(error), rule))


def _structure(error: Any, reason: str, frame: Frame) -> Failure:
    code, words = _STRUCTURE[reason]
    column = _column_name(error, frame)
    case, names = error.failure_cases, frame.names
    if isinstance(case, str) and reason != "WRONG_DATATYPE" and code != "TDS202":
        column = _shown(case, frame)
        if code == "TDS201" and case in names and _headerless(error.schema, names):
            column = f"column #{names.index(case) + 1}"
    if reason == "COLUMN_NOT_IN_DATAFRAME" and isinstance(case, str):
        column = case
    if reason == "WRONG_DATATYPE":
        expected, found = _type_name(getattr(error.schema, "dtype", "?")), _type_name(case)
        words = f"{words}: expected {expected}, found {found}"
    return Failure(code, words, column)


def _headerless(schema: Any, names: tuple[str, ...]) -> bool:
    """Most columns are strangers to the schema: the first row is data that was taken for a header."""
    known = set(getattr(schema, "columns", None) or ())
    return 2 * len(known & set(names)) < len(names)


def _type_name(found: object) -> str:
    """A type without its details: those of Enum and Struct can hold values."""
    text = str(found)
    return text.split("(")[0] if text.startswith(("Enum", "Struct", "List(", "Array(")) else text


def _raw_name(error: Any) -> str | None:
    name = getattr(error.schema, "name", None)
    return name if isinstance(name, str) and type(error.schema).__name__ == "Column" else None


def _column_name(error: Any, frame: Frame) -> str | None:
    name = _raw_name(error)
    return None if name is None else _shown(name, frame)


def _shown(name: str, frame: Frame) -> str:
    return shown_column(name, frame.names.index(name)) if name in frame.names else name


def _rows(error: Any) -> tuple[int | None, tuple[int, ...]]:
    """How many rows fail, and the first 20 of them; None and none when the rule is not about rows."""
    output = error.check_output
    if getattr(output, "width", 0) != 1 or not hasattr(error.failure_cases, "columns"):
        return None, ()
    failing = output.to_series().fill_null(False).not_()
    return int(failing.sum()), tuple(int(row) for row in failing.arg_true().head(ROWS))
