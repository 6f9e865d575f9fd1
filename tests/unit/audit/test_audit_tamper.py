"""Every way to tamper with the database is noticed, and the first event concerned is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.errors import LogTampered

E = "tdsec_audit_entry"
H = "tdsec_audit_head"
CUT_HEAD = f"UPDATE {H} SET size=15, chain=(SELECT chain FROM {E} WHERE seq=15)"
BODY_7 = f"UPDATE {E} SET body=replace(body, 'success', 'failure') WHERE seq=7"


def swap(one: int, two: int) -> tuple[str, ...]:
    return (
        f"UPDATE {E} SET seq=-1 WHERE seq={one}",
        f"UPDATE {E} SET seq={one} WHERE seq={two}",
        f"UPDATE {E} SET seq={two} WHERE seq=-1",
    )


# What the database alone shows: name -> (statements, what the refusal says).
PLAIN: dict[str, tuple[tuple[str, ...], str]] = {
    "field edit": ((BODY_7,), r"event 7 \(2026-03-01T10:00:07Z, gate\) was changed: its body"),
    "projection edit": (
        (f"UPDATE {E} SET target='data/other.csv' WHERE seq=9",),
        r"event 9 \(.*\): column target was changed",
    ),
    "time edit": (
        (f"UPDATE {E} SET event_time='2020-01-01T00:00:00.000000Z' WHERE seq=3",),
        r"event 3 \(.*\): column event_time was changed",
    ),
    "leaf edit": (
        (f"UPDATE {E} SET leaf=zeroblob(32) WHERE seq=4",),
        r"event 4 .* leaf hash was overwritten",
    ),
    "chain edit": ((f"UPDATE {E} SET chain=zeroblob(32) WHERE seq=1",), r"event 1 .* the chain breaks"),
    "not JSON": ((f"UPDATE {E} SET body='{{}}' WHERE seq=5",), r"event 5 was changed: event is not"),
    "spaces": ((f"UPDATE {E} SET body=body||' ' WHERE seq=5",), r"event 5 was changed: .*canonical"),
    "not text": ((f"UPDATE {E} SET body=CAST(body AS BLOB) WHERE seq=5",), r"event 5 was changed: .*text"),
    "not UTF-8": ((f"UPDATE {E} SET body=CAST(x'ff' AS TEXT) WHERE seq=5",), r"event 5 cannot be read"),
    "deletion": ((f"DELETE FROM {E} WHERE seq=6",), r"event 6 was deleted: after event 5 comes event 7"),
    "deletion of three": ((f"DELETE FROM {E} WHERE seq BETWEEN 6 AND 8",), r"events 6 to 8 were deleted"),
    "first deleted": ((f"DELETE FROM {E} WHERE seq=1",), r"event 1 was deleted"),
    "delete and renumber": (
        (
            f"DELETE FROM {E} WHERE seq=6",
            *(f"UPDATE {E} SET seq={n - 1} WHERE seq={n}" for n in range(7, 21)),
        ),
        r"event 6 was deleted .* its place holds event 7",
    ),
    "renumbering": ((f"UPDATE {E} SET seq=40 WHERE seq=20",), r"event 20 \(.*\) was renumbered; .* found 40"),
    "zero": ((f"UPDATE {E} SET seq=0 WHERE seq=1",), r"event 1 \(.*\) was renumbered; .* found 0"),
    "reordering": (swap(8, 12), r"event 8 was moved to place 12: its place holds event 12"),
    "cut": ((f"DELETE FROM {E} WHERE seq>15",), r"end of the log was cut: events 16 to 20 were deleted"),
    "delete all": ((f"DELETE FROM {E}",), r"events 1 to 20 were deleted"),
    "head size down": (
        (f"UPDATE {H} SET size=15, frontier=zeroblob(128)",),
        r"head row was changed or event 16",
    ),
    "head chain": ((f"UPDATE {H} SET chain=zeroblob(32)",), r"head row was changed"),
    "head frontier": ((f"UPDATE {H} SET frontier=zeroblob(64)",), r"head row was changed"),
    "head frontier length": ((f"UPDATE {H} SET frontier=x'00'",), r"head row .* was changed"),
    "head origin": ((f"UPDATE {H} SET origin='tdsec-gov/audit/other'",), r"event 1 .* or the log's origin"),
    "head doubled": ((f"INSERT INTO {H} SELECT 2,format,origin,size,chain,frontier FROM {H}",), r"one head"),
    "head gone": ((f"DELETE FROM {H}",), r"one head row"),
    "format": ((f"UPDATE {H} SET format=2",), r"unknown format"),
    "table gone": ((f"DROP TABLE {E}",), r"lacks a table"),
}


@pytest.mark.parametrize("case", PLAIN)
def test_database_alone_shows(case: str, log: AuditLog, attacker: Any) -> None:
    assert verify_log(log).size == 20
    statements, words = PLAIN[case]
    attacker.sql(*statements)
    with pytest.raises(LogTampered) as caught:
        verify_log(log)
    assert re.search(words, caught.value.line()), caught.value.line()
    assert log.where in caught.value.line()


def test_one_row_with_recomputed_leaf_and_chain(tmp_path: Path, attacker: Any, event: Any) -> None:
    """The chain breaks behind a row with a forged chain hash; a checkpoint tells which of two it was."""
    attacker.path = tmp_path / "other.db"
    log = AuditLog.create(attacker.path)
    log.append_many(event(number) for number in range(1, 7))
    six = log.head().checkpoint
    log.append(event(7))
    seven = log.head().checkpoint
    log.append_many(event(number) for number in range(8, 21))
    attacker.sql(BODY_7, f"UPDATE {E} SET outcome='failure' WHERE seq=7")
    attacker.rehash(only=7)
    with pytest.raises(LogTampered, match=r"event 7 or event 8 .* the chain breaks between them"):
        verify_log(log)
    with pytest.raises(LogTampered, match=r"event 7 was rewritten with recomputed hashes"):
        verify_log(log, [six, seven])
    attacker.sql(f"UPDATE {E} SET chain=zeroblob(32) WHERE seq=7")
    with pytest.raises(LogTampered, match=r"event 7 \(.*\) was changed .* the chain breaks there"):
        verify_log(log, [six])


# What only a checkpoint kept elsewhere shows.
REHASHED: dict[str, tuple[tuple[str, ...], str]] = {
    "edit, all recomputed": ((BODY_7,), "events 6 to 10 were rewritten with recomputed hashes"),
    "tail rewritten": (
        (f"UPDATE {E} SET body=replace(body, 'gate', 'push'), action='push' WHERE seq>15",),
        "events 11 to 20 were rewritten",
    ),
    "cut": (
        (f"DELETE FROM {E} WHERE seq>15",),
        r"events 16 to 20 were deleted; expected 20 events \(a signed",
    ),
    "delete all": ((f"DELETE FROM {E}",), "events 1 to 20 were deleted"),
}


@pytest.mark.parametrize("case", REHASHED)
def test_checkpoint_shows(case: str, tmp_path: Path, attacker: Any, event: Any) -> None:
    path = tmp_path / "other.db"
    log = AuditLog.create(path)
    marks = []
    for start in (1, 6, 11, 16):
        log.append_many(event(number) for number in range(start, start + 5))
        if start != 11:
            marks.append(log.head().checkpoint)
    verified = verify_log(log, marks)
    assert (verified.covered, verified.checkpoints, verified.checkpoint) == (20, 3, marks[-1])

    statements, words = REHASHED[case]
    attacker.path = path
    attacker.sql(*statements)
    if "edit" in case:
        attacker.sql(f"UPDATE {E} SET outcome='failure' WHERE seq=7")
    attacker.rehash()
    assert verify_log(log).covered == 0  # consistent in itself: nothing to see without a checkpoint
    with pytest.raises(LogTampered) as caught:
        verify_log(log, marks)
    assert re.search(words, caught.value.line()), caught.value.line()
    with pytest.raises(LogTampered):
        log.extends(marks)


def test_log_created_anew(log: AuditLog, tmp_path: Path, event: Any) -> None:
    old = log.head().checkpoint
    log.close()
    for part in tmp_path.glob("audit.db*"):
        part.unlink()
    fresh = AuditLog.create(tmp_path / "audit.db")
    fresh.append(event())
    assert verify_log(fresh, [old]).checkpoints == 0  # another log's checkpoint says nothing of this one
    with pytest.raises(LogTampered, match="replaced by another") as caught:
        verify_log(fresh, [old], require_origin=old.origin)
    assert caught.value.expected == old.origin
    with pytest.raises(LogTampered, match="replaced"):
        fresh.extends([old])


def test_forked_checkpoints(log: AuditLog) -> None:
    head = log.head().checkpoint
    with pytest.raises(LogTampered, match="forked"):
        verify_log(log, [head, Checkpoint(head.origin, head.size, "00" * 32)])
    with pytest.raises(LogTampered, match="empty log"):
        verify_log(log, [Checkpoint(head.origin, 0, "00" * 32)])


def test_append_behind_a_rolled_back_head(log: AuditLog, attacker: Any, event: Any) -> None:
    attacker.sql(f"UPDATE {H} SET size=16, frontier=zeroblob(32)")
    with pytest.raises(LogTampered, match="beyond its head row"):
        log.append(event(21))


def test_events_refuses_a_changed_row(log: AuditLog, attacker: Any) -> None:
    attacker.sql(BODY_7)
    with pytest.raises(LogTampered, match="event 7 was changed"):
        list(log.events())


def test_messages_carry_no_field_of_the_event(log: AuditLog, attacker: Any) -> None:
    attacker.sql(f"UPDATE {E} SET target='Jane Doe' WHERE seq=2")
    with pytest.raises(LogTampered) as caught:
        verify_log(log)
    assert "Jane" not in caught.value.line() and "file2" not in caught.value.line()
