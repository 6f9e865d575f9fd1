"""The last look at plaintext on its way in or out: it is the signed bytes, or nothing happens."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from tdsec_gov.errors import DataTampered
from tdsec_gov.vault.objects.padding import without_padding


class Allowed:
    """The contents that may pass, as pairs of size in bytes and SHA-256; more than one for twins."""

    def __init__(self, contents: Iterable[tuple[int | None, str | None]], where: str) -> None:
        self.contents = frozenset(contents)
        self.largest = max((size or 0 for size, _ in self.contents), default=0)
        self.where = where

    def require(self, size: int, digest: str) -> None:
        """Raises DataTampered unless this is one of the contents."""
        if (size, digest) not in self.contents:
            raise DataTampered(
                "content is not what the gate checked",
                where=self.where,
                expected="the SHA-256 in the signed verdict",
                found=f"other bytes ({size} of them)",
                hint="run: dvc add and tdsec check (or restore the DVC cache: dvc fetch)",
            )

    def require_bytes(self, data: bytes) -> bytes:
        """``data`` itself. Raises DataTampered as :meth:`require`."""
        self.require(len(data), hashlib.sha256(data).hexdigest())
        return data

    def content_of(self, data: bytes) -> bytes:
        """``data`` without the padding that may follow it. Raises DataTampered as :meth:`require`."""
        return self.require_bytes(without_padding(data, self.largest))


class Aside:
    """SHA-256 on a thread of its own, one piece behind: hashing and ciphering go side by side."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, "tdsec-sha256")
        self._running: Future[None] | None = None

    def update(self, piece: memoryview | bytes) -> None:
        """Take ``piece``, which must stay as it is until the next call returns."""
        self._settle()
        self._running = self._pool.submit(self._digest.update, piece)

    def hexdigest(self) -> str:
        self._settle()
        return self._digest.hexdigest()

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _settle(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None


class PlaintextGuard:
    """Hashes what passes and refuses anything but bytes that a verdict vouches for.

    Call it with each piece in order, :meth:`finish` after the last. It raises before the last piece
    is let through wherever the size is already wrong or complete, so that no uploader ever sees the
    end of a wrong object. Without ``allowed`` it only measures. Use it as a context manager.
    """

    def __init__(self, allowed: Allowed | None) -> None:
        self._allowed = allowed
        self._aside = Aside()
        self.size = 0

    def __enter__(self) -> PlaintextGuard:
        return self

    def __exit__(self, *_: object) -> None:
        self._aside.close()

    def __call__(self, piece: memoryview | bytes) -> None:
        self.size += len(piece)
        self._aside.update(piece)
        if self._allowed is not None and self.size >= self._allowed.largest:
            self.finish()

    def finish(self) -> str:
        """SHA-256 of what passed. Raises DataTampered unless it is exactly one of the signed contents."""
        digest = self._aside.hexdigest()
        if self._allowed is not None:
            self._allowed.require(self.size, digest)
        return digest


class _Source(Protocol):
    def readinto(self, buffer: Any, /) -> int: ...


class WatchedSource:
    """A source of plaintext that comes to its end only if ``guard`` agrees.

    A source that is too short would otherwise be uploaded whole before anybody could say no.
    """

    def __init__(self, source: Any, guard: PlaintextGuard) -> None:
        self._readinto = getattr(source, "readinto", None) or _reading_into(source)
        self._guard = guard

    def readinto(self, buffer: Any) -> int:
        """Raises DataTampered as :class:`PlaintextGuard`, at the end too."""
        view = memoryview(buffer)
        count = int(self._readinto(view) or 0)
        if count:
            self._guard(view[:count])
        else:
            self._guard.finish()
        return count

    def read(self, size: int) -> bytes:
        """As :meth:`readinto`."""
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])


def _reading_into(source: Any) -> Any:
    def readinto(view: memoryview) -> int:
        data = source.read(len(view))
        view[: len(data)] = data
        return len(data)

    return readinto
