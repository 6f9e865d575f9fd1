"""Read text strictly and in constant memory: UTF-8, no NUL byte, compression opened, bombs refused.

``.gz``, ``.zst``, ``.bz2`` and ``.xz`` are decompressed; a file cut inside its compression is refused.
"""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tdsec_gov.checks.contract import DataFile, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
MAX_TEXT = 64 << 30
MAX_RATIO = 200
RATIO_FROM = 64 << 20
MAX_DEPTH = 64
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[\[\]{}]")


def open_text(file: DataFile) -> io.BufferedReader:
    """Bytes of a text file, checked as they pass and decompressed as the suffix says.

    The reader raises Unreadable at the first NUL byte, the first byte that is not UTF-8, at damaged
    compression, and when it yields more than 200 times its size (beyond 64 MiB).

    Raises:
        Unreadable: the file is empty or cannot be opened.
    """
    return io.BufferedReader(CheckedText(file), buffer_size=1 << 20)


class CheckedText(io.RawIOBase):
    """Raw stream that refuses what is not text; ``quotes`` counts the quotation marks that passed."""

    def __init__(self, file: DataFile) -> None:
        super().__init__()
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._seen = 0
        self.quotes = 0
        self._source: Any = None
        try:
            self._source, self._faults = _opened(file.location, PurePosixPath(file.path).suffix.lower())
        except OSError as exc:
            raise Unreadable("file cannot be opened", where=file.path, found=type(exc).__name__) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        try:
            chunk = self._source.read(len(view))
        except self._faults as exc:
            raise self._refusal("file is damaged", type(exc).__name__) from None
        self._examine(chunk)
        view[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed and self._source is not None:
            self._source.close()
        super().close()

    def _examine(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            raise self._refusal("file holds a NUL byte and is not text", "binary data")
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise self._refusal("text is not UTF-8", "other bytes") from None
        if not chunk and self._seen == 0:
            raise self._refusal("file is empty", "0 bytes")
        self._seen += len(chunk)
        self.quotes += chunk.count(b'"')
        ratio = self._seen / max(1, self._file.size)
        if self._seen > MAX_TEXT or (self._seen > RATIO_FROM and ratio > MAX_RATIO):
            raise self._refusal("file decompresses to more than the budget", f"ratio {ratio:.0f}")

    def _refusal(self, message: str, found: str) -> Unreadable:
        where = f"{self._file.path} (after byte {self._seen})" if self._seen else self._file.path
        return Unreadable(message, where=where, expected="UTF-8 text", found=found)


def _opened(location: Path, suffix: str) -> tuple[Any, tuple[type[Exception], ...]]:
    """A stream of the plain bytes, and the exceptions by which it says that it is damaged."""
    if suffix == ".gz":
        import gzip
        import zlib

        return gzip.GzipFile(location, "rb"), (OSError, EOFError, zlib.error)
    if suffix == ".bz2":
        import bz2

        return bz2.BZ2File(location, "rb"), (OSError, EOFError, ValueError)
    if suffix == ".xz":
        import lzma

        return lzma.LZMAFile(location, "rb"), (OSError, EOFError, lzma.LZMAError, MemoryError)
    if suffix == ".zst":
        import pyarrow

        stream = pyarrow.CompressedInputStream(pyarrow.OSFile(str(location)), "zstd")
        return stream, (OSError, EOFError, ValueError, MemoryError, pyarrow.ArrowException)
    return location.open("rb"), (OSError,)


def json_lines(file: DataFile, stream: io.BufferedReader, size: int) -> Iterator[list[bytes]]:
    """Lists of about ``size`` bytes of lines, blank ones left out; each looks like one JSON object.

    Depth is limited because pyarrow's JSON parser recurses and a deep enough line ends the process.

    Raises:
        Unreadable: a line is not an object, or nests deeper than 64.
    """
    while lines := stream.readlines(size):
        full = [line for line in lines if not line.isspace()]
        for line in full:
            if not line.lstrip().startswith(b"{"):
                raise Unreadable("a line is not one JSON object", where=file.path, expected="JSON lines")
            if line.count(b"{") + line.count(b"[") > MAX_DEPTH and json_depth(line) > MAX_DEPTH:
                raise Unreadable("JSON nests too deep", where=file.path, expected=f"at most {MAX_DEPTH}")
        if full:
            yield full


def json_depth(text: bytes) -> int:
    """Deepest nesting of braces and brackets outside strings."""
    depth = deepest = 0
    for mark in _BRACKETS.finditer(_STRINGS.sub(b"", text)):
        depth += 1 if mark.group() in b"{[" else -1
        deepest = max(deepest, depth)
    return deepest
