"""Compressed streams, told by their first bytes and read member after member: gzip, zlib, bzip2, xz, LZMA,
zstd, lz4. An empty or padded first member hides nothing."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from typing import TYPE_CHECKING, Any

from tdsec_gov.checks.files.risk import Source

if TYPE_CHECKING:
    from typing_extensions import Buffer

FAULTS = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, MemoryError, OverflowError)
MAX_RATIO = 200
RATIO_FROM = 64 << 20
MAX_STREAM = 64 << 30
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
UNSURE = ("zlib", "lzma")
"""Two bytes are little proof: what does not decompress was no such stream."""


def codec(head: bytes) -> str | None:
    """Which compression ``head`` begins, or None."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if _SKIPPABLE.match(head):
        return codec(_after_skippable(io.BytesIO(head)).read()) or "zstd"
    if len(head) > 2 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and (head[0] << 8 | head[1]) % 31 == 0:
        return None if head[1] & 0x20 else "zlib"
    if len(head) > 13 and head[0] == 0x5D and head[1:3] == b"\0\0":
        return "lzma"
    return None


class Unpacked:
    """What a compressed stream holds. At damage it ends and ``damaged`` is set: what came before counts."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.damaged = False

    def read(self, size: int = -1, /) -> bytes:
        pieces: list[bytes] = []
        wanted = 1 << 62 if size < 0 else size
        while wanted > 0 and not self.damaged:
            try:
                piece = bytes(self._raw.read1(min(wanted, 1 << 18)))
            except FAULTS:
                self.damaged = True
                break
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)


def unpack(name: str, source: Source) -> Unpacked:
    """What the compressed ``source`` holds. Raises one of :data:`FAULTS` when it cannot be begun."""
    stream = _after_skippable(source)
    raw: Any
    if name == "gzip":
        raw = gzip.GzipFile(fileobj=stream, mode="rb")
    elif name == "bz2":
        raw = bz2.BZ2File(stream, "rb")
    elif name in ("xz", "lzma"):
        raw = lzma.LZMAFile(stream, "rb")  # noqa: SIM115 - closed with the reader around it
    elif name == "zlib":
        raw = io.BufferedReader(_Zlib(stream), 1 << 16)
    else:
        raw = _by_arrow(stream, name)
    return Unpacked(raw)


def is_bomb(name: str, source: Source, size: int) -> bool:
    """Whether it holds more than 200 times its size (beyond 64 MiB). Raises one of :data:`FAULTS`."""
    total = 0
    stream = unpack(name, source)
    while piece := stream.read(1 << 20):
        total += len(piece)
        if total > MAX_STREAM or (total > RATIO_FROM and total > MAX_RATIO * max(1, size)):
            return True
    if stream.damaged:
        raise EOFError("the stream is damaged")
    return False


def _after_skippable(source: Source) -> io.BufferedReader:
    """zstd and lz4 let frames of any content go first (RFC 8878, 3.1.2)."""
    stream = source if isinstance(source, io.BufferedReader) else io.BufferedReader(_Raw(source), 1 << 18)
    while _SKIPPABLE.match(stream.peek(8)[:8]):
        size = int.from_bytes(stream.read(8)[4:], "little")
        while size > 0 and (piece := stream.read(min(size, 1 << 20))):
            size -= len(piece)
    return stream


def _by_arrow(stream: io.BufferedReader, name: str) -> io.IOBase:
    import pyarrow

    found: io.IOBase = pyarrow.CompressedInputStream(pyarrow.PythonFile(stream, mode="r"), name)
    return found


class _Raw(io.RawIOBase):
    """Any source as a raw stream."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        piece = self._source.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


class _Zlib(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._reader = zlib.decompressobj()
        self._pending = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        piece = b""
        while not piece and not self._reader.eof:
            self._pending = self._pending or self._source.read(1 << 16)
            if not self._pending:
                raise EOFError("zlib stream ends early")
            piece = self._reader.decompress(self._pending, len(view))
            self._pending = self._reader.unconsumed_tail
        view[: len(piece)] = piece
        return len(piece)
