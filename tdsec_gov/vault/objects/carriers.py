"""How ciphertext gets to the inner remote and back: straight to a disk, or through DVC's filesystem.

Nothing half written ever has a final name: a disk, ssh and WebDAV get a temporary file first and a
rename last; object stores commit an upload as a whole. Names of unfinished uploads end in ``.tmp``.
"""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from tdsec_gov.keys.age.reader import EncryptReader

Sealed = bytes | EncryptReader
transfer_options: ContextVar[dict[str, Any]] = ContextVar("tdsec_transfer_options", default={})  # noqa: B039
"""What DVC wants of the transfer under way (``max_concurrency``: parts of one file at a time)."""
_ATOMIC = {"s3", "gs", "gcs", "azure", "abfs", "oss", "memory"}
_PIECE = 1 << 20


class Carrier(Protocol):
    """Uploads and downloads whole objects. Errors are those of the inner remote (OSError)."""

    def send(self, sealed: Sealed, target: str, callback: Any = None) -> None:
        """Store ``sealed`` as ``target``, all of it or nothing."""
        ...

    def receive(
        self, place: str, near: Path | None = None, *, seekable: bool = True, most: int | None = None
    ) -> contextlib.AbstractContextManager[BinaryIO]:
        """The object at ``place``, readable (and ``seekable``); a copy is made beside ``near`` if one is
        needed, of at most ``most`` bytes.

        Raises:
            FileNotFoundError: there is none. DataTampered: it is larger than ``most``; not much more than
                that has been copied.
        """
        ...


class DiskCarrier:
    """The inner remote is a folder of this machine."""

    def send(self, sealed: Sealed, target: str, callback: Any = None) -> None:
        folder = os.path.dirname(target)
        part = f"{folder}/.{secrets.token_hex(8)}.tmp"
        try:
            handle = os.open(part, _NEW, 0o666)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            handle = os.open(part, _NEW, 0o666)
        try:
            try:
                _write_all(handle, sealed, callback)
            finally:
                os.close(handle)
            os.rename(part, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise

    @contextlib.contextmanager
    def receive(
        self, place: str, near: Path | None = None, *, seekable: bool = True, most: int | None = None
    ) -> Iterator[BinaryIO]:
        with open(place, "rb", buffering=0) as stream:
            yield cast(BinaryIO, stream)


class RemoteCarrier:
    """The inner remote is anything that DVC reaches. Its own upload and download of files is used, so
    that requests, memory and settings are those of stock DVC; large objects pass through a file."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def send(self, sealed: Sealed, target: str, callback: Any = None) -> None:
        with tempfile.TemporaryDirectory(prefix="tdsec-") as folder:
            part = f"{folder}/object"
            with open(part, "wb", buffering=0) as stream:
                _write_all(stream.fileno(), sealed)
            extra = {} if callback is None else {"callback": callback}
            self._upload(part, target, {**transfer_options.get(), **extra})

    def _upload(self, part: str, target: str, extra: dict[str, Any]) -> None:
        if self._inner.protocol in _ATOMIC:
            self._inner.fs.put_file(part, target, **extra)
            return
        with self._unfinished(target) as unfinished:
            self._inner.fs.put_file(part, unfinished, **extra)

    @contextlib.contextmanager
    def _unfinished(self, target: str) -> Iterator[str]:
        """A name that becomes ``target`` when the block ends well."""
        unfinished = posixpath.join(posixpath.dirname(target), f".{secrets.token_hex(8)}.tmp")
        try:
            self._inner.makedirs(posixpath.dirname(target))
            yield unfinished
            self._rename(unfinished, target)
        except BaseException:
            with contextlib.suppress(OSError):
                self._inner.fs.rm_file(unfinished)
            raise

    def _rename(self, unfinished: str, target: str) -> None:
        """Over what is there; webdav4's ``mv`` would refuse that."""
        fs = self._inner.fs
        if self._inner.protocol in ("webdav", "webdavs"):
            old, new = fs._strip_protocol(unfinished), fs._strip_protocol(target)
            fs.client.move(old, new, overwrite=True)
            fs.invalidate_cache()
        else:
            fs.mv(unfinished, target)

    @contextlib.contextmanager
    def receive(
        self, place: str, near: Path | None = None, *, seekable: bool = True, most: int | None = None
    ) -> Iterator[BinaryIO]:
        with tempfile.TemporaryDirectory(prefix=".tdsec-", dir=near) as folder:
            part = f"{folder}/object"
            extra = {} if most is None else {"callback": _bounded(most, place)}
            self._inner.fs.get_file(place, part, **transfer_options.get(), **extra)
            with open(part, "rb", buffering=0) as stream:
                yield cast(BinaryIO, stream)


def _bounded(most: int, place: str) -> Any:
    from tdsec_gov.vault.objects.bounded import Bounded

    return Bounded(most, place[-24:])


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)


def _write_all(handle: int, sealed: Sealed, callback: Any = None) -> None:
    """Write all of it; what comes in pieces is written while the next piece is encrypted."""
    if isinstance(sealed, bytes):
        _write(handle, sealed)
    else:
        meanwhile(functools.partial(_write, handle), sealed.pieces(), callback)


def meanwhile(
    write: Callable[[memoryview], object], pieces: Iterable[memoryview], callback: Any = None
) -> None:
    """Write each piece on a thread of its own while the next one is made."""
    with ThreadPoolExecutor(1, "tdsec-write") as pool:
        writing: Future[object] | None = None
        for piece in pieces:
            if writing is not None:
                writing.result()
            writing = pool.submit(write, piece)
            if callback is not None:
                callback.relative_update(len(piece))
        if writing is not None:
            writing.result()


def _write(handle: int, piece: bytes | memoryview) -> None:
    done = os.write(handle, piece)
    while done < len(piece):
        done += os.write(handle, memoryview(piece)[done:])
