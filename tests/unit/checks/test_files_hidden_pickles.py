"""Pickles where no suffix and no first byte tells of them, and what looks like one and is none."""

from __future__ import annotations

import base64
import io
import json
import pickle
import sqlite3
import struct
import zipfile
import zlib
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from tdsec_gov.checks.files.check import SafeFiles
from tdsec_gov.checks.files.pickled.embedded import PIECE, holds_call, stream_holds_call
from tdsec_gov.domain.findings import Severity

P0 = b"cos\nsystem\n(S'true'\ntR."
P4 = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R."
INST = b"(S'true'\nios\nsystem\n."
FORMS = {"protocol 0": P0, "protocol 4": P4, "inst": INST}


def findings(make: Any, path: str, data: bytes, **params: object) -> dict[str, Severity]:
    result = SafeFiles().run(make.given([make.file(path, data)], params))
    return {one.code: one.severity for one in result.findings}


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


def database(value: bytes | str) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (k text, v blob)")
    connection.execute("insert into t values ('a', ?)", (value,))
    connection.commit()
    return connection.serialize()


def described(value: bytes) -> bytes:
    out = io.BytesIO()
    schema = pyarrow.schema([pyarrow.field("a", pyarrow.int64(), metadata={b"state": value})])
    parquet.write_table(pyarrow.table([pyarrow.array([1])], schema=schema), out)
    return out.getvalue()


PLACES = {
    "behind a mark": lambda data: ("a.pkl", b"\xef\xbb\xbf" + data),
    "behind zeros": lambda data: ("a.bin", bytes(100_000) + data),
    "second behind zeros": lambda data: ("a.pkl", pickle.dumps({}, 0) + bytes(64) + data),
    "after a header": lambda data: ("a", b"a,b\n1,2\n" + data),
    "across pieces": lambda data: ("a.bin", b"\x01" * (PIECE - 9) + data),
    "database": lambda data: ("a.db", database(data)),
    "schema": lambda data: ("a.parquet", described(data)),
    "base64 in CSV": lambda data: ("a.csv", b"a,b\n1," + base64.b64encode(data) + b"\n"),
    "base64 in JSON": lambda data: ("a.json", json.dumps({"a": base64.b64encode(data).decode()}).encode()),
    "base64 in a database": lambda data: ("a.db", database(base64.b64encode(data).decode())),
    "base64 in an archive": lambda data: ("a.zip", zipped("a.csv", b"a\n" + base64.b64encode(data) + b"\n")),
    "squeezed base64": lambda data: ("a.txt", base64.b64encode(zlib.compress(data)) + b"\n"),
    "hexadecimal": lambda data: ("a.csv", b"a,b\n1," + data.hex().encode() + b"\n"),
    "JSON string": lambda data: ("a.json", json.dumps({"a": data.decode("latin-1")}).encode()),
}


@pytest.mark.parametrize("form", ["protocol 0", "protocol 4"])
@pytest.mark.parametrize("place", PLACES)
def test_denied_and_no_code_allowed(make: Any, place: str, form: str) -> None:
    path, data = PLACES[place](FORMS[form])
    assert Severity.DENY in findings(make, path, data).values()
    assert Severity.DENY in findings(make, path, data, allow=["pickle", "nested-archive"]).values()


@pytest.mark.parametrize("form", FORMS)
def test_calls_in_the_middle(form: str) -> None:
    assert holds_call(b"rows: 7\n\n" + FORMS[form])
    assert stream_holds_call(io.BytesIO(b"\x01" * (PIECE - 9) + FORMS[form]))


@pytest.mark.parametrize(
    "data",
    [
        b"closure\nindentation\nrepresence\nworking\n" * 50,
        b"(see\nimages\nconcise\n.)\n" * 50,
        pickle.dumps({"a": [1.5, "x"]}, 4),
        bytes(range(256)) * 64,
        struct.pack("<500h", *range(-250, 250)),
        "naïve – “quoted” text\n".encode() * 99,
    ],
)
def test_no_call_where_there_is_none(data: bytes) -> None:
    assert not holds_call(data)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.csv", b"id,key\n1,800551f8312aa3f1\n2,63616c6c0a\n"),
        (
            "a.csv",
            b"id,digest\n" + b"1,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n" * 9,
        ),
        ("a.csv", b"id,thumb\n1," + base64.b64encode(bytes(range(256))) + b"\n"),
        ("a.csv", b"id,state\n1," + base64.b64encode(pickle.dumps({"a": [1, 2]}, 4)) + b"\n"),
        ("a.yaml", b"a: !!python/tuple [1, 2]\n# !!python/object is bad\n"),
        ("a.json", b'{"@type": "Dataset", "class_name": "Lambda"}'),
        ("a.zip", zipped("a.csv", b"a,b\n1,2\n")),
        ("a.txt", b"Peter\n"),
        ("a.txt", b"Peter\nPaul\n"),
        ("a.csv", b"Price\n1.5\n"),
    ],
)
def test_data_is_left_alone(make: Any, path: str, data: bytes) -> None:
    assert findings(make, path, data) == {}


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("a.yaml", b"a: !!python/object/apply:os.system ['true']\n", "TDS506"),
        ("a.yml", b"a: !!javax.script.ScriptEngineManager []\n", "TDS506"),
        ("a.json", b'{"a": {"py/object": "subprocess.Popen"}}', "TDS506"),
        ("a.jsonl", b'{"class_name": "Lambda", "config": {}}\n', "TDS525"),
        ("a.whl", zipped("x-1.dist-info/METADATA", b"Name: x"), "TDS504"),
        ("a.zip", zipped("__main__.py", b"pass"), "TDS504"),
        ("a.pgm", b"P5 100000 100000 255\n", "TDS510"),
        ("a.zip", zipped("a.pgm", b"P5 100000 100000 255\n"), "TDS510"),
        ("a.zip", zipped("a.csv", "a\nx\u202ey\n".encode()), "TDS515"),
    ],
)
def test_other_code_and_bombs(make: Any, path: str, data: bytes, code: str) -> None:
    assert findings(make, path, data)[code] is Severity.DENY


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("._a.csv", b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + bytes(60), "TDS533"),
        ("a.csv", b"a,b\n1\n2,3\n", "TDS534"),
        ("a.csv", b"a,b\n", "TDS534"),
    ],
)
def test_harmless_oddities_warn(make: Any, path: str, data: bytes, code: str) -> None:
    assert findings(make, path, data) == {code: Severity.WARN}
    assert findings(make, "a.csv", b"a,b\n1,2,3\n2,=cmd|'/C x'!A0\n") == {
        "TDS516": Severity.WARN,
        "TDS534": Severity.WARN,
    }
