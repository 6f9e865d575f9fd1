"""A piece of bytes to look at: a whole file, a member of an archive, what a compressed stream holds."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from tdsec_gov.checks.files.risk import Source

SPOOL_MEMORY = 8 << 20
MAX_SPOOL = 1 << 30


class TooLarge(ValueError):
    """More bytes than may be put aside."""


@dataclass(frozen=True, slots=True)
class Part:
    """``open`` begins at the first byte each time; ``size`` is in bytes, None when it is not
    known; ``name`` is that of a member of an archive."""

    open: Callable[[], Source]
    size: int | None = None
    name: str = ""

    def spooled(self) -> IO[bytes]:
        """The bytes where one can seek: the file itself, or a private temporary one without a name.

        Raises TooLarge beyond 1 GiB, and what reading the stream raises.
        """
        source = self.open()
        if isinstance(source, io.BufferedReader) and source.seekable():
            return source
        return spool(source)


class TorchPart(Part):
    """The pickle of a PyTorch archive, which may name storages outside of itself."""

    __slots__ = ()


def spool(source: Source) -> IO[bytes]:
    """Copy ``source`` into a temporary file that nobody else can open. Raises TooLarge."""
    target = tempfile.SpooledTemporaryFile(SPOOL_MEMORY)  # noqa: SIM115 - the caller keeps it
    while piece := source.read(1 << 20):
        target.write(piece)
        if target.tell() > MAX_SPOOL:
            target.close()
            raise TooLarge("a member is too large to be put aside")
    target.seek(0)
    return target


def kept(head: bytes, rest: Source, size: int | None = None, name: str = "") -> Part:
    """A part of a stream that cannot be read twice: put aside on the first look beyond ``head``."""
    aside: list[IO[bytes]] = []

    def begin() -> Source:
        if not aside:
            aside.append(spool(_Joined(head, rest)))
        aside[0].seek(0)
        return aside[0]

    return Part(begin, size, name)


class _Joined:
    def __init__(self, head: bytes, rest: Source) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._rest.read(size)
