"""What a schema asks for, made ready to be checked: a strict pandera schema, uniqueness apart, tolerances."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tdsec_gov.errors import ConfigurationError, PolicyInvalid

NULLABLE, UNIQUE = "nullable", "unique"


@dataclass(frozen=True, slots=True)
class Rules:
    """A schema, ready.

    ``schema`` is a ``pandera.polars.DataFrameSchema`` without uniqueness; ``unique`` names the sets of
    columns that must not repeat (patterns where a column is declared by one); ``tolerance`` is, by column
    and rule, the share of rows that may fail.
    """

    schema: Any
    unique: tuple[tuple[str, ...], ...] = ()
    tolerance: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def types(self, names: Sequence[str]) -> dict[str, Any]:
        """The polars dtype that each of ``names`` is declared to have, where one is."""
        found: dict[str, Any] = {}
        for column in self.schema.columns.values():
            if column.dtype is None:
                continue
            for name in matching(column.name, names) if column.regex else [column.name]:
                if name in names and (not column.regex or name not in self.schema.columns):
                    found[name] = column.dtype.type
        return found

    def unique_in(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The sets of columns that must be unique, patterns replaced by the names that they match."""
        found: list[tuple[str, ...]] = []
        for columns in self.unique:
            column = self.schema.columns.get(columns[0])
            if len(columns) == 1 and column is not None and column.regex:
                found += [(name,) for name in matching(columns[0], names) if name not in self.schema.columns]
            elif set(columns) <= set(names):
                found.append(columns)
        return found

    def share(self, column: str | None, rule: str) -> float | None:
        """The tolerated share of rows that the schema itself states for this rule."""
        own = self.tolerance.get(column or "", {})
        return own.get(rule, own.get(""))

    def column(self, name: str) -> Any:
        """The ``pandera.polars.Column`` that speaks for ``name``, by its name or by a pattern; or None."""
        exact = self.schema.columns.get(name)
        if exact is not None and not exact.regex:
            return exact
        patterns = [column for column in self.schema.columns.values() if column.regex]
        return next((column for column in patterns if matching(column.name, [name])), None)

    def names_of_rules(self) -> set[str]:
        """Names of pandera's own rules that stand in the schema."""
        checks = [check for column in self.schema.columns.values() for check in column.checks]
        return {str(check.name) for check in checks}


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that polars matches with a column pattern."""
    import polars

    selector = pattern if pattern.startswith("^") and pattern.endswith("$") else f"^{pattern}$"
    try:
        return polars.DataFrame(schema=dict.fromkeys(names, polars.Null)).select(polars.col(selector)).columns
    except polars.exceptions.PolarsError:
        return []


def ready(schema: Any, where: str, tolerance: Mapping[str, Mapping[str, float]] | None = None) -> Rules:
    """``schema`` with uniqueness taken out and every switch refused that would change or forgive data.

    Raises:
        PolicyInvalid: it coerces, parses, fills, filters, drops rows, or only warns.
    """
    faults = [f"{what}: a gate does not {verb}" for what, verb in _lenient(schema)]
    if faults:
        raise PolicyInvalid("; ".join(faults), where=where, hint="see docs/policy.md")
    plain = copy.deepcopy(schema)
    unique = [tuple(one) for one in _sets(plain.unique)]
    for name, column in plain.columns.items():
        if column.unique:
            unique.append((name,))
        column.unique = False
        _one_example(column.checks)
    plain.unique = None
    _one_example(plain.checks)
    return Rules(plain, tuple(unique), tolerance or {})


def alone(schema: Any) -> list[Any]:
    """``schema`` in pieces: everything without its rules, then each rule by itself."""
    bare = copy.deepcopy(schema)
    bare.checks = []
    for column in bare.columns.values():
        column.checks = []
    parts = [bare]
    for name, column in schema.columns.items():
        parts += [_piece(schema, {name: _loose(column, check)}, []) for check in column.checks]
    return parts + [_piece(schema, {}, [check]) for check in schema.checks]


def _piece(schema: Any, columns: dict[str, Any], checks: list[Any]) -> Any:
    piece = copy.deepcopy(schema)
    piece.columns, piece.checks, piece.strict, piece.ordered = columns, checks, False, False
    return piece


def _loose(column: Any, check: Any) -> Any:
    """``column`` with this one rule, and nothing else asked of it."""
    loose = copy.deepcopy(column)
    loose.checks, loose.nullable, loose.required, loose.dtype = [check], True, False, None
    return loose


def _one_example(checks: Iterable[Any]) -> None:
    """One failing value is enough to fail: counts and rows come from the outcome of every row."""
    for check in checks:
        check.n_failure_cases = 1


def _sets(unique: Any) -> list[list[str]]:
    if not unique:
        return []
    return [list(unique)] if all(isinstance(one, str) for one in unique) else [list(one) for one in unique]


def _lenient(schema: Any) -> list[tuple[str, str]]:
    found = []
    if schema.strict not in (True, False):
        found.append(("strict: filter", "leave columns out"))
    if getattr(schema, "add_missing_columns", False):
        found.append(("add_missing_columns", "add data"))
    for where, part in [("schema", schema), *((f"columns.{n}", c) for n, c in schema.columns.items())]:
        if getattr(part, "coerce", False):
            found.append((f"{where}.coerce", "change data"))
        if getattr(part, "drop_invalid_rows", False):
            found.append((f"{where}.drop_invalid_rows", "drop rows"))
        if getattr(part, "parsers", None):
            found.append((f"{where}.parsers", "change data"))
        if getattr(part, "default", None) is not None:
            found.append((f"{where}.default", "fill data"))
        if any(check.raise_warning for check in part.checks):
            found.append((f"{where}: raise_warning", "let a failed rule pass"))
    return found


def pandera_polars() -> Any:
    """The module ``pandera.polars``.

    Raises:
        ConfigurationError: it does not start, because a PANDERA_* variable is malformed.
    """
    try:
        import pandera.polars
    except (ValueError, ImportError) as exc:
        hint = "unset the PANDERA_* environment variables"
        raise ConfigurationError("pandera does not start", found=type(exc).__name__, hint=hint) from None
    return pandera.polars


def name_of(check: Any) -> str:
    """A rule's name; its arguments stand in the schema and are not repeated."""
    text = str(getattr(check, "name", None) or "unnamed")
    return text if re.fullmatch(r"[\w<>.]{1,80}", text) else "unnamed"
