"""clamd: the real one with signatures of our own (no network), and a scripted one that can misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from servers.starting import HOST, free_ports, require_command, running
from tdsec_gov.checks.malware.probes import eicar

MARKER = b"TDSEC-GOV-TEST-MARKER-3f1c"
"""Bytes that the real daemon's own signature ``Test.Marker`` knows, anywhere in a file."""
VERSION = "ClamAV 1.4.6/27500/Mon Jun  1 06:00:00 2026"
_CONFIG = """\
DatabaseDirectory {folder}/database
LocalSocket {folder}/clamd.ctl
TCPSocket {port}
TCPAddr {host}
Foreground yes
SelfCheck 86400
MaxFileSize {limit}
MaxScanSize 400M
StreamMaxLength {stream}
AlertExceedsMax {alert}
"""


@dataclass(frozen=True)
class Daemon:
    """Addresses as the check's setting ``clamd`` has them."""

    unix: str
    tcp: str


@contextlib.contextmanager
def clamd(limit: str = "8M", stream: str = "12M", alert: bool = True) -> Iterator[Daemon]:
    """A real clamd, on a unix socket and on TCP; skips where clamd is not installed."""
    command = require_command("clamd", "clamav-daemon", "/usr/sbin", "/usr/local/sbin")
    with tempfile.TemporaryDirectory(prefix="clamd-") as name:  # short: a socket's path has 107 bytes
        folder = Path(name)
        _signatures(folder / "database")
        folder.chmod(0o755)
        (port,) = free_ports(1)
        alerts = "yes" if alert else "no"
        config = _CONFIG.format(folder=folder, host=HOST, port=port, limit=limit, stream=stream, alert=alerts)
        (folder / "clamd.conf").write_text(config)
        with running([command, "-c", folder / "clamd.conf"], port, folder / "clamd.log"):
            yield Daemon(f"unix:{folder}/clamd.ctl", f"tcp:{HOST}:{port}")


def _signatures(folder: Path) -> None:
    """EICAR as the digest of a whole file, as in ClamAV's own database; the marker by its bytes."""
    folder.mkdir()
    test = eicar()
    digest = hashlib.md5(test, usedforsecurity=False).hexdigest()
    (folder / "test.hdb").write_text(f"{digest}:{len(test)}:Test.Eicar\n")
    (folder / "test.ndb").write_text(f"Test.Marker:0:*:{MARKER.hex()}\n")


Answer = Callable[[socket.socket, bytes], None]
"""Takes the connection and what was sent, and answers, or does worse."""


@dataclass
class Scripted:
    """A daemon whose answers a test decides; without ``answer`` it is an honest one.

    ``limit`` is its StreamMaxLength; ``seen`` counts scans, the self-tests among them.
    """

    version: str = VERSION
    limit: int = 64 << 20
    answer: Answer | None = None
    from_scan: int = 0
    seen: int = field(default=0, init=False)

    def reply(self, data: bytes) -> bytes:
        """What an honest daemon says: EICAR is found as a whole file and at the start of a tar."""
        if len(data) > self.limit:
            return b"INSTREAM size limit exceeded. ERROR\0"
        if data[:2] == b"PK" and len(data) > 5000:
            return b"stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND\0"
        if data == eicar() or eicar() in data[:1024] or MARKER in data:
            return b"stream: Test.Eicar FOUND\0"
        return b"stream: OK\0"

    def serve(self, connection: socket.socket) -> None:
        command = _until_nul(connection)
        if command == b"zPING":
            connection.sendall(b"PONG\0")
        elif command == b"zVERSION":
            connection.sendall(self.version.encode() + b"\0")
        elif command == b"zINSTREAM":
            self.seen += 1
            odd = self.answer is not None and self.seen > self.from_scan
            if odd and self.answer is not None:
                self.answer(connection, b"")
                return
            connection.sendall(self.reply(_stream(connection)))


def _until_nul(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\0"):
        piece = connection.recv(1)
        if not piece:
            return data
        data += piece
    return data[:-1]


def _stream(connection: socket.socket) -> bytes:
    parts = []
    while length := struct.unpack(">I", _exactly(connection, 4))[0]:
        parts.append(_exactly(connection, length))
    return b"".join(parts)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data


def take(connection: socket.socket) -> bytes:
    """Read a whole stream, for scripts that answer after it."""
    return _stream(connection)


@contextlib.contextmanager
def scripted(daemon: Scripted) -> Iterator[str]:
    """``daemon`` behind a unix socket; yields its address."""
    with tempfile.TemporaryDirectory(prefix="scripted-") as name, contextlib.ExitStack() as stack:
        path = Path(name) / "s"
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(16)
        ended = threading.Event()

        def loop() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(20)
                        daemon.serve(connection)

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield f"unix:{path}"
        finally:
            ended.set()
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))
            thread.join(25)
