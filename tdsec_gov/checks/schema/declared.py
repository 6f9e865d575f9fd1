"""Schemas as data: a strict, hand-writable subset of pandera's own YAML, compiled to pandera.polars.

::

    format: 1
    strict: true            # further columns are refused (the default)
    columns:
      age:     {dtype: Int64, in_range: {min_value: 0, max_value: 120}}
      country: {dtype: String, nullable: true, isin: [DE, FR], max_failure_share: {isin: 0.001}}
    unique: [age, country]  # together

What ``DataFrameSchema.to_yaml`` of pandera.polars writes is accepted too (``schema_type`` in place of
``format``). Nothing is executed: dtypes and checks come from closed tables; lambdas, custom checks,
coercion and parsers are refused.
"""

from __future__ import annotations

import re
from typing import Any

from tdsec_gov.checks.schema.rules import NULLABLE, UNIQUE, Rules, pandera_polars, ready
from tdsec_gov.checks.schema.words import ALIASES, CHECKS, COLUMN, FLAGS, KEYWORDS, PLAIN, TOP, parse_dtype
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.yamlfile import parse_yaml


def parse_schema(text: bytes, where: str) -> Rules:
    """Compile YAML text; all faults are named at once.

    Raises:
        PolicyInvalid: not a schema as described above.
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
    tolerance = {str(name): _tolerance(str(name), spec, faults) for name, spec in columns.items()}
    compiled = {str(name): _column(str(name), spec, faults) for name, spec in columns.items()}
    if faults:
        raise PolicyInvalid("; ".join(faults), where=where, hint="see docs/policy.md")
    return ready(_schema(body, compiled, where), where, tolerance)


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
    faults += [f"columns.{name}.{key}: not true or false" for key in FLAGS if not _is_flag(spec.get(key))]
    if spec.get("coerce"):
        faults.append(f"columns.{name}.coerce: a gate does not change data")
    dtype = None
    if spec.get("dtype") is not None and (dtype := parse_dtype(spec["dtype"])) is None:
        faults.append(f"columns.{name}.dtype: expected one of {' '.join(PLAIN)}, Datetime('us'), List(Int64)")
    checks = [_check(name, key, spec[key], faults) for key in spec if key not in COLUMN]
    if None in checks:
        return None
    wanted = {key: spec[key] for key in FLAGS if key in spec}
    return pandera.Column(dtype, checks, **wanted)


def _tolerance(column: str, spec: Any, faults: list[str]) -> dict[str, float]:
    """Shares by rule; the empty rule stands for all rules of the column."""
    given = spec.get("max_failure_share") if isinstance(spec, dict) else None
    if given is None:
        return {}
    shares = given if isinstance(given, dict) else {"": given}
    known = {"", NULLABLE, UNIQUE} | {ALIASES.get(str(key), str(key)) for key in spec} & set(CHECKS)
    found: dict[str, float] = {}
    for rule, share in shares.items():
        name = ALIASES.get(str(rule), str(rule))
        fits = isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1
        if not fits or name not in known:
            faults.append(f"columns.{column}.max_failure_share: expected a number from 0 to 1 per rule")
        else:
            found[name] = float(share)
    return found


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


def _is_flag(value: Any) -> bool:
    return value is None or isinstance(value, bool)
