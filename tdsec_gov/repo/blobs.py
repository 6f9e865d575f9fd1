"""Many files of one revision by one git process: ``git show`` costs a process each."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import weakref
from pathlib import Path
from typing import IO

_ABSENT = (b" missing", b" ambiguous", b" submodule", b" dangling", b" loop", b" notdir")


class Blobs:
    """``git cat-file --batch`` kept open for as long as this object lives; safe to share between threads."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self._root = root
        self._environment = environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def read(self, spec: str) -> tuple[bool, bytes | None]:
        """``(True, bytes)`` of the blob that ``REVISION:PATH`` names, ``(True, None)`` where there is none,
        ``(False, None)`` where this process cannot say: a line break in the name, or git ended."""
        if "\n" in spec:
            return False, None
        with self._lock:
            try:
                return self._ask(os.fsencode(spec))
            except (OSError, ValueError):
                self._ended = True
                return False, None

    def _ask(self, spec: bytes) -> tuple[bool, bytes | None]:
        writer, reader = self._channel()
        writer.write(spec + b"\n")
        writer.flush()
        head = reader.readline()
        if head.endswith(b"\n") and head[:-1].endswith(_ABSENT):
            return True, None
        _, kind, size = head.split()
        data = reader.read(int(size))
        if len(data) != int(size) or reader.read(1) != b"\n":
            raise OSError("git cat-file ended early")
        return True, data if kind == b"blob" else None

    def _channel(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._ended:
            raise OSError("git cat-file has ended")
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=self._root,
                env={**os.environ, **self._environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            weakref.finalize(self, _close, self._process)
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("git cat-file has no channel")
        return self._process.stdin, self._process.stdout


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
