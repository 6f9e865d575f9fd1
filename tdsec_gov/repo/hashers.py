"""Many small files hashed by processes: there the interpreter's lock costs more than SHA-256.

``python -m tdsec_gov.repo.hashers`` is one such process: paths on standard input, one row each on standard
output. A process that ends early is done without: its files are hashed here.
"""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

from tdsec_gov.repo.digests import Stamp
from tdsec_gov.repo.hashing import digest_of

Hashed = tuple[str, int, Stamp | None]
WORTH = 4096
"""From how many files on a process (some 60 ms of start-up) is worth having."""
_HEAD = struct.Struct(">II")
_ROW = struct.Struct(">?32sQ?3Q2qQ")
_NONE = (0, 0, 0, 0, 0, 0)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Hashers:
    """As many processes as there are cores, each used by one thread at a time."""

    def __init__(self, count: int) -> None:
        self._free: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        for _ in range(count):
            with contextlib.suppress(OSError):
                self._all.append(_started())
                self._free.put(self._all[-1])
        for _ in range(count - len(self._all)):
            self._free.put(None)

    def close(self) -> None:
        """End the processes."""
        for process in self._all:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            process.kill()
            process.wait()

    def digests(self, paths: Sequence[str]) -> list[Hashed]:
        """As :func:`~tdsec_gov.repo.hashing.digest_of`, for each. Raises OSError for the first that fails."""
        process = self._free.get()
        try:
            if process is not None:
                return _asked(process, paths)
        except OSError:
            process = None  # also where a file cannot be read: reading it here says why
        finally:
            self._free.put(process)
        return [digest_of(path) for path in paths]


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "tdsec_gov.repo.hashers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _asked(process: subprocess.Popen[bytes], paths: Sequence[str]) -> list[Hashed]:
    if process.stdin is None or process.stdout is None:
        raise OSError("no channel")
    body = b"\0".join(map(os.fsencode, paths))
    process.stdin.write(_HEAD.pack(len(paths), len(body)) + body)
    process.stdin.flush()
    data = process.stdout.read(len(paths) * _ROW.size)
    if len(data) != len(paths) * _ROW.size:
        raise OSError("the process ended")
    rows = zip(paths, _ROW.iter_unpack(data), strict=True)
    return [
        (digest.hex(), size, Stamp(*stamp) if whole else None) if read else digest_of(path)
        for path, (read, digest, size, whole, *stamp) in rows
    ]


def main(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer until the input ends."""
    while len(head := source.read(_HEAD.size)) == _HEAD.size:
        count, length = _HEAD.unpack(head)
        paths = source.read(length).split(b"\0")
        target.write(b"".join(_row(os.fsdecode(path)) for path in paths[:count]))
        target.flush()


def _row(path: str) -> bytes:
    try:
        digest, size, stamp = digest_of(path)
    except OSError:
        return _ROW.pack(False, b"", 0, False, *_NONE)
    return _ROW.pack(
        True, bytes.fromhex(digest), size, stamp is not None, *(_fields(stamp) if stamp else _NONE)
    )


def _fields(stamp: Stamp) -> tuple[int, ...]:
    return stamp.device, stamp.inode, stamp.size, stamp.modified, stamp.changed, stamp.seen


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
