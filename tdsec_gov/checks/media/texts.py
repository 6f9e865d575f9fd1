"""One text file, or one compressed file of any kind: read to its end."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.checks.contract import Unreadable
from tdsec_gov.checks.media.compressed import compression, decompressed
from tdsec_gov.checks.media.faults import Flaw, Limits
from tdsec_gov.domain.canonical import JsonValue

_PIECE = 1 << 20


def look_at_text(location: Path, packed: str | None, limits: Limits) -> dict[str, JsonValue]:
    """Bytes and lines. Raises Flaw: not UTF-8, a NUL byte, or as :func:`look_at_compressed`."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    size = lines = 0
    try:
        for piece in _pieces(location, packed, limits):
            if b"\0" in piece:
                raise Flaw("TDS706", "file holds a NUL byte and is not text")
            decoder.decode(piece)
            size += len(piece)
            lines += piece.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Flaw("TDS706", "text is not UTF-8") from None
    return {"decoded": size, "lines": lines}


def look_at_compressed(location: Path, packed: str, limits: Limits) -> dict[str, JsonValue]:
    """Bytes of the content. Raises Flaw: another format, damaged, trailing bytes, over the budget."""
    return {"decoded": sum(len(piece) for piece in _pieces(location, packed, limits))}


def _pieces(location: Path, packed: str | None, limits: Limits) -> Iterator[bytes]:
    if packed is None:
        with location.open("rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece
        return
    with location.open("rb") as stream:
        found = compression(stream.read(8))
    if found != packed:
        raise Flaw("TDS702", f"content is {found or 'not compressed'}, the suffix promises {packed}")
    total = 0
    try:
        for piece in decompressed(location, packed):
            total += len(piece)
            if total > limits.decoded:
                raise Flaw("TDS703", f"file decompresses to more than {limits.decoded >> 20} MiB")
            yield piece
    except Unreadable as exc:
        raise Flaw("TDS706", exc.message) from None
