"""Whatever bytes come in: a CheckResult or a TdsecError comes out, never another exception."""

from __future__ import annotations

import io
import pickle
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from servers.clamd import Scripted, scripted

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.files.pickled.detect import is_pickle
from tdsec_gov.checks.files.risk import Replay
from tdsec_gov.checks.pii.validators import is_card, luhn
from tdsec_gov.checks.registry import CHECKS, load_check
from tdsec_gov.checks.schema.declared import parse_schema
from tdsec_gov.checks.tables import read_table, scan_batches
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import PolicyInvalid, TdsecError

FAST = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
PATHS = ("a.csv", "a.tsv", "a.jsonl", "a.txt", "a.csv.gz", "a.zip", "a.npy", "a.png", "a.tar", "a.bin")
PARAMS: dict[str, dict[str, Any]] = {
    "schema": {"schema": "s.yaml"},
    "poisoning": {"label": "a"},
}


@pytest.fixture(scope="module", autouse=True)
def scanner() -> Iterator[None]:
    """An honest daemon that knows one test file."""
    with scripted(Scripted()) as address:
        PARAMS["malware"] = {"clamd": [address], "decoded": True, "max_decoded_mib": 4}
        yield


cell = st.text(st.characters(codec="utf-8"), max_size=12)
rows = st.lists(st.lists(cell, min_size=2, max_size=3), max_size=8)
csv_like = rows.map(lambda table: "\n".join(["a,b", *(",".join(row) for row in table)]).encode())
NUMPY = b"\x93NUMPY\x01\0"
junk = st.one_of(
    st.binary(max_size=300),
    csv_like,
    st.text(max_size=80).map(lambda text: ('{"a": "' + text + '"}').encode("utf-8", "replace")),
    st.binary(max_size=60).map(lambda data: b"PK\x03\x04" + data + b"PK\x05\x06" + bytes(18)),
    st.binary(max_size=90).map(lambda data: NUMPY + data),
    st.binary(max_size=90).map(lambda data: b"\x1f\x8b\x08\0" + data),
)


def call(folder: Path, name: str, path: str, data: bytes) -> CheckInput:
    (folder / "schemas").mkdir(exist_ok=True)
    (folder / "schemas" / "s.yaml").write_bytes(b"format: 1\ncolumns: {a: {dtype: Int64}, b: {isin: [x]}}\n")
    location = folder / "object"
    location.write_bytes(data)
    file = DataFile(path, location, len(data), "0" * 64)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    return CheckInput("d", (file,), None, None, PARAMS.get(name, {}), {"trust": "raw"}, folder, now)


def survives(name: str, path: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            result = load_check(name).run(call(Path(folder), name, path, data))
        except TdsecError:
            return
        assert isinstance(result, CheckResult)
        assert CheckResult.from_json(result.as_json()) == result


@pytest.mark.parametrize("name", sorted(CHECKS))
@FAST
@given(path=st.sampled_from(PATHS), data=junk)
def test_arbitrary_bytes(name: str, path: str, data: bytes) -> None:
    survives(name, path, data)


def _parquet() -> bytes:
    buffer = io.BytesIO()
    polars.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}).write_parquet(buffer)
    return buffer.getvalue()


def _arrow() -> bytes:
    buffer = io.BytesIO()
    polars.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}).write_ipc(buffer)
    return buffer.getvalue()


WHOLE = {"a.parquet": _parquet(), "a.feather": _arrow()}


@pytest.mark.parametrize("name", ["schema", "pii", "files"])
@FAST
@given(
    path=st.sampled_from(sorted(WHOLE)),
    where=st.integers(0, 10_000),
    byte=st.integers(0, 255),
    cut=st.booleans(),
)
def test_damaged_columnar_files(name: str, path: str, where: int, byte: int, cut: bool) -> None:
    data = bytearray(WHOLE[path])
    where %= len(data)
    if cut:
        del data[where:]
    else:
        data[where] = byte
    survives(name, path, bytes(data))


@FAST
@given(data=csv_like)
def test_both_readers_agree_on_what_is_a_table(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = call(Path(folder), "pii", "a.csv", data).files[0]
        try:
            count = read_table(file).height
        except Unreadable:
            count = -1
        try:
            scanned = sum(batch.num_rows for batch in scan_batches(file))
        except Unreadable:
            scanned = -1
        assert count == scanned


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@FAST
@given(value=plain, protocol=st.integers(0, 5), pad=st.integers(0, 3))
def test_every_pickle_is_one(value: object, protocol: int, pad: int) -> None:
    data = pickle.dumps([value, {"k": value}], protocol)
    assert is_pickle(Replay(b"N0" * pad + data))
    acting = pickle.dumps([value], protocol)[:-1] + b"0cos\nsystem\n(VSECRET\ntR."
    assert is_pickle(Replay(acting))


@FAST
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="(\0"), max_size=200))
def test_text_without_a_call_is_no_acting_pickle(text: str) -> None:
    """Without '(' there is no mark and no tuple that text can spell: only whole data can be mistaken."""
    assume(not text.rstrip().endswith("."))
    assert not is_pickle(Replay(text.encode()))


@FAST
@given(st.binary(max_size=200))
def test_schema_files(text: bytes) -> None:
    try:
        parse_schema(text, "s.yaml")
    except PolicyInvalid:
        return
    raise AssertionError("arbitrary bytes made a schema")


@FAST
@given(st.text("0123456789", min_size=2, max_size=20), st.integers(1, 9))
def test_luhn_notices_any_changed_digit(digits: str, change: int) -> None:
    check = next(one for one in "0123456789" if luhn(digits + one))
    number = digits + check
    changed = str((int(number[0]) + change) % 10) + number[1:]
    assert luhn(number) and not luhn(changed) and not is_card(changed)
