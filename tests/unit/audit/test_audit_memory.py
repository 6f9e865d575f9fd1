"""Signing the head again costs what is new, and what is remembered is believed only where it was signed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tdsec_gov.audit.checkpoints import CheckpointFile, advance
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.merkle import Frontier
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.errors import LogTampered
from tdsec_gov.keys.signing import SigningKey

KEY = SigningKey(b"\1" * 32)


def event(number: int) -> AuditEvent:
    return AuditEvent("2026-03-01T10:00:00Z", "pull", "success", "1", str(number))


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    made = AuditLog.create(tmp_path / "audit.db")
    made.append_many(event(number) for number in range(40))
    return made


def sign(log: AuditLog, folder: Path) -> int:
    return advance(log, KEY, "me", into=[folder / "note"], memory=folder / "edge").size


def test_the_same_heads_are_signed_with_and_without_memory(log: AuditLog, tmp_path: Path) -> None:
    for number in range(12):
        log.append(event(number))
        sign(log, tmp_path)
        plain = advance(log, KEY, "me", into=[tmp_path / "other"])
        assert CheckpointFile(tmp_path / "note").unverified() == (plain,)
    size, _, edge = (tmp_path / "edge").read_text().partition(" ")
    assert Frontier.from_bytes(int(size), bytes.fromhex(edge)).root().hex() == plain.root


def test_only_new_leaves_are_read(log: AuditLog, tmp_path: Path) -> None:
    sign(log, tmp_path)
    with sqlite3.connect(tmp_path / "audit.db") as database:
        database.execute("update tdsec_audit_entry set leaf = zeroblob(32) where seq = 3")
    log.append(event(99))
    assert sign(log, tmp_path) == 41  # the signed root still vouches for the first 40 as they were
    with pytest.raises(LogTampered):
        advance(log, KEY, "me", into=[tmp_path / "note"])


def test_a_new_event_that_was_rewritten_is_not_signed(log: AuditLog, tmp_path: Path) -> None:
    sign(log, tmp_path)
    log.append(event(99))
    with sqlite3.connect(tmp_path / "audit.db") as database:
        database.execute("update tdsec_audit_entry set leaf = zeroblob(32) where seq = 41")
    with pytest.raises(LogTampered):
        sign(log, tmp_path)


@pytest.mark.parametrize("forged", ["", "40", "40 zz", "1 " + "00" * 32, "40 " + "00" * 64, "-1 ", "x" * 9])
def test_a_memory_nobody_signed_is_not_believed(log: AuditLog, tmp_path: Path, forged: str) -> None:
    sign(log, tmp_path)
    (tmp_path / "edge").write_text(forged)
    with sqlite3.connect(tmp_path / "audit.db") as database:
        database.execute("update tdsec_audit_entry set leaf = zeroblob(32) where seq = 3")
    with pytest.raises(LogTampered):
        sign(log, tmp_path)


def test_a_memory_signed_by_somebody_else_is_not_believed(log: AuditLog, tmp_path: Path) -> None:
    stranger = SigningKey(b"\2" * 32)
    advance(log, stranger, "stranger", into=[tmp_path / "note"], memory=tmp_path / "edge")
    with sqlite3.connect(tmp_path / "audit.db") as database:
        database.execute("update tdsec_audit_entry set leaf = zeroblob(32) where seq = 3")
    log.append(event(1))
    with pytest.raises(LogTampered):
        sign(log, tmp_path)
