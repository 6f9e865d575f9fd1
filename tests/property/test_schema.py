"""The schema check over arbitrary bytes, arbitrary schemas and arbitrary faults."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.findings import CheckResult

SLOW = list(HealthCheck)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
SUFFIXES = [
    *(
        f"t.{kind}{packed}"
        for kind in ("csv", "tsv", "jsonl")
        for packed in ("", ".gz", ".zst", ".bz2", ".xz")
    ),
    *("t.parquet", "t.pq", "t.arrow", "t.feather", "t.ipc"),
]
SECRET = "Zyxxy-4111111111111111"


def check(data: bytes, schema: object, path: str = "t.parquet", **params: Any) -> CheckResult:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schemas").mkdir()
        (folder / "schemas" / "s.yaml").write_text(yaml.safe_dump(schema), "utf-8")
        (folder / "object").write_bytes(data)
        file = DataFile(path, folder / "object", len(data), "0" * 64)
        now = datetime(2026, 6, 1, tzinfo=UTC)
        params = {"schema": "s.yaml", **params}
        return SchemaHolds().run(CheckInput("d", (file,), (file,), "0" * 64, params, None, folder, now))


@FEW
@given(path=st.sampled_from(SUFFIXES), data=st.binary(max_size=300))
def test_any_bytes_are_a_finding(path: str, data: bytes) -> None:
    """Whatever is not a table with this column is denied, and nothing raises."""
    columns = {"no such column": {"dtype": "Int64"}}
    assert check(data, {"format": 1, "columns": columns}, path, date_columns=["day"]).status.denies


RULES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "id": ({"dtype": "Int64"}, {"unique": True, "ge": 0, "le": 50, "notin": [3]}),
    "word": ({"dtype": "String"}, {"nullable": False, "isin": ["a", "b"], "str_length": {"max_value": 2}}),
    "x": ({"dtype": "Float64"}, {"nullable": False, "gt": -1.5}),
}
OPEN = {"unique": False, "nullable": True}
ROWS = st.lists(
    st.tuples(
        st.integers(-3, 60),
        st.sampled_from(["a", "b", "c", SECRET, None]),
        st.sampled_from([0.5, -2.0, float("nan"), None]),
    ),
    min_size=1,
    max_size=12,
)
PAIRS = [(column, rule) for column, (_, rules) in RULES.items() for rule in rules]


def schema_of(chosen: set[tuple[str, str]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, (base, rules) in RULES.items():
        columns[name] = {**base, "nullable": True}
        for rule, argument in rules.items():
            if (name, rule) in chosen:
                columns[name][rule] = argument
    return {"format": 1, "columns": columns}


def written(rows: list[Any], kind: str) -> bytes:
    frame = polars.DataFrame(
        rows, schema={"id": polars.Int64, "word": polars.String, "x": polars.Float64}, orient="row"
    )
    buffer = io.BytesIO()
    if kind == "t.csv":
        frame.write_csv(buffer)
    else:
        frame.write_parquet(buffer)
    return buffer.getvalue()


def expected(rows: list[Any], chosen: set[tuple[str, str]]) -> set[tuple[str, str, tuple[int, ...]]]:
    """What plain Python says of the same rows: code, column and rows."""
    ids = [row[0] for row in rows]
    empty_x = [row[2] is None or row[2] != row[2] for row in rows]
    bad = {
        ("id", "unique"): ("TDS205", [ids.count(one) > 1 for one in ids]),
        ("id", "ge"): ("TDS206", [one < 0 for one in ids]),
        ("id", "le"): ("TDS206", [one > 50 for one in ids]),
        ("id", "notin"): ("TDS206", [one == 3 for one in ids]),
        ("word", "nullable"): ("TDS204", [row[1] is None for row in rows]),
        ("word", "isin"): ("TDS206", [row[1] not in ("a", "b", None) for row in rows]),
        ("word", "str_length"): ("TDS206", [row[1] is not None and len(row[1]) > 2 for row in rows]),
        ("x", "nullable"): ("TDS204", empty_x),
        ("x", "gt"): ("TDS206", [row[2] is not None and row[2] <= -1.5 for row in rows]),
    }
    found = set()
    for pair in chosen:
        code, marks = bad[pair]
        places = tuple(index for index, mark in enumerate(marks) if mark)
        if places:
            found.add((code, f"{pair[0]} {pair[1]}", places))
    return found


@FEW
@given(rows=ROWS, chosen=st.sets(st.sampled_from(PAIRS)), kind=st.sampled_from(["t.csv", "t.parquet"]))
def test_k_violated_rules_are_k_findings(rows: list[Any], chosen: set[tuple[str, str]], kind: str) -> None:
    """Exactly the rules that plain Python finds violated, with the rows; and no value in any byte."""
    result = check(written(rows, kind), schema_of(chosen), kind)
    wanted = expected(rows, chosen)
    assert sorted((one.code, one.rows) for one in result.findings) == sorted(
        (code, at) for code, _, at in wanted
    )
    assert {one.column for one in result.findings} == {name.split()[0] for _, name, _ in wanted}
    assert SECRET.encode() not in canonical_bytes(result.as_json()) and SECRET not in repr(result)


@FEW
@given(rows=ROWS, chosen=st.sets(st.sampled_from(PAIRS), min_size=1), data=st.data())
def test_fewer_rules_never_find_more(
    rows: list[Any], chosen: set[tuple[str, str]], data: st.DataObject
) -> None:
    less = chosen - {data.draw(st.sampled_from(sorted(chosen)))}
    table = written(rows, "t.parquet")
    many, few = (check(table, schema_of(one)).findings for one in (chosen, less))
    assert {(one.code, one.column, one.message) for one in few} <= {
        (one.code, one.column, one.message) for one in many
    }
    assert len(few) <= len(many)
