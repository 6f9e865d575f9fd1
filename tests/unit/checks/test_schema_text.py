"""Text tables in every dress: typed value by value, in constant memory, and never quoted."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from typing import Any

import polars
import pyarrow
import pytest

from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.checks.schema.frames import opened
from tdsec_gov.domain.findings import CheckResult, Status

SCHEMA = b"""format: 1
columns:
  id: {dtype: Int64, unique: true}
  day: {dtype: Date, nullable: true}
  at: {dtype: "Datetime('us')", nullable: true}
  ok: {dtype: Boolean}
  code: {dtype: String, str_matches: "^[0-9]{3}$"}
  x: {dtype: Float64, nullable: true, ge: 0}
"""
CSV = (
    b"id,day,at,ok,code,x\n1,2026-01-02,2026-01-02 03:04:05,true,007, 1.5\n"
    b"2,,2026-01-02T03:04,FALSE,123,NA\n3,2026-02-03,2026-02-03,1,999,2\n"
)
LINES = (
    b'{"id": 1, "day": "2026-01-02", "at": "2026-01-02 03:04:05", "ok": true, "code": "007", "x": 1}\n'
    b'{"id": 2, "at": "2026-01-02T03:04", "ok": false, "code": "123"}\n'
    b'{"id": 3, "day": "2026-02-03", "at": "2026-02-03", "ok": true, "code": "999", "x": 2.5}\n'
)


def zst(data: bytes) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def check(make: Any, path: str, data: bytes, schema: bytes = SCHEMA, **params: object) -> CheckResult:
    (make.policies / "schemas" / "s.yaml").write_bytes(schema)
    return SchemaHolds().run(make.given([make.file(path, data)], {"schema": "s.yaml", **params}))


PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zst}


@pytest.mark.parametrize("suffix", PACKED)
@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_every_text_form_holds(make: Any, kind: str, suffix: str) -> None:
    data = {"csv": CSV, "tsv": CSV.replace(b",", b"\t"), "jsonl": LINES}[kind]
    result = check(make, f"t.{kind}{suffix}", PACKED[suffix](data))
    assert (result.status, result.findings, result.facts["rows"]) == (Status.PASSED, (), 3)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_cut_compression_denies(make: Any, suffix: str) -> None:
    data = PACKED[suffix](CSV * 50)
    assert [one.code for one in check(make, f"t.csv{suffix}", data[:-6]).findings] == ["TDS011"]


def test_each_value_that_does_not_fit_is_counted(make: Any) -> None:
    bad = b"id,day,at,ok,code,x\nSECRET,2026-13-40,never,maybe,007,one\n2,,,true,123,\n2,,,,12,-1\n"
    result = check(make, "t.csv", bad)
    seen = {(one.code, one.column, one.count, one.rows) for one in result.findings}
    assert seen == {
        *(("TDS203", column, 1, (0,)) for column in ("id", "day", "at", "ok", "x")),
        ("TDS204", "ok", 1, (2,)),
        ("TDS205", "id", 2, (1, 2)),
        ("TDS206", "code", 1, (2,)),
        ("TDS206", "x", 1, (2,)),
    }
    assert not [word for word in ("SECRET", "never", "maybe", "2026") if word in repr(result)]


def test_wrong_types_in_json_are_named(make: Any) -> None:
    line = b'{"id": 1.5, "day": 7, "at": null, "ok": "SECRET", "code": 7, "x": [1]}\n'
    result = check(make, "t.jsonl", line)
    wrong = {one.column for one in result.findings if one.code == "TDS203"}
    assert wrong == {"id", "day", "ok", "code", "x"} and "SECRET" not in repr(result)


def test_a_json_column_that_changes_its_type_is_unreadable(make: Any) -> None:
    filler = b'{"a": 1}\n' * 600_000
    result = check(make, "t.jsonl", filler + b'{"a": "SECRET"}\n', b"format: 1\ncolumns: {a: {}}\n")
    assert [one.code for one in result.findings] == ["TDS011"] and "SECRET" not in repr(result)


def test_types_are_guessed_over_the_whole_file(make: Any) -> None:
    """A late value decides, many batches after the first."""
    rows = b"".join(b"%d,true,2026-01-02,%d\n" % (one, one) for one in range(300_000))
    file = make.file("t.csv", b"a,b,c,d\n" + rows + b"5,FALSE,2026-01-03,0.5\n")
    with opened(file, lambda names: {}) as frame:
        found = dict(frame.lazy.collect_schema())
        assert frame.lazy.select(polars.col("a").sum()).collect().item() == sum(range(300_000)) + 5
    assert found == {"a": polars.Int64, "b": polars.Boolean, "c": polars.Date, "d": polars.Float64}


def test_row_numbers_go_on_over_batches(make: Any) -> None:
    rows = b"".join(b"%d,%d\n" % (one, one) for one in range(400_000))
    data = b"a,b\n" + rows + b"x,-1\n,400001\n"
    schema = b"format: 1\ncolumns: {a: {dtype: Int64}, b: {dtype: Int64, ge: 0}}\n"
    seen = {(one.code, one.column, one.rows) for one in check(make, "t.csv", data, schema).findings}
    assert seen == {("TDS203", "a", (400_000,)), ("TDS204", "a", (400_001,)), ("TDS206", "b", (400_000,))}


def test_statistics_that_lie_hide_no_row(make: Any) -> None:
    """The footer says that the smallest value is 5; the page holds another."""
    buffer = io.BytesIO()
    polars.DataFrame({"a": [5, -7_777_777, 9]}).write_parquet(buffer, compression="uncompressed")
    low = (-7_777_777).to_bytes(8, "little", signed=True)
    body = buffer.getvalue()
    assert body.count(low) >= 2
    first = body.index(low) + 8
    lying = body[:first] + body[first:].replace(low, (5).to_bytes(8, "little"))
    result = check(make, "t.parquet", lying, b"format: 1\ncolumns: {a: {dtype: Int64, ge: 0}}\n")
    assert [(one.code, one.rows) for one in result.findings] == [("TDS206", (1,))]


def test_empty_and_nan_in_columnar_files(make: Any) -> None:
    frame = polars.DataFrame({"a": [1.0, float("nan"), None], "b": [1, 2, 3], "c": ["x", None, "y"]})
    schema = b"format: 1\ncolumns: {a: {dtype: Float64}, b: {dtype: Int64}, c: {dtype: String}}\n"
    for path, write in (("t.parquet", frame.write_parquet), ("t.feather", frame.write_ipc)):
        buffer = io.BytesIO()
        write(buffer)
        seen = {
            (one.code, one.column, one.rows) for one in check(make, path, buffer.getvalue(), schema).findings
        }
        assert seen == {("TDS204", "a", (1, 2)), ("TDS204", "c", (1,))}
