"""The rows layer: connections, addresses, what a fault in the middle leaves behind."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.audit import sqlitefile
from tdsec_gov.audit.address import database_at
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.sqlitefile import MAX_IDLE, SqliteFile
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.errors import BackendUnavailable, ConfigurationError, LogTampered


def rows_of(log: AuditLog) -> SqliteFile:
    database = log._store._database
    assert isinstance(database, SqliteFile)
    return database


def test_a_log_is_found_by_path_and_by_sqlite_url(log: AuditLog) -> None:
    for place in (Path(log.where), log.where, f"sqlite:///{log.where}", f"sqlite+pysqlite:///{log.where}"):
        assert AuditLog.open(place).head() == log.head()


@pytest.mark.parametrize("place", ["", ":memory:", "file:x", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_memory_and_nothing_are_no_places(place: str) -> None:
    with pytest.raises(ConfigurationError, match="in a file"):
        AuditLog.create(place)


@pytest.mark.parametrize("place", ["sqlite://host/x.db", "sqlite:///x.db?mode=memory", "://"])
def test_addresses_that_are_not_usable(place: str) -> None:
    with pytest.raises(ConfigurationError):
        AuditLog.open(place)


def test_names_that_mean_something_in_a_uri(tmp_path: Path, event: Any) -> None:
    for name in ("a b", "q?mode=memory", "h#x", "p%41", "ü"):
        folder = tmp_path / name
        folder.mkdir()
        AuditLog.create(folder / "audit.db").append(event())
        assert [one.name for one in folder.glob("*.db")] == ["audit.db"]
        assert AuditLog.open(folder / "audit.db").head().size == 1


def test_a_relative_path_survives_a_change_of_folder(
    log: AuditLog, event: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = AuditLog.open("audit.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    relative.close()
    assert relative.append(event(21)).seq == 21
    assert log.head().size == 21


def test_one_connection_is_kept_and_used_by_all_threads(log: AuditLog, event: Any) -> None:
    database = rows_of(log)
    log.append(event(21))
    (kept,) = database._idle
    worker = threading.Thread(target=log.append, args=(event(22),))
    worker.start()
    worker.join()
    assert list(database._idle) == [kept] and log.head().size == 22
    log.close()
    assert not database._idle
    assert log.append(event(23)).seq == 23


def test_no_more_connections_are_kept_than_may_be(log: AuditLog) -> None:
    readers = [log.events() for _ in range(MAX_IDLE + 3)]
    for one in readers:
        next(one)
    for one in readers:
        one.close()
    assert len(rows_of(log)._idle) == MAX_IDLE


def test_a_reading_given_up_half_way_holds_on_to_no_old_state(log: AuditLog, event: Any) -> None:
    with log.snapshot() as session:
        half = session.entries()
        next(half)
    log.append(event(21))
    assert list(half) == []
    with log.snapshot() as session:
        assert session.head().size == 21


def test_an_error_in_the_middle_gives_the_lock_back(log: AuditLog, event: Any) -> None:
    with pytest.raises(ZeroDivisionError), log._store.session(write=True) as session:
        session.insert([(21, "x", b"", b"", *"1234567")])
        raise ZeroDivisionError
    other = AuditLog.open(log.where, busy_seconds=0.01)
    assert other.append(event(21)).seq == 21
    assert verify_log(log).size == 21


def test_a_deleted_log_is_not_made_anew(log: AuditLog, event: Any, tmp_path: Path) -> None:
    log.append(event(21))
    for part in tmp_path.glob("audit.db*"):
        part.unlink()
    with pytest.raises(BackendUnavailable, match="cannot be opened"):
        log.append(event(22))
    assert list(tmp_path.glob("audit.db*")) == []


def test_nothing_is_appended_to_another_log_in_its_place(log: AuditLog, event: Any, tmp_path: Path) -> None:
    log.append(event(21))
    other = AuditLog.create(tmp_path / "other.db")
    other.close()
    (tmp_path / "other.db").replace(log.where)
    for part in ("-wal", "-shm"):
        Path(log.where + part).unlink()
    with pytest.raises(LogTampered, match="replaced") as caught:
        log.append(event(22))
    assert (caught.value.expected, caught.value.found) == (log.origin, other.origin)
    with pytest.raises(LogTampered, match="replaced"):
        log.extends([])
    assert AuditLog.open(log.where).head().size == 0


def test_a_restored_backup_is_what_is_read_next(log: AuditLog, event: Any, tmp_path: Path) -> None:
    log.close()
    shutil.copy(log.where, tmp_path / "backup")
    log.append(event(21))
    log.close()
    assert log.head().size == 21  # a connection is open again, to the file as it is now
    (tmp_path / "backup").replace(log.where)
    for part in ("-wal", "-shm"):
        Path(log.where + part).unlink(missing_ok=True)
    assert log.head().size == 20


def test_connections_are_closed_before_fork(log: AuditLog) -> None:
    log.head()
    (_, kept), *_ = rows_of(log)._idle
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if not rows_of(log)._idle and log.head().size == 20 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        kept.execute("SELECT 1")
    assert log.head().size == 20


def test_a_transaction_under_way_when_we_are_forked_is_left_to_the_parent(log: AuditLog, event: Any) -> None:
    reader = log.events()
    next(reader)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            reader.close()
            fine = len(sqlitefile._abandoned) == 1 and not rows_of(log)._idle
            code = 0 if fine and log.append(event(21)).seq == 21 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [one.seq for one in reader] == list(range(2, 21))
    assert verify_log(log).size == 21


def test_statements_are_adapted_to_the_driver_in_one_place() -> None:
    pytest.importorskip("psycopg")
    server = database_at("postgresql+psycopg://somebody:secret@host/db")
    assert server.sql("a = ? AND b < ?") == "a = %s AND b < %s"
    assert "secret" not in server.where
