"""Appending, reading and proving."""

from __future__ import annotations

import math
import os
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.audit import store
from tdsec_gov.audit.body import PROJECTED, decode, encode, sortable_time
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.models import AuditEntry, AuditHead
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.errors import (
    BackendUnavailable,
    ConfigurationError,
    DependencyMissing,
    InternalError,
    LogTampered,
    UsageError,
)


def test_append_and_read_back(log: AuditLog, event: Any) -> None:
    done = log.append(event(21))
    assert done.seq == 21
    head = log.head()
    assert (head.size, head.chain, head.origin) == (21, done.chain, "tdsec-gov/audit/0123456789abcdef")
    recorded = list(log.events())
    assert [one.seq for one in recorded] == list(range(1, 22))
    assert recorded[-1].event == event(21)
    assert recorded[-1].leaf == done.leaf
    again = AuditLog.open(log.where)
    assert again.head() == head
    verified = verify_log(again, [head.checkpoint], require_origin=head.origin)
    assert (verified.root, verified.chain, verified.covered) == (head.root, head.chain, 21)
    assert (verified.first_time, verified.last_time) == ("2026-03-01T10:00:01Z", "2026-03-01T10:00:21Z")


def test_batch_equals_single(tmp_path: Path, event: Any) -> None:
    one = AuditLog.create(tmp_path / "one.db", log_id="ff")
    many = AuditLog.create(tmp_path / "many.db", log_id="ff")
    singles = [one.append(event(number)) for number in range(1, 8)]
    assert many.append_many(event(number) for number in range(1, 8)) == singles
    assert many.append_many([]) == []
    assert one.head() == many.head()


def test_empty_log(tmp_path: Path) -> None:
    log = AuditLog.create(tmp_path / "audit.db")
    assert (log.head().size, list(log.events())) == (0, [])
    assert verify_log(log, [log.head().checkpoint]).covered == 0
    assert len(log.head().origin.removeprefix("tdsec-gov/audit/")) == 16
    with pytest.raises(UsageError):
        log.prove_inclusion(1)


def test_filters(log: AuditLog, event: Any) -> None:
    log.append(event(30, action="push", outcome="denied", event_time="2026-03-01T10:00:05.5Z"))
    numbers = lambda **wanted: [one.seq for one in log.events(**wanted)]  # noqa: E731
    assert numbers(action="push") == [21]
    assert numbers(outcome="denied") == [21]
    assert numbers(target="data/file3.csv") == [3]
    assert numbers(since="2026-03-01T10:00:05Z", until="2026-03-01T10:00:06Z") == [5, 21]
    assert numbers(since="2026-03-01T10:00:05.1Z", until="2026-03-01T10:00:06Z") == [21]
    assert numbers(action="pull") == []
    with pytest.raises(InternalError):
        numbers(since="yesterday")


def test_clock_backwards_is_accepted_and_order_is_by_number(log: AuditLog, event: Any) -> None:
    log.append(event(1, event_time="1999-01-01T00:00:00Z"))
    assert [one.seq for one in log.events()] == list(range(1, 22))
    assert verify_log(log).last_time == "1999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"action": "party"}, InternalError),
        ({"outcome": "maybe"}, InternalError),
        ({"event_time": "2026-03-01T10:00:00+00:00"}, InternalError),
        ({"event_time": "2026-02-30T10:00:00Z"}, InternalError),
        ({"event_time": "2026-03-01T10:00:00Z\n"}, InternalError),
        ({"target": "a\nb"}, UsageError),
        ({"target": "\udcff"}, UsageError),
        ({"purpose": 3}, InternalError),
        ({"details": {"x": math.nan}}, InternalError),
        ({"details": {"x": 2**60}}, InternalError),
        ({"details": {"x": 2.0**60}}, InternalError),  # its canonical form reads back as such an integer
        ({"details": {"x": object()}}, InternalError),
        ({"details": {"x": "\udcff"}}, InternalError),
    ],
)
def test_malformed_events_are_refused_and_nothing_is_written(
    log: AuditLog, event: Any, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        log.append_many([event(21), replace(event(22), **changes)])
    assert log.head().size == 20
    assert verify_log(log).size == 20


def test_body_round_trip_and_time(event: Any) -> None:
    one = event(5, target="Ünïcode 😀", details={"x": 1.5, "é": [None, True]})
    assert decode(encode(5, one)) == (5, one)
    assert sortable_time("2026-03-01T10:00:00Z") == "2026-03-01T10:00:00.000000Z"
    assert sortable_time("2026-03-01T10:00:00.25Z") == "2026-03-01T10:00:00.250000Z"


def test_proofs(log: AuditLog, event: Any) -> None:
    old = log.head().checkpoint
    log.append_many(event(number) for number in range(21, 40))
    new = log.head().checkpoint
    log.prove_inclusion(3).verify(new)
    log.prove_inclusion(3, old.size).verify(old)
    log.prove_consistency(old.size).verify(old, new)
    proof = log.prove_inclusion(3)
    with pytest.raises(LogTampered, match="another checkpoint"):
        proof.verify(old)
    with pytest.raises(LogTampered, match="another event"):
        replace(proof, seq=4).verify(new)
    with pytest.raises(LogTampered, match="signed root"):
        replace(proof, body=proof.body.replace("success", "failure")).verify(new)
    with pytest.raises(LogTampered, match="join"):
        log.prove_consistency(old.size).verify(old, Checkpoint(new.origin, new.size, "00" * 32))
    with pytest.raises(UsageError):
        log.prove_inclusion(40)
    with pytest.raises(UsageError):
        log.prove_inclusion(0)
    with pytest.raises(UsageError):
        log.prove_consistency(0)
    assert log.extends([old, new]).checkpoint == new
    assert proof.as_json()["seq"] == 3 and log.prove_consistency(20).as_json()["first"] == 20


def test_create_refuses_what_is_there(log: AuditLog, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        AuditLog.create(log.where)
    sqlite3.connect(tmp_path / "their.db").execute("CREATE TABLE t(x)").connection.close()
    with pytest.raises(ConfigurationError, match="something else"):
        AuditLog.create(tmp_path / "their.db")
    with pytest.raises(ConfigurationError, match="folder"):
        AuditLog.create(tmp_path / "no" / "audit.db")
    with pytest.raises(ConfigurationError, match="in a file"):
        AuditLog.create(":memory:")


def test_open_refuses_what_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no audit log"):
        AuditLog.open(tmp_path / "audit.db")
    assert not (tmp_path / "audit.db").exists()
    (tmp_path / "text.db").write_bytes(b"not a database " * 100)
    with pytest.raises(ConfigurationError, match="not an audit log"):
        AuditLog.open(tmp_path / "text.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigurationError, match="not an audit log"):
        AuditLog.open(tmp_path / "empty.db")
    with pytest.raises(BackendUnavailable):
        AuditLog.open(tmp_path)
    with pytest.raises(DependencyMissing):
        AuditLog.open("nosuchdatabase://host/db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(log: AuditLog) -> None:
    Path(log.where).chmod(0)
    with pytest.raises(BackendUnavailable):
        AuditLog.open(log.where)


def test_corrupt_file(log: AuditLog) -> None:
    log.close()
    path = Path(log.where)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(LogTampered, match="corrupt"):
        verify_log(AuditLog.open(path))


def test_locked_file(log: AuditLog, event: Any) -> None:
    impatient = AuditLog.open(log.where, busy_seconds=0.05)
    other = sqlite3.connect(log.where, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BackendUnavailable, match="locked by another process"):
        impatient.append(event(21))
    assert verify_log(impatient).size == 20  # readers do not wait
    other.execute("ROLLBACK")
    assert impatient.append(event(21)).seq == 21


def test_settings_that_make_it_durable(log: AuditLog) -> None:
    database = log._store._database
    with database.connect() as connection:
        pragma = lambda name: database.fetch(connection, f"PRAGMA {name}")[0][0]  # noqa: E731
        assert (pragma("journal_mode"), pragma("synchronous"), pragma("busy_timeout")) == ("wal", 2, 30000)
        assert pragma("trusted_schema") == 0


def test_plain_rows_and_models_have_the_same_columns() -> None:
    columns = lambda text: re.findall(r"\w+", re.search(r"SELECT (.*) FROM", text)[1])  # noqa: E731
    filled = lambda text: re.findall(r"\w+", re.search(r"\((.*)\) VALUES", text)[1])  # noqa: E731
    entry, head = list(AuditEntry.model_fields), list(AuditHead.model_fields)
    assert (
        columns(store.ENTRIES)
        == filled(store.INSERT)
        == entry
        == ["seq", "body", "leaf", "chain", *PROJECTED]
    )
    assert columns(store.HEAD) == filled(store.NEW_HEAD) == head
    assert {AuditEntry.__tablename__, AuditHead.__tablename__} == store.TABLES


def test_verification_sees_one_state_while_others_write(log: AuditLog, event: Any) -> None:
    reader = log.events()
    assert next(reader).seq == 1
    log.append(event(21))
    assert [one.seq for one in reader][-1] == 20
    assert log.head().size == 21
