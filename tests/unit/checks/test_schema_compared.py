"""Several files as one table, tolerances, and what changed since the last accepted version."""

from __future__ import annotations

import io
from typing import Any

import polars
import pytest

from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.checks.schema.unique import Held, repeated
from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.errors import PolicyInvalid

IDS = b"format: 1\ncolumns: {id: {dtype: Int64, unique: true}, v: {dtype: String, nullable: true}}\n"


class Shelf(dict[str, Any]):
    """A memory as the gate's, in a dict."""

    def recall(self, keys: Any) -> dict[str, Any]:
        return {key: self[key] for key in keys if key in self}

    def remember(self, partials: Any) -> None:
        self.update(partials)


def parquet(frame: polars.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def check(
    make: Any,
    files: dict[str, bytes],
    schema: bytes = IDS,
    before: dict[str, bytes] | None = None,
    memory: Any = None,
    **params: object,
) -> CheckResult:
    (make.policies / "schemas" / "s.yaml").write_bytes(schema)
    old = None if before is None else [make.file(path, data) for path, data in before.items()]
    new = [make.file(path, data) for path, data in files.items()]
    given = make.given(new, {"schema": "s.yaml", **params}, previous=old)
    object.__setattr__(given, "memory", memory)
    return SchemaHolds().run(given)


def seen(result: CheckResult) -> set[tuple[str, str | None, str | None]]:
    return {(one.code, one.file, one.column) for one in result.findings}


FILES = {"a.csv": b"id,v\n1,x\n2,\n", "b.csv.gz": b"", "c.parquet": b"", "d.txt": b"no table"}


def test_uniqueness_holds_over_all_files_where_the_policy_says_so(make: Any) -> None:
    import gzip

    files = {**FILES, "b.csv.gz": gzip.compress(b"id,v\n3,x\n2,y\n")}
    files["c.parquet"] = parquet(polars.DataFrame({"id": [9, 1], "v": ["a", None]}))
    alone = check(make, files)
    assert alone.status is Status.PASSED and any("one_table" in note for note in alone.not_checked)
    for memory in (None, Shelf()):
        for _ in range(2):
            result = check(make, files, memory=memory, one_table=True)
            rows = {(one.file, one.count, one.rows) for one in result.findings}
            assert rows == {("a.csv", 2, (0, 1)), ("b.csv.gz", 1, (1,)), ("c.parquet", 1, (1,))}
            assert {one.code for one in result.findings} == {"TDS205"}
    mild = check(make, files, one_table=True, max_failure_share=0.67)
    assert mild.status is Status.WARNED
    assert check(make, files, one_table=True, max_failure_share=0.66).status is Status.FAILED


def test_in_one_table_the_share_is_that_of_all_files(make: Any) -> None:
    schema = b"format: 1\ncolumns: {n: {dtype: Int64, ge: 0}}\n"
    files = {"a.csv": b"n\n-1\n", "b.csv": b"n\n" + b"1\n" * 99}
    assert check(make, files, schema, max_failure_share=0.01).status is Status.FAILED
    assert check(make, files, schema, max_failure_share=0.01, one_table=True).status is Status.WARNED


def test_many_files_with_the_same_fault_are_added_up(make: Any) -> None:
    files = {f"{one}.csv": b"n\n-1\n" for one in range(103)}
    result = check(make, files, b"format: 1\ncolumns: {n: {dtype: Int64, ge: 0}}\n", memory=Shelf())
    assert len(result.findings) == 101 and result.findings[-1].count == 3
    assert "3 more files" in result.findings[-1].message and result.status is Status.FAILED


def test_the_schema_can_tolerate_a_share_per_rule(make: Any) -> None:
    def schema(share: str) -> bytes:
        return (
            b"format: 1\ncolumns: {n: {dtype: Int64, ge: 0, le: 9, max_failure_share: %s}}\n" % share.encode()
        )

    data = {"a.csv": b"n\n" + b"1\n" * 98 + b"-1\n99\n"}

    def severities(share: str) -> dict[str, Severity]:
        return {one.message.split()[-1]: one.severity for one in check(make, data, schema(share)).findings}

    low, high = "greater_than_or_equal_to", "less_than_or_equal_to"
    assert severities("{ge: 0.01}") == {low: Severity.WARN, high: Severity.DENY}
    assert severities("0.01") == {low: Severity.WARN, high: Severity.WARN}
    assert severities("{le: 0.009, ge: 0.5}") == {low: Severity.WARN, high: Severity.DENY}
    for wrong in ("{isin: 0.1}", "2", "true", "[1]", "{ge: -1}"):
        with pytest.raises(PolicyInvalid):
            check(make, data, schema(wrong))


def test_repetitions_are_exact() -> None:
    frame = polars.DataFrame({"a": [1, 1, 2, None, None], "b": ["x", "y", "x", "z", "z"]}).lazy()
    assert repeated([Held(frame)], ["a"]) == {0: (4, (0, 1, 3, 4))}
    assert repeated([Held(frame)], ["a"], skip_nulls=True) == {0: (2, (0, 1))}
    assert repeated([Held(frame)], ["a", "b"]) == {0: (2, (3, 4))}
    assert repeated([Held(frame.filter(polars.col("a") == 2)), Held(frame)], ["a"]) == {
        0: (1, (0,)),
        1: (4 + 1, (0, 1, 2, 3, 4)),
    }


LOOSE = b"format: 1\ncolumns: {c: {nullable: true}, n: {nullable: true}}\n"


def table(values: list[str | None], numbers: list[float | None] | None = None) -> dict[str, bytes]:
    rows = numbers or [1.5] * len(values)
    return {"t.parquet": parquet(polars.DataFrame({"c": values, "n": rows}))}


OLD = ["a"] * 500 + ["b"] * 500


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, set()),
        ([*OLD, "SECRET"], set()),
        (OLD + ["SECRET"] * 20, {"TDS213"}),
        (["a"] * 900, {"TDS214", "TDS215"}),
        (["a"] * 900 + ["b"] * 100, {"TDS215"}),
        (["a"] * 540 + ["b"] * 460, set()),
        ([None] * 400 + ["a", "b"] * 300, {"TDS212"}),
        ([None] * 50 + ["a", "b"] * 475, set()),
        ([f"SECRET{one}" for one in range(1000)], set()),
    ],
)
def test_drift_of_categories_and_nulls(make: Any, new: list[str | None], expected: set[str]) -> None:
    for old, memory in ((table(OLD), None), (table(OLD), Shelf())):
        result = check(make, table(new), LOOSE, old, memory)
        assert {one.code for one in result.findings} == expected
        assert result.status is (Status.WARNED if expected else Status.PASSED)
        assert "SECRET" not in repr(result)
    denied = check(make, table(new), LOOSE, table(OLD), drift="deny")
    assert denied.status is (Status.FAILED if expected else Status.PASSED)
    assert check(make, table(new), LOOSE, table(OLD), drift="off").findings == ()


def test_weights_of_the_last_version_do_not_count_as_its_examination(make: Any) -> None:
    """What was only weighed as the previous version must still be examined when it is the new one."""
    bad, memory = {"a.csv": b"id,v\n1,x\n1,y\n"}, Shelf()
    assert check(make, {"a.csv": b"id,v\n1,x\n2,y\n"}, before=bad, memory=memory).status is Status.PASSED
    assert check(make, bad, memory=memory).status is Status.FAILED


def test_text_drifts_as_tables_do(make: Any) -> None:
    old = {"t.csv": b"c,n\n" + b"a,1\nb,2\n" * 300}
    new = {"t.jsonl": b'{"c": "a", "n": 1}\n{"c": null, "n": 2}\n' * 300}
    assert {one.code for one in check(make, new, LOOSE, old).findings} == {"TDS212", "TDS214", "TDS215"}


def test_last_version_that_cannot_be_read(make: Any) -> None:
    new, old = table(OLD), {"t.parquet": b"PAR1 broken"}
    assert seen(check(make, new, LOOSE, old, max_row_change=0.5)) == {("TDS211", None, None)}
    assert check(make, new, LOOSE, old).findings == ()


@pytest.mark.parametrize(
    ("newest", "codes"),
    [
        ("2026-05-30", set()),
        ("2026-05-01", {"TDS216"}),
        ("2026-06-09", {"TDS217"}),
    ],
)
def test_freshness(make: Any, newest: str, codes: set[str]) -> None:
    schema = b"format: 1\ncolumns: {day: {}, at: {nullable: true}}\n"
    data = {"t.csv": f"day,at\n2020-01-01,\n{newest},2026-05-31T12:00:00Z\n".encode()}
    result = check(make, data, schema, date_columns=["day", "at"], max_age_days=7)
    assert seen(result) == {(code, None, "day") for code in codes}
    assert newest not in repr(result)
    never = {"t.csv": b"day,at\nSECRET,2026-05-31\n"}
    assert seen(check(make, never, schema, date_columns=["day"])) == {("TDS218", None, "day")}
    assert ("TDS218", None, "gone") in seen(check(make, data, schema, date_columns=["gone"]))
