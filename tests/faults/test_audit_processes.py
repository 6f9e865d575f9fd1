"""Many writers, killed writers, a full disk, fork(): nothing acknowledged is lost, nothing forks."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tdsec_gov.audit.checkpoints import CheckpointFile, advance
from tdsec_gov.audit.journal import Journal, private_checkpoint
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.signing import SigningKey

WRITERS, EACH, ROUNDS = 8, 25, 8
KEY = SigningKey(b"\x02" * 32)


def made(writer: int, number: int) -> AuditEvent:
    return AuditEvent("2026-03-01T10:00:00Z", "pull", "success", str(writer), f"{writer}/{number}")


def write(path: Path, writer: int) -> None:
    log = AuditLog.open(path)
    for number in range(EACH):
        log.append(made(writer, number))


def test_eight_processes_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    log = AuditLog.create(path)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=write, args=(path, writer)) for writer in range(WRITERS)]
    for one in workers:
        one.start()
    seen = []
    while any(one.is_alive() for one in workers):
        seen.append(verify_log(log, seen[-1:]).checkpoint)  # each state extends the one before
        time.sleep(0.1)
    for one in workers:
        one.join()
        assert one.exitcode == 0
    assert verify_log(log, seen).size == WRITERS * EACH
    targets = [one.event.target for one in log.events()]
    assert len(set(targets)) == len(targets)
    for writer in range(WRITERS):  # each writer's own order is kept
        mine = [target for target in targets if target.startswith(f"{writer}/")]
        assert mine == [f"{writer}/{number}" for number in range(EACH)]


def test_forked_children_may_use_the_parents_log(tmp_path: Path) -> None:
    log = AuditLog.create(tmp_path / "audit.db")
    log.append(made(0, 0))
    children = []
    for writer in range(1, 4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for number in range(5):
                    log.append(made(writer, number))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    for number in range(1, 6):
        log.append(made(0, number))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    assert verify_log(log).size == 21


def start_endless_writer(path: Path, name: str) -> tuple[int, int]:
    """Process id of a child that appends for ever, and the pipe it acknowledges into."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        log, number = AuditLog.open(path), 0
        while True:
            done = log.append(AuditEvent("2026-03-01T10:00:00Z", "pull", "success", name, f"{name}/{number}"))
            os.write(writing, f"{done.seq} {name}/{number}\n".encode())
            number += 1
    finally:
        os._exit(1)


def test_killed_writers_lose_no_acknowledged_event(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    log = AuditLog.create(path)
    acknowledged: dict[int, str] = {}
    for kill_round in range(ROUNDS):
        writers = [start_endless_writer(path, f"{kill_round}-{name}") for name in range(3)]
        time.sleep(0.2 + 0.037 * kill_round)
        for child, _ in writers:
            os.kill(child, signal.SIGKILL)
        for child, pipe in writers:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            with os.fdopen(pipe) as lines:
                for line in lines:
                    if line.endswith("\n"):
                        number, target = line.split()
                        acknowledged[int(number)] = target
        verify_log(log)
    recorded = {one.seq: one.event.target for one in log.events()}
    assert len(acknowledged) >= 3 * ROUNDS
    assert acknowledged.items() <= recorded.items()
    assert log.append(made(9, 9)).seq == len(recorded) + 1


def start_recording_threads(root: Path, identity: Identity, name: str) -> tuple[int, int]:
    """A child whose four threads record into one journal for ever, and the pipe they acknowledge into."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        journal = Journal.open(root, identity)

        def record(thread: int) -> None:
            for number in itertools.count():
                target = f"{name}-{thread}/{number}"
                size = journal.record("pull", "success", target).size
                os.write(writing, f"{size} {target}\n".encode())

        for thread in range(4):
            threading.Thread(target=record, args=(thread,), daemon=True).start()
        time.sleep(60)
    finally:
        os._exit(1)


def test_killed_threads_that_share_commits_lose_no_acknowledged_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "home"))
    root, identity = tmp_path / "repo", Identity.generate("me")
    (root / ".git").mkdir(parents=True)
    journal = Journal.open(root, identity)
    acknowledged: dict[str, int] = {}
    for kill_round in range(ROUNDS):
        writers = [start_recording_threads(root, identity, f"{kill_round}-{name}") for name in range(2)]
        time.sleep(0.2 + 0.031 * kill_round)
        for child, _ in writers:
            os.kill(child, signal.SIGKILL)
        for child, pipe in writers:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            with os.fdopen(pipe) as lines:
                for line in lines:
                    if line.endswith("\n"):
                        size, target = line.split()
                        acknowledged[target] = int(size)
        keys = {identity.verify_key.keyid: identity.verify_key}
        marks = CheckpointFile(private_checkpoint(journal.log.origin)).checkpoints(keys)
        verify_log(journal.log, marks, require_origin=journal.log.origin)
        assert max(acknowledged.values(), default=0) <= max((one.size for one in marks), default=0)
    places = {one.event.target: one.seq for one in journal.log.events()}
    assert len(acknowledged) >= 2 * ROUNDS
    assert all(places[target] <= size for target, size in acknowledged.items())
    assert journal.record("pull", "success", "afterwards").size == len(places) + 1


FULL = """
import resource, sys
from tdsec_gov.audit.checkpoints import CheckpointFile, advance
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.keys.signing import SigningKey
from pathlib import Path
log = AuditLog.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
count = 0
try:
    while count < 1000:
        event = AuditEvent("2026-03-01T10:00:00Z", "pull", "success", "1", str(count), reason="x" * 3000)
        log.append(event)
        count += 1
except BackendUnavailable as exc:
    print(count)
    print(exc.line())
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, int(sys.argv[2])))
    try:
        advance(log, SigningKey(b"\\x02" * 32), "me", into=[Path(sys.argv[3])])
    except BackendUnavailable as exc:
        print(exc.line())
"""


def test_full_disk_is_one_clear_error_and_the_log_still_verifies(tmp_path: Path) -> None:
    path, note = tmp_path / "audit.db", tmp_path / "checkpoint"
    log = AuditLog.create(path)
    log.append(made(0, 0))
    first = advance(log, KEY, "me", into=[note])
    command = [sys.executable, "-c", FULL, str(path), "300000", str(note)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    count = int(lines[0])
    assert 0 < count < 1000
    assert str(path) in lines[1] and "disk" in lines[1] and "free space" in lines[1]
    assert str(note) in lines[2] and "cannot be written: no space left" in lines[2]
    assert CheckpointFile(note).unverified() == (first,)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".checkpoint")] == []
    assert verify_log(log, [first]).size == count + 1  # every acknowledged event, and no half one
    assert log.append(made(0, 1)).seq == count + 2


WRITING = """
import sys
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.domain.events import AuditEvent
log = AuditLog.open(sys.argv[1])
event = AuditEvent("2026-03-01T10:00:00Z", "pull", "success", "1", "data/rows.csv")
log.append(event)
log.append_many([event, event])
assert len(list(log.events(target="data/rows.csv", since="2026-01-01T00:00:00Z"))) == 3
log.prove_inclusion(2).verify(log.head().checkpoint)
assert verify_log(log, [log.head().checkpoint]).covered == 3
"""
RECORDING = """
import sys
from pathlib import Path
from tdsec_gov.audit.journal import Journal
from tdsec_gov.keys.identity import Identity
journal = Journal.open(Path(sys.argv[1]), Identity.generate("me"))
assert journal.record("push", "success", "data/rows.csv").size == 1
"""
LOADED = """
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stdout)
"""


def modules_after(code: str, place: Path, home: Path) -> set[str]:
    """Top-level modules that a fresh process has loaded after ``code``."""
    command = [sys.executable, "-c", code + LOADED, str(place)]
    environment = {**os.environ, "TDSEC_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return set(done.stdout.split())


def test_nothing_but_making_the_tables_loads_sqlalchemy(tmp_path: Path) -> None:
    heavy = {"sqlalchemy", "sqlmodel", "pydantic"}
    making = "import sys; from tdsec_gov.audit.log import AuditLog; AuditLog.create(sys.argv[1])"
    assert heavy <= modules_after(making, tmp_path / "audit.db", tmp_path)
    loaded = modules_after(WRITING, tmp_path / "audit.db", tmp_path)
    assert "sqlite3" in loaded and not heavy & loaded
    (tmp_path / ".tdsec").mkdir()
    AuditLog.create(tmp_path / ".tdsec" / "audit.db").close()
    loaded = modules_after(RECORDING, tmp_path, tmp_path / "home")
    assert "cryptography" in loaded and not heavy & loaded


def test_importing_the_room_loads_no_database() -> None:
    code = "import sys, tdsec_gov.audit.journal, tdsec_gov.audit.log, tdsec_gov.audit.verify"
    assert "sqlite3" not in modules_after(code, Path(), Path())
