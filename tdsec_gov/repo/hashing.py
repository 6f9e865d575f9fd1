"""SHA-256 of files, as fast as the disk and all cores allow.

OpenSSL's SHA-256 (through hashlib) runs without the interpreter's lock: threads are enough for large files.
Small ones cost system calls rather than arithmetic: each is one open, one read and two fstat.
"""

from __future__ import annotations

import os
import stat
import threading
from hashlib import sha256
from pathlib import Path

from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.digests import Stamp

_SMALL = 1 << 18
_BLOCK = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_room = threading.local()


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a regular file, streamed.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be read, or is no regular file.
    """
    with naming_os_errors(path, "cannot be read"):
        digest, size, _ = digest_of(str(path))
    return digest, size


def digest_of(path: str) -> tuple[str, int, Stamp | None]:
    """SHA-256 (hex) and size of what was read, and what the file was; None if it changed meanwhile.

    Raises:
        OSError: it cannot be read; IsADirectoryError for everything that is no regular file.
    """
    handle = os.open(path, _FLAGS)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise IsADirectoryError(path)
        before = Stamp.of(found)
        digest, size = _small(handle) if before.size < _SMALL else _large(handle)
        whole = Stamp.of(os.fstat(handle)) == before and size == before.size
        return digest, size, before if whole else None
    finally:
        os.close(handle)


def _small(handle: int) -> tuple[str, int]:
    digest, size = sha256(), 0
    while True:
        piece = os.read(handle, _SMALL)
        digest.update(piece)
        size += len(piece)
        if len(piece) < _SMALL:
            return digest.hexdigest(), size


def _large(handle: int) -> tuple[str, int]:
    digest, size = sha256(), 0
    buffer: memoryview | None = getattr(_room, "buffer", None)
    if buffer is None:
        buffer = _room.buffer = memoryview(bytearray(_BLOCK))
    with os.fdopen(os.dup(handle), "rb", buffering=0) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
            size += count
    return digest.hexdigest(), size
