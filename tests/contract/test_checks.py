"""One suite for every registered check: what whoever writes a check must keep."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars
import pytest
from servers.clamd import Scripted, scripted

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.checks.registry import CHECKS, load_check
from tdsec_gov.domain.canonical import canonical_bytes, parse_json
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.errors import PolicyInvalid, TdsecError

PLANTED = ("jane.planted@example.org", "4111111111111111", "Zyxxy", "536-90-4399")
SCHEMA = (
    b"format: 1\ncolumns: {label: {dtype: Int64, le: 1}, text: {dtype: String, str_length: {max_value: 9}}}\n"
)
SOURCE = {
    "id": "s",
    "name": "S",
    "trust": "raw",
    "personal_data": "none",
    "contact": {"name": "Zyxxy"},
    "purpose": "Zyxxy",
    "retention": {"until": "Zyxxy", "basis": "Zyxxy"},
}
PARAMS: dict[str, dict[str, Any]] = {
    "schema": {"schema": "s.yaml"},
    "poisoning": {"label": "label"},
}


@pytest.fixture(scope="module", autouse=True)
def scanner() -> Iterator[None]:
    """An honest daemon that knows one test file; what a real one does: tests/integration."""
    with scripted(Scripted()) as address:
        PARAMS["malware"] = {"clamd": [address]}
        yield


@pytest.fixture(params=sorted(CHECKS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def data_file(folder: Path, path: str, data: bytes) -> DataFile:
    digest = hashlib.sha256(data).hexdigest()
    location = folder / digest
    location.write_bytes(data)
    return DataFile(path, location, len(data), digest)


def given(
    folder: Path,
    name: str,
    files: list[DataFile],
    previous: list[DataFile] | None = None,
    params: dict[str, Any] | None = None,
) -> CheckInput:
    (folder / "schemas").mkdir(exist_ok=True)
    (folder / "schemas" / "s.yaml").write_bytes(SCHEMA)
    before = None if previous is None else tuple(previous)
    settings = PARAMS.get(name, {}) if params is None else params
    now = datetime(2026, 6, 1, tzinfo=UTC)
    return CheckInput("d", tuple(files), before, before and "0" * 64, settings, SOURCE, folder, now)


def table(rows: int = 60) -> bytes:
    lines = [f"{i % 2},{PLANTED[i % 4]} is here {i}" for i in range(rows)]
    return ("label,text\n" + "\n".join(lines) + f"\n7,{PLANTED[0]}\n").encode()


def test_no_files_deny(tmp_path: Path, name: str) -> None:
    result = load_check(name).run(given(tmp_path, name, []))
    assert result.status.denies and result.check == name


@pytest.mark.parametrize("data", [b"", b"\0\x01\x02\xff", b"a,b\n1\n", b"\xff\xfe" * 50, b"a,b\n"])
def test_junk_under_the_name_of_a_table_denies(tmp_path: Path, name: str, data: bytes) -> None:
    if name in ("source", "malware", "media"):
        pytest.skip("does not judge tables")
    try:
        result = load_check(name).run(given(tmp_path, name, [data_file(tmp_path, "a.csv", data)]))
    except TdsecError as exc:
        result = CheckResult(name, Status.ERROR, (Finding("TDS001", Severity.DENY, exc.line()),))
    if name == "files" and data.startswith(b"a,b"):  # readers take it: rows of other lengths, or none
        assert result.status is Status.WARNED
    else:
        assert result.status.denies


def test_messages_hold_no_value(tmp_path: Path, name: str) -> None:
    old = [data_file(tmp_path, "t.csv", table(40))]
    for previous in (None, old):
        files = [
            data_file(tmp_path, "t.csv", table()),
            data_file(tmp_path, "n.txt", " ".join(PLANTED).encode()),
        ]
        result = load_check(name).run(given(tmp_path, name, files, previous))
        text = canonical_bytes(result.as_json()).decode() + repr(result)
        assert not [value for value in PLANTED if value in text]
        digests = [
            hashlib.new(kind, value.encode()).hexdigest() for value in PLANTED for kind in ("md5", "sha256")
        ]
        assert not [digest for digest in digests if digest[:16] in text]


def test_results_survive_json_and_repeat(tmp_path: Path, name: str) -> None:
    call = given(tmp_path, name, [data_file(tmp_path, "t.csv", table())])
    first, second = load_check(name).run(call), load_check(name).run(call)
    assert first == second
    assert CheckResult.from_json(parse_json(canonical_bytes(first.as_json()))) == first
    assert all(finding.code in EXPLANATIONS for finding in first.findings)
    assert all(len(finding.rows) <= 20 for finding in first.findings)
    assert first.not_checked or name == "schema"


def test_unknown_settings_are_refused(tmp_path: Path, name: str) -> None:
    settings = {**PARAMS.get(name, {}), "no_such_setting": 1}
    call = given(tmp_path, name, [data_file(tmp_path, "t.csv", table())], params=settings)
    with pytest.raises(PolicyInvalid):
        load_check(name).run(call)


def test_a_clean_table_is_not_denied(tmp_path: Path, name: str) -> None:
    """The suite above would be passed by a check that always denies; this one would not."""
    buffer = io.BytesIO()
    rows = [(i % 2, "blue" if i % 2 else "red") for i in range(400)]
    polars.DataFrame(rows, schema=["label", "text"], orient="row").write_parquet(buffer)
    files = [data_file(tmp_path, "t.parquet", buffer.getvalue())]
    call = given(tmp_path, name, files, files)
    if name == "source":
        good = {**SOURCE, "trust": "internal", "retention": {"until": None, "basis": "contract"}}
        call = CheckInput("d", call.files, None, None, {}, good, call.policies, call.now)
    assert not load_check(name).run(call).status.denies


@pytest.mark.parametrize(
    "variables",
    [
        {"PANDERA_VALIDATION_ENABLED": "False"},
        {"PANDERA_VALIDATION_DEPTH": "SCHEMA_ONLY"},
        {"PANDERA_VALIDATION_DEPTH": "junk"},
        {"PANDERA_USE_NARWHALS_BACKEND": "True", "PANDERA_VALIDATION_ENABLED": "False"},
    ],
)
def test_no_environment_variable_switches_the_schema_check_off(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    call = given(tmp_path, "schema", [data_file(tmp_path, "t.csv", b"label,text\n9,x\n")])
    file = call.files[0]
    script = f"""
import datetime, pathlib
from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.schema.check import SchemaHolds
from tdsec_gov.errors import TdsecError
file = DataFile("t.csv", pathlib.Path({str(file.location)!r}), {file.size}, {file.sha256!r})
given = CheckInput("d", (file,), None, None, {{"schema": "s.yaml"}}, None,
                   pathlib.Path({str(tmp_path)!r}), datetime.datetime.now(datetime.timezone.utc))
try:
    print(SchemaHolds().run(given).status.value)
except TdsecError as error:
    print("ERROR", error.code)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split()[:1] in (["FAILED"], ["ERROR"]), done.stderr
