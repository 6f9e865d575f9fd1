"""Large objects over ssh: sent while they are encrypted, decrypted while they arrive.

SFTP takes and gives any part of a file at any time, so no copy is needed on this side. Within one piece
asyncssh keeps many requests under way; the size of a piece bounds memory and what waits for one round trip.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

from tdsec_gov.keys.age.reader import EncryptReader
from tdsec_gov.vault.objects.carriers import RemoteCarrier, Sealed, meanwhile

PIECE = 4 << 20
"""Bytes that are written or read at a time; three such pieces are in memory for each object."""


class SshCarrier(RemoteCarrier):
    """The inner remote is reached over ssh. Small objects go as on any remote."""

    def send(self, sealed: Sealed, target: str, callback: Any = None) -> None:
        if isinstance(sealed, bytes):
            super().send(sealed, target, callback)
            return
        with self._unfinished(target) as unfinished, self._inner.fs.open(unfinished, "wb") as remote:
            meanwhile(remote.write, _pieces(sealed), callback)

    @contextlib.contextmanager
    def receive(
        self, place: str, near: Path | None = None, *, seekable: bool = True, most: int | None = None
    ) -> Iterator[BinaryIO]:
        if seekable:
            with super().receive(place, near, most=most) as stream:
                yield stream
            return
        with self._inner.fs.open(place, "rb") as remote, Ahead(remote) as stream:
            yield stream


def _pieces(sealed: EncryptReader) -> Iterator[memoryview]:
    """The object in pieces of :data:`PIECE` bytes, each in memory of its own."""
    while data := sealed.read(PIECE):
        yield memoryview(data)


class Ahead(io.RawIOBase):
    """Reads one piece ahead of its reader. Errors of ``remote`` are raised where they would be met."""

    def __init__(self, remote: Any, piece: int = PIECE) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(1, "tdsec-read")
        self._remote, self._piece = remote, piece
        self._held = memoryview(b"")
        self._next: Future[bytes] | None = self._pool.submit(remote.read, piece)

    def __enter__(self) -> BinaryIO:  # type: ignore[override]
        return cast(BinaryIO, self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from what has arrived; 0 at the end."""
        if not self._held and self._next is not None:
            data = self._next.result()
            self._held = memoryview(data)
            self._next = self._pool.submit(self._remote.read, self._piece) if data else None
        with memoryview(buffer).cast("B") as view:
            count = min(len(view), len(self._held))
            view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        super().close()
