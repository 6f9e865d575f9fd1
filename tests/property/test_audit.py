"""Merkle proofs against the RFC's own recursion; any change of any line of a log is noticed."""

from __future__ import annotations

import math
import sqlite3
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdsec_gov.audit import body
from tdsec_gov.audit.checkpoints import CheckpointFile
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.merkle import Frontier, consistency_proof, inclusion_proof, leaf_hash, root_of
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.proofs import verify_consistency, verify_inclusion
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.events import ACTIONS, OUTCOMES, AuditEvent
from tdsec_gov.errors import InternalError, LogTampered, TdsecError
from tdsec_gov.keys.signing import SigningKey

LEAVES = [leaf_hash(bytes([number])) for number in range(70)]
KEY = SigningKey(b"\x07" * 32)


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = 2 ** math.ceil(math.log2(len(leaves)) - 1)
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962."""
    if len(leaves) == 1:
        return []
    k = 2 ** math.ceil(math.log2(len(leaves)) - 1)
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(first: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962."""
    if first == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = 2 ** math.ceil(math.log2(len(leaves)) - 1)
    if first <= k:
        return [*naive_proof(first, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_proof(first - k, leaves[k:], False), naive_root(leaves[:k])]


ROOTS = [naive_root(LEAVES[:size]) for size in range(71)]


def test_frontier_of_every_size() -> None:
    frontier = Frontier()
    for size in range(71):
        assert frontier.root() == ROOTS[size]
        data = frontier.to_bytes()
        assert len(data) <= 64 * 32
        frontier = Frontier.from_bytes(size, data)
        if size < 70:
            frontier.append(LEAVES[size])


def test_inclusion_of_every_leaf_in_every_size() -> None:
    for size in range(1, 71):
        for index in range(size):
            path = inclusion_proof(root_of(LEAVES), index, size)
            assert list(path) == naive_path(index, LEAVES[:size])
            verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])


def test_consistency_of_every_pair_of_sizes() -> None:
    for second in range(1, 71):
        for first in range(1, second + 1):
            path = consistency_proof(root_of(LEAVES), first, second)
            assert list(path) == naive_proof(first, LEAVES[:second])
            verify_consistency(first, second, path, ROOTS[first], ROOTS[second])


def test_empty_tree_proves_nothing() -> None:
    with pytest.raises(LogTampered):
        verify_consistency(0, 5, (), ROOTS[0], ROOTS[5])
    with pytest.raises(LogTampered):
        verify_consistency(0, 0, (), ROOTS[0], ROOTS[0])


@given(st.data())
def test_broken_proofs_are_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    for path, check in (
        (inclusion_proof(root_of(LEAVES), index, size), "inclusion"),
        (consistency_proof(root_of(LEAVES), first, size), "consistency"),
    ):
        broken = list(path)
        how = data.draw(st.sampled_from(["flip", "drop", "add", "cut"]))
        at = data.draw(st.integers(0, len(broken) - 1))
        if how == "flip":
            broken[at] = bytes([broken[at][0] ^ 1]) + broken[at][1:]
        elif how == "drop":
            del broken[at]
        elif how == "add":
            broken.insert(at, LEAVES[0])
        else:
            broken[at] = broken[at][:-1]
        with pytest.raises(LogTampered):
            if check == "inclusion":
                verify_inclusion(LEAVES[index], index, size, broken, ROOTS[size])
            else:
                verify_consistency(first, size, broken, ROOTS[first], ROOTS[size])


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in range(32)]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    AuditEvent,
    st.datetimes()
    .map(lambda moment: f"{moment:%H:%M:%S}.{moment.microsecond:06}Z")
    .map("2026-03-01T".__add__),
    st.sampled_from(ACTIONS),
    st.sampled_from(OUTCOMES),
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    st.dictionaries(TEXT, JSON, max_size=3),
)


@settings(max_examples=50)
@given(EVENTS, st.integers(1, 2**53 - 1))
def test_any_event_round_trips_in_canonical_form(event: AuditEvent, seq: int) -> None:
    text = body.encode(seq, event)
    assert text.encode() == canonical_bytes({"format": body.FORMAT, "seq": seq, **event.as_json()})
    number, back = body.decode(text)
    assert number == seq and body.encode(seq, back) == text


@given(EVENTS, st.data())
def test_quick_reading_accepts_nothing_that_close_reading_refuses(
    event: AuditEvent, data: st.DataObject
) -> None:
    text = body.encode(1, event)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :]
    quick = body._simple(changed)
    if quick is not None:
        assert canonical_bytes(quick) == changed.encode()
        assert body._closely(changed) == quick


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_arbitrary_text_raises_only_our_errors(text: str) -> None:
    with pytest.raises(TdsecError):
        body.decode(text)
    with pytest.raises(TdsecError):
        Checkpoint.verify(text, {KEY.verify_key.keyid: KEY.verify_key})
    with pytest.raises(InternalError):
        body.sortable_time(text)


@given(st.binary(max_size=80))
def test_arbitrary_checkpoint_files_raise_only_our_errors(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = CheckpointFile(Path(folder) / "checkpoint")
        file.path.write_bytes(data)
        if data.strip(b"\n"):
            with pytest.raises(LogTampered):
                file.unverified()
        else:
            assert file.notes() == ()


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_any_flipped_bit_of_a_signed_checkpoint_is_refused(position: int, bit: int) -> None:
    raw = bytearray(Checkpoint("tdsec-gov/audit/a", 12, "ab" * 32).sign(KEY, "alice").encode())
    raw[position % len(raw)] ^= 1 << bit
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(TdsecError):
        Checkpoint.verify(text, {KEY.verify_key.keyid: KEY.verify_key})


SIZE = 12


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Checkpoint]:
    path = tmp_path_factory.mktemp("log") / "audit.db"
    log = AuditLog.create(path)
    log.append_many(
        AuditEvent(f"2026-03-01T10:00:{n:02}Z", "gate", "success", "-", f"data/{n}.csv") for n in range(SIZE)
    )
    head = log.head().checkpoint
    log.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    return path.read_bytes(), head


def alter(connection: sqlite3.Connection, data: st.DataObject) -> None:
    rows: list[list[Any]] = [
        list(row) for row in connection.execute("SELECT * FROM tdsec_audit_entry ORDER BY seq")
    ]
    how = data.draw(st.sampled_from(["drop", "drop and close up", "swap", "alter", "double"]))
    at = data.draw(st.integers(0, SIZE - 1))
    if how.startswith("drop"):
        del rows[at]
        if how != "drop":
            rows = [[seq, *row[1:]] for seq, row in enumerate(rows, 1)]
    elif how == "swap":
        other = (at + data.draw(st.integers(1, SIZE - 1))) % SIZE
        rows[at][1:], rows[other][1:] = rows[other][1:], rows[at][1:]
    elif how == "double":
        rows.append([SIZE + 1, *rows[at][1:]])
    else:
        column = data.draw(st.integers(1, len(rows[at]) - 1))
        value = rows[at][column]
        position = data.draw(st.integers(0, max(0, len(value) - 1)))
        extra = b"\x00" if isinstance(value, bytes) else "#"
        rows[at][column] = value[:position] + extra + value[position + data.draw(st.integers(0, 1)) :]
        if rows[at][column] == value:
            rows[at][column] = value + extra
    connection.execute("DELETE FROM tdsec_audit_entry")
    marks = ",".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO tdsec_audit_entry VALUES({marks})", rows)
    connection.commit()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_dropping_moving_or_altering_any_line_is_noticed(
    pristine: tuple[bytes, Checkpoint], data: st.DataObject
) -> None:
    raw, head = pristine
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.db"
        path.write_bytes(raw)
        log = AuditLog.open(path)
        assert verify_log(log, [head]).covered == SIZE
        connection = sqlite3.connect(path)
        alter(connection, data)
        connection.close()
        with pytest.raises(LogTampered, match=r"event|head row"):
            verify_log(log)
        log.close()
