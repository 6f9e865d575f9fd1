"""The same log on a real PostgreSQL server, started here; skipped where there is none, or no driver."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.verify import verify_log
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.errors import BackendUnavailable, ConfigurationError, InternalError, LogTampered

pytestmark = pytest.mark.slow
PORT = "54329"


def made(writer: int, number: int) -> AuditEvent:
    return AuditEvent("2026-03-01T10:00:00Z", "pull", "success", str(writer), f"{writer}/{number}")


def as_owner(*words: str) -> None:
    """PostgreSQL refuses to run as root."""
    user = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    subprocess.run([*user, *words], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """Folder of a running server's socket."""
    pytest.importorskip("psycopg")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("initdb and pg_ctl are not installed")
    with tempfile.TemporaryDirectory(prefix="tdsec-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        data = str(folder / "data")
        as_owner("initdb", "-D", data, "-A", "trust", "-U", "tdsec", "-E", "UTF8")
        options = f"-k {folder} -p {PORT} -c listen_addresses="
        as_owner("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
        try:
            yield folder
        finally:
            as_owner("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def psql(server: Path, database: str, *statements: str) -> None:
    command = ["psql", "-q", "-h", str(server), "-p", PORT, "-U", "tdsec", "-d", database]
    for statement in statements:
        subprocess.run([*command, "-c", statement], check=True, capture_output=True)


@pytest.fixture
def url(server: Path, request: pytest.FixtureRequest) -> str:
    """Address of an empty database."""
    name = request.node.name[:60]
    psql(server, "postgres", f'CREATE DATABASE "{name}"')
    return f"postgresql+psycopg://tdsec@/{name}?host={server}&port={PORT}"


def test_append_read_prove_verify(url: str) -> None:
    with pytest.raises(ConfigurationError, match="holds no audit log"):
        AuditLog.open(url)
    log = AuditLog.create(url)
    with pytest.raises(ConfigurationError, match="already"):
        AuditLog.create(url)
    log.append_many(made(0, number) for number in range(2500))
    old = log.head().checkpoint
    log.append(made(1, 0))
    verified = verify_log(AuditLog.open(url), [old, log.head().checkpoint])
    assert (verified.size, verified.covered) == (2501, 2501)
    assert [one.seq for one in log.events(target="1/0", since="2026-03-01T10:00:00Z")] == [2501]
    assert list(log.events(until="2026-03-01T10:00:00Z")) == []
    log.prove_inclusion(1234).verify(log.head().checkpoint)
    log.prove_consistency(old.size).verify(old, log.head().checkpoint)
    reader = log.events()
    next(reader)
    log.append(made(1, 1))
    assert [one.seq for one in reader][-1] == 2501  # one state, while others write
    with pytest.raises(InternalError):
        log.append_many([made(1, 2), AuditEvent("x", "pull", "success", "1", "a")])
    assert log.append(made(1, 2)).seq == 2503


def test_threads_and_a_forked_child_write_at_once(url: str) -> None:
    log = AuditLog.create(url)

    def write(writer: int) -> None:
        for number in range(20):
            log.append(made(writer, number))

    log.append(made(0, 0))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            write(9)
            code = 0
        finally:
            os._exit(code)
    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(1, 5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert verify_log(log).size == 101
    targets = [one.event.target for one in log.events()]
    for writer in (1, 2, 3, 4, 9):
        mine = [one for one in targets if one.startswith(f"{writer}/")]
        assert mine == [f"{writer}/{number}" for number in range(20)]


def test_tampering_is_named(url: str, server: Path, request: pytest.FixtureRequest) -> None:
    log, name = AuditLog.create(url), request.node.name[:60]
    log.append_many(made(0, number) for number in range(1, 21))
    psql(server, name, "UPDATE tdsec_audit_entry SET target='x' WHERE seq=9")
    with pytest.raises(LogTampered, match=r"event 9 .* column target"):
        verify_log(log)
    psql(server, name, "UPDATE tdsec_audit_head SET size=16, frontier=decode(repeat('00', 32), 'hex')")
    with pytest.raises(LogTampered, match="beyond its head row"):
        log.append(made(0, 21))
    psql(server, name, "DROP TABLE tdsec_audit_entry")
    with pytest.raises(LogTampered, match="lacks a table"):
        verify_log(log)


def test_a_server_that_has_no_such_database_is_one_clear_error(url: str) -> None:
    with pytest.raises(BackendUnavailable, match="cannot be used"):
        AuditLog.open(url.replace("?", "-not-there?"))
