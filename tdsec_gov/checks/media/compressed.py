"""One compressed file, piece by piece: gzip, bzip2, xz, Zstandard and lz4, told by their first bytes.

Several streams in one file (as ``cat a.gz b.gz`` makes them) are read through; what follows them and is no
stream is refused, where Python's own readers pass over it in silence.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from tdsec_gov.checks.contract import Unreadable

MAGIC: dict[str, bytes] = {
    "gz": b"\x1f\x8b",
    "bz2": b"BZh",
    "xz": b"\xfd7zXZ\0",
    "zst": b"\x28\xb5\x2f\xfd",
    "lz4": b"\x04\x22\x4d\x18",
}
SUFFIXES = {".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst", ".lz4": "lz4"}
_PIECE = 1 << 20
_INPUT = 1 << 16


def compression(head: bytes) -> str | None:
    """Which one the first bytes are of."""
    return next((kind for kind, magic in MAGIC.items() if head.startswith(magic)), None)


def decompressed(location: Path, kind: str) -> Iterator[bytes]:
    """The content in pieces of at most 1 MiB; the caller counts them and stops when it has had enough.

    Raises:
        Unreadable: damaged, cut short, or bytes follow the end.
        OSError: the file cannot be read.
    """
    try:
        with location.open("rb") as source:
            yield from _arrow(location, kind) if kind in ("zst", "lz4") else _streams(source, kind)
    except (zlib.error, lzma.LZMAError, EOFError, ValueError) as exc:
        raise damaged(type(exc).__name__) from None


def damaged(found: str) -> Unreadable:
    return Unreadable("compressed content is damaged or cut short", expected="whole streams", found=found)


class _Decoder(Protocol):
    """What bz2 and lzma offer; :class:`_Zlib` makes zlib look the same."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Zlib:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max(0, max_length))


def _decoder(kind: str) -> _Decoder:
    if kind == "gz":
        return _Zlib()
    return bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor(lzma.FORMAT_XZ)


def _streams(source: BinaryIO, kind: str) -> Iterator[bytes]:
    rest = source.read(_INPUT)
    while rest:
        if not rest.startswith(MAGIC[kind]):
            if rest.strip(b"\0") or any(more.strip(b"\0") for more in iter(lambda: source.read(_INPUT), b"")):
                raise Unreadable("bytes follow the end of the compressed content", expected="nothing")
            return
        decoder = _decoder(kind)
        while not decoder.eof:
            if not rest and decoder.needs_input and not (rest := source.read(_INPUT)):
                raise EOFError
            piece = decoder.decompress(rest, _PIECE)
            rest = b""
            if piece:
                yield piece
        rest = decoder.unused_data
        if len(rest) < len(MAGIC[kind]):
            rest += source.read(_INPUT)


def _arrow(location: Path, kind: str) -> Iterator[bytes]:
    import pyarrow

    codec = "zstd" if kind == "zst" else "lz4"
    try:
        with pyarrow.OSFile(str(location)) as raw, pyarrow.CompressedInputStream(raw, codec) as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except (pyarrow.ArrowException, OSError) as exc:
        raise damaged(type(exc).__name__) from None


class Pieces(io.RawIOBase):
    """Pieces as a binary stream that cannot seek, for what reads streams (tarfile)."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = _PIECE if size < 0 else size
        parts, have = [self._left], len(self._left)
        while have < wanted and (piece := next(self._pieces, b"")):
            parts.append(piece)
            have += len(piece)
        data = b"".join(parts)
        self._left = data[wanted:]
        return data[:wanted]
