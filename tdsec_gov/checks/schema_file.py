"""Schemas as data: a strict, hand-writable subset of pandera's own YAML, compiled to pandera.polars.

::

    format: 1
    strict: true            # further columns are refused (the default)
    columns:
      age:     {dtype: Int64, in_range: {min_value: 0, max_value: 120}}
      country: {dtype: String, nullable: true, isin: [DE, FR]}
    unique: [age, country]  # together

What ``DataFrameSchema.to_yaml`` of pandera.polars writes is accepted too (``schema_type`` in place of
``format``). Nothing is executed: dtypes and checks come from closed tables; lambdas, custom checks,
coercion and parsers are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tdsec_gov.errors import ConfigurationError, PolicyInvalid
from tdsec_gov.policy.yamlfile import parse_yaml

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
COLUMN = {"dtype", "nullable", "unique", "required", "regex", "title", "description", "coerce"}
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
_PLAIN = _NUMERIC + _OTHER


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


def load_schema(policies: Path, name: str) -> Any:
    """The ``pandera.polars.DataFrameSchema`` of ``policies/schemas/<name>``.

    Raises:
        PolicyInvalid: outside of that folder, missing, or not a schema as described above.
    """
    folder = (policies / "schemas").resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or path.suffix not in (".yaml", ".yml"):
        raise PolicyInvalid(
            "schema lies outside of policies/schemas", expected="NAME.yaml", found=repr(name)[:80]
        )
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise PolicyInvalid("schema cannot be read", where=name, found=exc.strerror) from None
    return parse_schema(text, name)


def parse_schema(text: bytes, where: str) -> Any:
    """Compile YAML text; all faults are named at once.

    Raises:
        PolicyInvalid: as :func:`load_schema`.
    """
    body = parse_yaml(text, where)
    faults: list[str] = []
    if not isinstance(body, dict):
        raise PolicyInvalid("schema holds no settings", where=where, expected="a mapping with 'columns'")
    _top(body, faults)
    columns = body.get("columns")
    if not isinstance(columns, dict) or not columns:
        faults.append("columns: not a mapping of at least one column")
        columns = {}
    compiled = {str(name): _column(str(name), spec, faults) for name, spec in columns.items()}
    if faults:
        raise PolicyInvalid("; ".join(faults), where=where, hint="see docs/policy.md")
    return _schema(body, compiled, where)


def _top(body: dict[Any, Any], faults: list[str]) -> None:
    faults += [f"{key}: not a setting" for key in body if key not in TOP]
    if ("format" in body) == ("schema_type" in body):
        faults.append("format: expected 1")
    if body.get("format", 1) != 1 or isinstance(body.get("format"), bool):
        faults.append("format: unknown version, expected 1")
    if (
        body.get("schema_type", "polars_dataframe") != "polars_dataframe"
        or body.get("api", "polars") != "polars"
    ):
        faults.append("schema_type: expected polars_dataframe")
    faults += [f"{key}: not true or false" for key in ("strict", "ordered") if not _is_flag(body.get(key))]
    unique = body.get("unique")
    if unique is not None and not (isinstance(unique, list) and all(isinstance(one, str) for one in unique)):
        faults.append("unique: not a list of columns")


def _schema(body: dict[str, Any], columns: dict[str, Any], where: str) -> Any:
    pandera = pandera_polars()

    unique = body.get("unique")
    missing = [name for name in unique or () if name not in columns]
    if missing:
        raise PolicyInvalid(
            "unique names a column that is not declared", where=where, found=", ".join(missing)
        )
    strict, ordered = body.get("strict", True), body.get("ordered", False)
    return pandera.DataFrameSchema(columns, strict=strict, ordered=ordered, unique=unique, name=str(where))


def _column(name: str, spec: Any, faults: list[str]) -> Any:
    pandera = pandera_polars()

    if spec is None:
        spec = {}
    if not isinstance(spec, dict):
        faults.append(f"columns.{name}: not a mapping")
        return None
    flags = ("nullable", "unique", "required", "regex", "coerce")
    faults += [f"columns.{name}.{key}: not true or false" for key in flags if not _is_flag(spec.get(key))]
    if spec.get("coerce"):
        faults.append(f"columns.{name}.coerce: a gate does not change data")
    dtype = None
    if spec.get("dtype") is not None and (dtype := parse_dtype(spec["dtype"])) is None:
        faults.append(
            f"columns.{name}.dtype: expected one of {' '.join(_PLAIN)}, Datetime('us'), List(Int64)"
        )
    checks = [_check(name, key, spec[key], faults) for key in spec if key not in COLUMN]
    if None in checks:
        return None
    wanted = {key: spec[key] for key in flags if key in spec}
    return pandera.Column(dtype, checks, **wanted)


def _check(column: str, key: str, value: Any, faults: list[str]) -> Any:
    pandera = pandera_polars()

    name = ALIASES.get(str(key), str(key))
    shape = CHECKS.get(name)
    where = f"columns.{column}.{key}"
    if shape is None:
        faults.append(f"{where}: not a known check")
        return None
    shapes = {"value": str | int | float | object, "list": list, "text": str, "mapping": dict}
    fits = isinstance(value, shapes[shape]) and value is not None
    if shape == "value":
        fits = fits and not isinstance(value, list | dict)
    if not fits or (shape == "mapping" and not set(value) <= KEYWORDS[name]):
        faults.append(f"{where}: expected a {shape}")
        return None
    build = getattr(pandera.Check, name)
    try:
        return build(**value) if shape == "mapping" else build(value)
    except (ValueError, TypeError, re.error) as exc:
        faults.append(f"{where}: refused by pandera ({type(exc).__name__})")
        return None


def parse_dtype(text: Any) -> Any:
    """The polars dtype that ``text`` names, from a closed table; None when there is none."""
    import polars

    if not isinstance(text, str):
        return None
    if text in _PLAIN:
        return getattr(polars, text)
    if match := _DATETIME.match(text):
        return polars.Datetime(match[1] or "us", match[2])  # type: ignore[arg-type, unused-ignore]
    if (match := _LIST.match(text)) and match[1] in _PLAIN:
        return polars.List(getattr(polars, match[1]))
    return None


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)
