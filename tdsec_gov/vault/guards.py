"""The last look at plaintext on its way in or out: it is the signed bytes, or nothing happens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, BinaryIO

from tdsec_gov.errors import DataTampered
from tdsec_gov.vault.cover import Covered


class PlaintextGuard:
    """Hashes what passes and refuses anything but bytes that a verdict vouches for.

    Call it with each piece in order, :meth:`finish` after the last. It raises before the last piece
    is let through wherever the size is already wrong or complete, so that no uploader ever sees the
    end of a wrong object.
    """

    def __init__(self, covered: Sequence[Covered], where: str) -> None:
        self._allowed = {(one.size, one.sha256) for one in covered}
        self._largest = max((one.size or 0 for one in covered), default=0)
        self._digest = hashlib.sha256()
        self._where = where
        self.size = 0

    def __call__(self, piece: memoryview | bytes) -> None:
        self.size += len(piece)
        self._digest.update(piece)
        if self.size >= self._largest:
            self.finish()

    def finish(self) -> None:
        """Raises DataTampered unless what passed is exactly one of the signed contents."""
        if (self.size, self._digest.hexdigest()) not in self._allowed:
            raise DataTampered(
                "content is not what the gate checked",
                where=self._where,
                expected="the SHA-256 in the signed verdict",
                found=f"other bytes ({self.size} of them)",
                hint="run: dvc add and tdsec check (or restore the DVC cache: dvc fetch)",
            )


class WatchedSource:
    """A source of plaintext that comes to its end only if ``guard`` agrees.

    A source that is too short would otherwise be uploaded whole before anybody could say no.
    """

    def __init__(self, source: BinaryIO, guard: PlaintextGuard) -> None:
        self._source = source
        self._guard = guard

    def readinto(self, buffer: Any) -> int:
        """Raises DataTampered as :class:`PlaintextGuard`, at the end too."""
        view = memoryview(buffer)
        piece = self._source.read(len(view))
        view[: len(piece)] = piece
        if piece:
            self._guard(piece)
        else:
            self._guard.finish()
        return len(piece)

    def read(self, size: int) -> bytes:
        """As :meth:`readinto`."""
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])
