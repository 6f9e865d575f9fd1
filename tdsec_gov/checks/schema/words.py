"""The closed vocabulary of schema files: keys, rules and types. Nothing outside of it is understood."""

from __future__ import annotations

import re
from typing import Any

TOP = {
    "format",
    "schema_type",
    "api",
    "name",
    "title",
    "description",
    "columns",
    "strict",
    "ordered",
    "unique",
}
FLAGS = ("nullable", "unique", "required", "regex", "coerce")
COLUMN = {"dtype", "title", "description", "max_failure_share", *FLAGS}
CHECKS = {
    **dict.fromkeys(("equal_to", "not_equal_to", "greater_than", "less_than"), "value"),
    **dict.fromkeys(("greater_than_or_equal_to", "less_than_or_equal_to"), "value"),
    **dict.fromkeys(("isin", "notin", "unique_values_eq"), "list"),
    **dict.fromkeys(("str_matches", "str_contains", "str_startswith", "str_endswith"), "text"),
    **dict.fromkeys(("in_range", "str_length"), "mapping"),
}
ALIASES = {
    "eq": "equal_to",
    "ne": "not_equal_to",
    "gt": "greater_than",
    "lt": "less_than",
    "ge": "greater_than_or_equal_to",
    "le": "less_than_or_equal_to",
}
KEYWORDS = {
    "in_range": {"min_value", "max_value", "include_min", "include_max"},
    "str_length": {"min_value", "max_value", "exact_value"},
}
_DATETIME = re.compile(
    r"Datetime(?:\((?:time_unit=)?'(ns|us|ms)'(?:, ?(?:time_zone=)?(?:None|'([\w/+-]+)'))?\))?\Z"
)
_LIST = re.compile(r"List\((\w+)\)\Z")
_NUMERIC = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64")
_OTHER = ("String", "Boolean", "Date", "Time", "Categorical", "Binary", "Duration", "Decimal", "Null")
PLAIN = _NUMERIC + _OTHER


def parse_dtype(text: Any) -> Any:
    """The polars dtype that ``text`` names, from a closed table; None when there is none."""
    import polars

    if not isinstance(text, str):
        return None
    if text in PLAIN:
        return getattr(polars, text)
    if match := _DATETIME.match(text):
        return polars.Datetime(match[1] or "us", match[2])  # type: ignore[arg-type, unused-ignore]
    if (match := _LIST.match(text)) and match[1] in PLAIN:
        return polars.List(getattr(polars, match[1]))
    return None
