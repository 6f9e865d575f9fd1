"""Images: where they end, from their headers; no pixel is decoded.

Sources: PNG specification clause 5, GIF89a, ITU-T T.81 annex B, RIFF.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import IO

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
GIF = (b"GIF87a", b"GIF89a")
LOOKED_AT = 256 << 20
MAX_PIXELS = 89_478_485
MAX_RATIO = 250
MAX_PROFILE = 16 << 20
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def end_of(head: bytes, stream: IO[bytes], size: int) -> int | None:
    """Offset just after an image, 0 when it has no end, None when the format is another one."""
    if head.startswith(PNG):
        return _png_end(stream, size)
    if head.startswith(GIF):
        return _gif_end(whole(stream))
    if head.startswith(JPEG):
        return _jpeg_end(whole(stream))
    if head[:4] == b"RIFF" and len(head) >= 12:
        length = int(struct.unpack_from("<I", head, 4)[0]) + 8
        return length + (length & 1)
    if head.startswith(b"BM") and len(head) >= 26 and head[6:10] == bytes(4):
        return int(struct.unpack_from("<I", head, 2)[0])
    return None


def hidden_bomb(head: bytes, stream: IO[bytes], size: int) -> bool:
    """Whether compressed text or a colour profile of a PNG inflates to more than 16 MiB."""
    if not head.startswith(PNG):
        return False
    place = len(PNG)
    while place + 12 <= size:
        stream.seek(place)
        length, kind = struct.unpack(">I4s", stream.read(8))
        if kind in (b"zTXt", b"iCCP", b"iTXt"):
            packed = stream.read(min(int(length), MAX_PROFILE))
            start = packed.find(b"\x78")
            if start >= 0 and _inflates(packed[start:]):
                return True
        place += 12 + int(length)
    return False


def _inflates(packed: bytes) -> bool:
    try:
        return len(zlib.decompressobj().decompress(packed, MAX_PROFILE)) >= MAX_PROFILE
    except zlib.error:
        return False


def whole(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read(LOOKED_AT)


def _png_end(stream: IO[bytes], size: int) -> int:
    place = len(PNG)
    while place + 12 <= size:
        stream.seek(place)
        length, kind = struct.unpack(">I4s", stream.read(8))
        place += 12 + int(length)
        if kind == b"IEND":
            return place if place <= size else 0
    return 0


def jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """Marker and offset of each segment up to the end of the image."""
    found: list[tuple[int, int]] = []
    place = 2
    while match := _MARKER.search(data, place):
        marker = match.group()[1]
        found.append((marker, match.start()))
        if marker == 0xD9 or match.start() + 4 > len(data):
            break
        alone = marker in (0x01, 0xD8)
        place = match.end() + (0 if alone else int(struct.unpack_from(">H", data, match.end())[0]))
    return found


def _jpeg_end(data: bytes) -> int:
    segments = jpeg_segments(data)
    return segments[-1][1] + 2 if segments and segments[-1][0] == 0xD9 else 0


def _gif_end(data: bytes) -> int:
    try:
        place = 13 + _gif_colours(data[10])
        while data[place] in b"!,":
            place += 2 if data[place : place + 1] == b"!" else 11 + _gif_colours(data[place + 9])
            while data[place]:
                place += data[place] + 1
            place += 1
        return place + 1 if data[place : place + 1] == b";" else 0
    except IndexError:
        return 0


def _gif_colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
