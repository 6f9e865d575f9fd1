"""Nothing switches the schema check off: variables, global settings, patched validation, unpinned code."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandera.config
import pandera.polars
import polars
import pytest
from pandera.backends.polars.components import ColumnBackend
from pandera.backends.polars.container import DataFrameSchemaBackend

from tdsec_gov.checks.schema.canary import _BAD
from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.checks.schema.words import CHECKS
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.errors import InternalError, PolicyInvalid, TdsecError

SCHEMA = b"format: 1\ncolumns: {n: {dtype: Int64, in_range: {min_value: 0, max_value: 9}}}\n"
BAD = b"n\n777\n"


def run(
    make: Any, name: str = "s.yaml", text: bytes = SCHEMA, data: bytes = BAD, **params: object
) -> CheckResult:
    (make.policies / "schemas" / name).write_bytes(text)
    return SchemaHolds().run(make.given([make.file("t.csv", data)], {"schema": name, **params}))


@pytest.fixture
def settings() -> Iterator[None]:
    yield
    pandera.config.set_config(validation_enabled=True, validation_depth="SCHEMA_AND_DATA")
    pandera.config.CONFIG.validation_depth = None
    pandera.config.reset_config_context()


@pytest.mark.parametrize("given", [{"validation_enabled": False}, {"validation_depth": "SCHEMA_ONLY"}])
@pytest.mark.usefixtures("settings")
def test_global_settings(make: Any, given: dict[str, Any]) -> None:
    pandera.config.set_config(**given)
    pandera.config.reset_config_context()
    frame = polars.DataFrame({"n": [777]}).lazy()
    loose = pandera.polars.DataFrameSchema({"n": pandera.polars.Column(checks=pandera.polars.Check.le(9))})
    loose.validate(frame, lazy=True)  # pandera by itself accepts it now
    assert run(make).status is Status.FAILED


@pytest.mark.parametrize(
    ("place", "name", "idle"),
    [
        (pandera.polars.DataFrameSchema, "validate", lambda self, frame, **_: frame),
        (DataFrameSchemaBackend, "run_schema_component_checks", lambda *_: []),
        (DataFrameSchemaBackend, "strict_filter_columns", lambda self, frame, *_: frame),
        (DataFrameSchemaBackend, "check_column_presence", lambda *_: []),
        (ColumnBackend, "validate", lambda self, frame, *_, **__: frame),
        (ColumnBackend, "run_checks", lambda *_: []),
        (ColumnBackend, "check_nullable", lambda *_: []),
        (ColumnBackend, "check_dtype", lambda *_: []),
    ],
)
def test_idle_validation_is_an_error(
    make: Any, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, idle: Any
) -> None:
    monkeypatch.setattr(place, name, idle)
    with pytest.raises(InternalError, match="known to be bad"):
        run(make)


def test_a_rule_that_always_holds_is_an_error(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    build = pandera.polars.Check.in_range
    wide = classmethod(lambda cls, min_value, max_value: build(-(10**9), 10**9))
    monkeypatch.setattr(pandera.polars.Check, "in_range", wide)
    with pytest.raises(InternalError, match="known to be bad"):
        run(make)


def test_every_rule_has_a_canary() -> None:
    assert set(_BAD) == set(CHECKS)


@pytest.mark.parametrize("rule", sorted(CHECKS))
def test_no_rule_cries_wolf(make: Any, rule: str) -> None:
    """The canary of each rule sings on bad rows only: with it, good data still passes."""
    good: dict[str, tuple[str, bytes]] = {
        "isin": ("[1]", b"1"),
        "notin": ("[2]", b"1"),
        "unique_values_eq": ("[1]", b"1"),
        "in_range": ("{min_value: 0, max_value: 1}", b"1"),
        "str_length": ("{max_value: 1}", b"a"),
        "not_equal_to": ("2", b"1"),
        "greater_than": ("0", b"1"),
        "less_than": ("2", b"1"),
    }
    text = rule.startswith("str_")
    argument, value = good.get(rule, ("a", b"a") if text else ("1", b"1"))
    schema = f"format: 1\ncolumns: {{n: {{dtype: {'String' if text else 'Int64'}, {rule}: {argument}}}}}\n"
    assert run(make, text=schema.encode(), data=b"n\n" + value + b"\n").status is Status.PASSED
    other = b"bb" if text else b"0" if rule.startswith("greater") else b"2"
    assert run(make, text=schema.encode(), data=b"n\n" + other + b"\n").status is Status.FAILED


MODEL = b"""from __future__ import annotations
import pandera.polars as pa
import polars as pl

class Base(pa.DataFrameModel):
    n: int = pa.Field(ge=0)

class Rows(Base):
    word: str = pa.Field(unique=True, nullable=True)

    @pa.check("n")
    def even(cls, data):
        return data.lazyframe.select(pl.col(data.key) % 2 == 0)

    class Config:
        strict = True
"""


def pinned(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def test_a_python_model_runs_when_it_is_pinned(make: Any) -> None:
    def codes(data: bytes) -> list[str]:
        result = run(make, "m.py", MODEL, data, sha256=pinned(MODEL))
        assert "SECRET" not in repr(result)
        return sorted(one.code for one in result.findings)

    assert codes(b"n,word\n2,a\n4,\n") == []
    assert codes(b"n,word\n3,SECRET\n-4,SECRET\n") == ["TDS205", "TDS206", "TDS206"]
    assert codes(b"n,word,further\n2,a,1\n") == ["TDS201"]


def test_rules_about_whole_columns_stand_beside_others(make: Any) -> None:
    """pandera 0.35 by itself ends in a polars error here."""
    text = b"""format: 1
columns:
  n: {dtype: Int64, unique_values_eq: [1, 2], le: 2}
  w: {dtype: String, str_length: {max_value: 1}, max_failure_share: 1}
"""
    result = run(make, text=text, data=b"n,w,x\n1,SECRET,1\n3,a,2\n")
    seen = {(one.code, one.column, one.severity.value, one.rows) for one in result.findings}
    assert seen == {
        ("TDS201", "x", "deny", ()),
        ("TDS206", "n", "deny", ()),
        ("TDS206", "n", "deny", (1,)),
        ("TDS206", "w", "warn", (0,)),
    }


def test_python_that_is_not_pinned_does_not_run(make: Any, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    text = MODEL + f"open({str(trace)!r}, 'w').close()\n".encode()
    for params in ({}, {"sha256": pinned(MODEL)}, {"sha256": pinned(text)[:63]}, {"sha256": "0" * 64}):
        with pytest.raises(PolicyInvalid):
            run(make, "m.py", text, b"n,word\n2,a\n", **params)
    assert not trace.exists()
    assert run(make, "m.py", text, b"n,word\n2,a\n", sha256=pinned(text)).status is Status.PASSED
    assert trace.exists()


def test_a_pin_binds_yaml_too(make: Any) -> None:
    assert run(make, data=b"n\n1\n", sha256=pinned(SCHEMA)).status is Status.PASSED
    with pytest.raises(PolicyInvalid, match="pinned"):
        run(make, data=b"n\n1\n", sha256=pinned(SCHEMA + b"#"))


HEAD = "import pandera.polars as pa\n"


@pytest.mark.parametrize(
    "body",
    [
        "S = pa.DataFrameSchema({'n': pa.Column(int, coerce=True)})",
        "S = pa.DataFrameSchema({'n': pa.Column(int)}, coerce=True)",
        "S = pa.DataFrameSchema({'n': pa.Column(int)}, drop_invalid_rows=True)",
        "S = pa.DataFrameSchema({'n': pa.Column(int, drop_invalid_rows=True)})",
        "S = pa.DataFrameSchema({'n': pa.Column(int)}, strict='filter')",
        "S = pa.DataFrameSchema({'n': pa.Column(int)}, add_missing_columns=True)",
        "S = pa.DataFrameSchema({'n': pa.Column(int, default=1)})",
        "S = pa.DataFrameSchema({'n': pa.Column(int, pa.Check.le(9, raise_warning=True))})",
        "S = pa.DataFrameSchema({})",
        "x = 1",
        "A = pa.DataFrameSchema({'n': pa.Column(int)})\nB = pa.DataFrameSchema({'m': pa.Column(int)})",
        "raise ValueError('SECRET')",
        "import no_such_module",
        "(",
    ],
)
def test_python_that_forgives_or_fails_is_refused(make: Any, body: str) -> None:
    text = (HEAD + body + "\n").encode()
    with pytest.raises(PolicyInvalid) as caught:
        run(make, "m.py", text, b"n\n1\n", sha256=pinned(text))
    assert "SECRET" not in str(caught.value)


def test_variables_in_a_fresh_process(make: Any) -> None:
    """As the contract suite, with all variables at once, over Parquet in lazy form."""
    run(make)
    path = make.folder / "t.parquet"
    polars.DataFrame({"n": [777]}).write_parquet(path)
    script = f"""
import datetime, pathlib
from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.schema.check import SchemaHolds
path = pathlib.Path({str(path)!r})
file = DataFile("t.parquet", path, path.stat().st_size, "0" * 64)
given = CheckInput("d", (file,), None, None, {{"schema": "s.yaml"}}, None,
                   pathlib.Path({str(make.policies)!r}), datetime.datetime.now(datetime.timezone.utc))
print(SchemaHolds().run(given).status.value)
"""
    variables = {"PANDERA_VALIDATION_ENABLED": "False", "PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["FAILED"], done.stderr


def test_another_backend_is_refused(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pandera.config.CONFIG, "use_narwhals_backend", True)
    with pytest.raises(TdsecError, match="another backend"):
        run(make)
