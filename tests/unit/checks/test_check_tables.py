"""Tables are read whole and strictly, or not at all; refusals quote nothing."""

from __future__ import annotations

import gzip
import io
from typing import Any

import polars
import pytest

from tdsec_gov.checks.contract import Unreadable
from tdsec_gov.checks.tables import is_table, read_table, scan_batches

FRAME = polars.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


def parquet() -> bytes:
    buffer = io.BytesIO()
    FRAME.write_parquet(buffer)
    return buffer.getvalue()


def arrow() -> bytes:
    buffer = io.BytesIO()
    FRAME.write_ipc(buffer)
    return buffer.getvalue()


LINES = b'{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n{"a": 3, "b": null}\n'
GOOD = {
    "a.csv": b"a,b\n1,x\n2,y\n3,\n",
    "A.CSV": b"\xef\xbb\xbfa,b\r\n1,x\r\n2,y\r\n3,NA\r\n",
    "a.tsv": b"a\tb\n1\tx\n2\ty\n3\t\n",
    "a.jsonl": LINES,
    "a.ndjson.gz": gzip.compress(LINES),
    "a.csv.gz": gzip.compress(b"a,b\n1,x\n") + gzip.compress(b"2,y\n3,\n"),
    "a.parquet": parquet(),
    "a.feather": arrow(),
}


@pytest.mark.parametrize("path", GOOD)
def test_each_format(make: Any, path: str) -> None:
    file = make.file(path, GOOD[path])
    assert is_table(file)
    assert read_table(file).equals(FRAME)
    assert sum(batch.num_rows for batch in scan_batches(file)) == 3


BAD = {
    "empty": ("a.csv", b""),
    "header only": ("a.csv", b"a,SECRET\n"),
    "blank": ("a.csv", b"\n\n"),
    "nul": ("a.csv", b"a,b\n1,SECRET\0\n"),
    "latin 1": ("a.csv", b"a,b\n1,SECRET\xe9\n"),
    "cut inside a letter": ("a.csv", b"a,b\n1,SECRET\xc3"),
    "utf-16": ("a.csv", "a,b\n1,SECRET\n".encode("utf-16")),
    "short row": ("a.csv", b"a,b\n1,SECRET\n2\n"),
    "long row": ("a.csv", b"a,b\n1,SECRET\n2,3,4\n"),
    "twice the same name": ("a.csv", b"SECRET,SECRET\n1,2\n"),
    "open quote": ("a.csv", b'a,b\n1,"SECRET\n2,3\n'),
    "no gzip": ("a.csv.gz", b"a,SECRET\n1,2\n"),
    "cut gzip": ("a.csv.gz", gzip.compress(b"a,SECRET\n1,2\n")[:-3]),
    "damaged gzip": ("a.csv.gz", gzip.compress(b"a,SECRET\n1,2\n")[:-8] + b"12345678"),
    "gzip bomb": ("a.csv.gz", gzip.compress(b"a\n" + (b"x" * 2000 + b"\n") * 35_000, 9)),
    "parquet as csv": ("a.csv", parquet()),
    "csv as parquet": ("a.parquet", b"a,SECRET\n1,2\n"),
    "cut parquet": ("a.parquet", parquet()[:-5]),
    "cut arrow": ("a.feather", arrow()[:-20]),
    "list in jsonl": ("a.jsonl", b'["SECRET"]\n'),
    "two on a line": ("a.jsonl", b'{"a": 1} {"a": "SECRET"}\n'),
    "over two lines": ("a.jsonl", b'{"a":\n 1}\n'),
    "same key twice": ("a.jsonl", b'{"a": 1, "a": 2}\n'),
    "mixed types": ("a.jsonl", b'{"a": 1, "b": }\n'),
    "too deep": ("a.jsonl", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"),
    "not a table": ("a.png", b"SECRET"),
}


@pytest.mark.parametrize("what", BAD)
def test_refusals(make: Any, what: str) -> None:
    path, data = BAD[what]
    file = make.file(path, data)
    for reader in (read_table, lambda one: list(scan_batches(one))):
        with pytest.raises(Unreadable) as caught:
            reader(file)
        assert "SECRET" not in str(caught.value)
        assert caught.value.where is not None and caught.value.where.startswith(path)
        assert caught.value.__cause__ is None


def test_missing_file(make: Any) -> None:
    file = make.file("a.csv", b"a\n1\n")
    file.location.unlink()
    with pytest.raises(Unreadable):
        read_table(file)


def test_brackets_in_strings_are_not_depth(make: Any) -> None:
    file = make.file("a.jsonl", b'{"a": "' + b"[{" * 500 + b'"}\n')
    assert read_table(file).height == 1


def test_csv_batches_hold_what_was_written(make: Any) -> None:
    file = make.file("a.csv", b"zip,n\n01234,NA\n")
    assert [batch.to_pylist() for batch in scan_batches(file)] == [[{"zip": "01234", "n": "NA"}]]
    assert read_table(file, as_written=["zip"])["zip"].to_list() == ["01234"]


def test_quotes_that_are_text(make: Any) -> None:
    file = make.file("a.csv", b'a,b\n1,"x\ny"\n2,5" disk\n')
    assert read_table(file).height == 2
