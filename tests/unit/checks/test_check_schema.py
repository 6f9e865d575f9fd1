"""The schema check: what fails is named, what was found is not."""

from __future__ import annotations

import io
from typing import Any

import polars
import pytest

from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.checks.schema.declared import parse_schema
from tdsec_gov.checks.schema.infer import infer_schema
from tdsec_gov.checks.schema.load import load_schema
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.errors import PolicyInvalid

PEOPLE = b"""format: 1
columns:
  id: {dtype: Int64, unique: true}
  zip: {dtype: String, str_matches: "^[0-9]{5}$"}
  age: {dtype: Float64, nullable: true, in_range: {min_value: 0, max_value: 120}}
"""
GOOD = b"id,zip,age\n1,01234,30\n2,99999,\n3,10115,41\n"


def run(make: Any, data: bytes, schema: bytes = PEOPLE, path: str = "t.csv", **params: object) -> CheckResult:
    (make.policies / "schemas" / "people.yaml").write_bytes(schema)
    return SchemaHolds().run(make.given([make.file(path, data)], {"schema": "people.yaml", **params}))


def codes(result: CheckResult) -> set[str]:
    return {finding.code for finding in result.findings}


def test_good_data_passes_and_leading_zeros_stay(make: Any) -> None:
    result = run(make, GOOD)
    assert (result.status, result.findings, result.facts["rows"]) == (Status.PASSED, (), 3)


@pytest.mark.parametrize(
    ("data", "code", "column", "rows"),
    [
        (b"id,zip,age,SECRET\n1,01234,3,x\n", "TDS201", "SECRET", ()),
        (b"id,zip\n1,01234\n", "TDS202", "age", ()),
        (b"id,zip,age\nx,01234,3\n", "TDS203", "id", (0,)),
        (b"id,zip,age\n1,,3\n2,01234,3\n", "TDS204", "zip", (0,)),
        (b"id,zip,age\n1,01234,3\n1,01234,3\n2,01234,4\n", "TDS205", "id", (0, 1)),
        (b"id,zip,age\n1,01234,3\n2,01234,777\n", "TDS206", "age", (1,)),
        (b"id,zip,age\n1,01234,3\n2,SECRET,7\n", "TDS206", "zip", (1,)),
    ],
)
def test_each_failure(make: Any, data: bytes, code: str, column: str, rows: tuple[int, ...]) -> None:
    result = run(make, data)
    finding = next(one for one in result.findings if one.code == code)
    assert result.status is Status.FAILED
    assert (finding.column, finding.rows) == (column, rows)
    assert "777" not in repr(result) and (column == "SECRET" or "SECRET" not in repr(result))


def test_a_share_of_failures_can_be_tolerated(make: Any) -> None:
    data = b"id,zip,age\n" + b"".join(b"%d,01234,%d\n" % (row, 200 if row == 7 else 20) for row in range(100))
    assert run(make, data).status is Status.FAILED
    assert run(make, data, max_failure_share=0.01).status is Status.WARNED
    assert run(make, data, max_failure_share=0.009).status is Status.FAILED


def test_structure_is_never_tolerated(make: Any) -> None:
    assert run(make, b"id,zip\n1,01234\n", max_failure_share=1.0).status is Status.FAILED


def test_columns_unique_together(make: Any) -> None:
    schema = b"format: 1\ncolumns: {a: {dtype: Int64}, b: {dtype: Int64}}\nunique: [a, b]\n"
    assert run(make, b"a,b\n1,1\n1,2\n", schema).status is Status.PASSED
    result = run(make, b"a,b\n1,1\n5,6\n1,1\n", schema)
    assert codes(result) == {"TDS205"}
    assert result.findings[0].count == 2


def test_a_rule_that_cannot_run_denies(make: Any) -> None:
    schema = b"format: 1\ncolumns: {a: {str_matches: x}}\n"
    assert codes(run(make, b"a\n1\n", schema)) == {"TDS207"}


def test_headerless_data_is_not_repeated_as_a_column_name(make: Any) -> None:
    result = run(make, b"1,jane@example.org,3\n2,joe@example.org,4\n")
    assert "TDS201" in codes(result)
    assert "jane" not in repr(result)


def test_row_volume_against_the_previous_version(make: Any) -> None:
    (make.policies / "schemas" / "people.yaml").write_bytes(PEOPLE)
    old = [make.file("t.csv", GOOD + b"4,12345,1\n5,12345,1\n6,12345,1\n")]
    params = {"schema": "people.yaml", "max_row_change": 0.4}
    result = SchemaHolds().run(make.given([make.file("t.csv", GOOD)], params, previous=old))
    assert codes(result) == {"TDS210"}
    params["max_row_change"] = 0.5
    assert (
        SchemaHolds().run(make.given([make.file("t.csv", GOOD)], params, previous=old)).status
        is Status.PASSED
    )


def test_no_table_and_too_few_rows(make: Any) -> None:
    assert "TDS200" in codes(run(make, b"hello", path="a.txt"))
    assert codes(run(make, GOOD, min_rows=4)) == {"TDS209"}


def test_unreadable_table(make: Any) -> None:
    assert "TDS011" in codes(run(make, b"\0\1\2"))


@pytest.mark.parametrize("name", ["../sources.yaml", "/etc/passwd", "people.py", "missing.yaml"])
def test_schema_stays_in_its_folder(make: Any, name: str) -> None:
    (make.policies / "sources.yaml").write_bytes(PEOPLE)
    with pytest.raises(PolicyInvalid):
        load_schema(make.policies, name)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"columns: {a: {dtype: Int64}}",
        b"format: 2\ncolumns: {a: {dtype: Int64}}",
        b"format: 1\ncolumns: {}",
        b"format: 1\ncolumns: {a: {dtype: os.system}}",
        b"format: 1\ncolumns: {a: {lambda: 'x: True'}}",
        b"format: 1\ncolumns: {a: {is_monotonic: true}}",
        b"format: 1\ncolumns: {a: {coerce: true}}",
        b"format: 1\ncolumns: {a: {str_matches: '['}}",
        b"format: 1\ncolumns: {a: {in_range: {low: 1}}}",
        b"format: 1\ncolumns: {a: {isin: 3}}",
        b"format: 1\ncolumns: {a: {nullable: 'no'}}",
        b"format: 1\ncolumns: {a: {}}\nchecks: []",
        b"format: 1\ncolumns: {a: {}}\nunique: [b]",
        b"format: 1\ncolumns: {a: !!python/object/apply:os.system [ls]}",
        b"schema_type: dataframe\ncolumns: {a: {}}",
    ],
)
def test_only_known_words_make_a_schema(text: bytes) -> None:
    with pytest.raises(PolicyInvalid):
        parse_schema(text, "s.yaml")


def test_what_pandera_writes_is_read(make: Any) -> None:
    import pandera.polars as pandera

    column = pandera.Column(polars.Int64, [pandera.Check.ge(0), pandera.Check.isin([1, 2])], unique=True)
    times = pandera.Column(polars.Datetime("us", "UTC"), nullable=True)
    text = pandera.DataFrameSchema({"a": column, "t": times}, strict=True).to_yaml()
    rules = parse_schema(text.encode(), "s.yaml")
    schema = rules.schema
    assert rules.unique == (("a",),)
    assert [check.name for check in schema.columns["a"].checks] == ["greater_than_or_equal_to", "isin"]
    assert schema.columns["t"].dtype.type == polars.Datetime("us", "UTC")


def test_inferred_schema_holds_on_the_other_half(make: Any) -> None:
    rows = [(i, ["red", "green"][i % 2], f"name {i}", i * 0.5 if i % 7 else None) for i in range(4000)]
    frame = polars.DataFrame(rows, schema=["id", "colour", "name", "x"], orient="row")
    text = infer_schema(frame[:2000])
    assert 'isin: ["green", "red"]' in text
    assert "name 7" not in text
    buffer = io.BytesIO()
    frame[2000:].write_parquet(buffer)
    assert run(make, buffer.getvalue(), text.encode(), "t.parquet").status is Status.PASSED


def test_a_missing_header_row_is_not_quoted(make: Any) -> None:
    headerless = b"Jane Secretname,Bob Other,7\nAnn Third,Cy Fourth,8\n"
    result = run(make, headerless)
    assert "TDS201" in codes(result)
    assert "Secretname" not in repr(result) and "column #1" in repr(result)
