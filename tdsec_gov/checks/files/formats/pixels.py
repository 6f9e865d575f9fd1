"""How large an image says it is: width times height from its header; no pixel is decoded.

Sources: PNG specification clause 5, GIF89a, ITU-T T.81 annex B, TIFF 6.0 section 2, RIFF and RFC 9649 (WebP),
netpbm, ISO/IEC 15444-1 annex I (JPEG 2000), ISO/IEC 14496-12 (ispe of HEIF and AVIF), Photoshop file format.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import IO

from tdsec_gov.checks.files.formats.images import GIF, JPEG, PNG, jpeg_segments, whole

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
JPEG2000 = b"\0\0\0\x0cjP  \r\n\x87\n"
MAX_DIRECTORIES = 4096
_NETPBM = re.compile(rb"P[1-6](?:\s+|#[^\n]*\n)+(\d{1,19})(?:\s+|#[^\n]*\n)+(\d{1,19})\s")
_PAM = re.compile(rb"P7\n.{0,500}?WIDTH (\d{1,19})\nHEIGHT (\d{1,19})\n", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WIDTHS = {1: "B", 3: "H", 4: "I", 16: "Q"}


def is_image(head: bytes) -> bool:
    """Whether ``head`` begins an image whose size can be read."""
    known = (PNG, JPEG, *GIF, *TIFF, JPEG2000, b"8BPS\0")
    found = head.startswith(known) or (head.startswith(b"BM") and head[6:10] == bytes(4))
    return found or head[8:12] == b"WEBP" or head[4:8] == b"ftyp" or bool(_plain(head))


def pixels(head: bytes, stream: IO[bytes]) -> int:
    """Width times height of the largest picture, as the header says; 0 when it does not."""
    try:
        return max((abs(width * height) for width, height in _sizes(head, stream)), default=0)
    except (struct.error, ValueError):
        return 0


def _sizes(head: bytes, stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    if head.startswith(PNG):
        yield struct.unpack_from(">II", head, 16)
    elif head.startswith(GIF):
        yield struct.unpack_from("<HH", head, 6)
    elif head.startswith(b"BM"):
        yield struct.unpack_from("<HH" if head[14] == 12 else "<ii", head, 18)
    elif head.startswith(JPEG):
        yield from _jpeg(whole(stream))
    elif head.startswith(TIFF):
        yield from _tiff(head, stream)
    elif head[8:12] == b"WEBP":
        yield _webp(head)
    elif head.startswith(JPEG2000):
        place = head.find(b"ihdr")
        height, width = struct.unpack_from(">II", head, place + 4) if place > 0 else (0, 0)
        yield width, height
    elif head.startswith(b"8BPS\0"):
        height, width = struct.unpack_from(">II", head, 14)
        yield width, height
    elif head[4:8] == b"ftyp":
        yield from (struct.unpack_from(">II", head, found.end() + 4) for found in re.finditer(b"ispe", head))
    elif plain := _plain(head):
        yield int(plain[1]), int(plain[2])


def _plain(head: bytes) -> re.Match[bytes] | None:
    return _NETPBM.match(head) or _PAM.match(head) if head[:1] == b"P" else None


def _jpeg(data: bytes) -> Iterator[tuple[int, int]]:
    for marker, place in jpeg_segments(data):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            yield int(width), int(height)


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int(struct.unpack_from("<I", head, 21)[0])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


def _tiff(head: bytes, stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Width and length (tags 256, 257) of each image file directory, of TIFF and BigTIFF."""
    order = "<" if head.startswith(b"II") else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    count_form, entry_form, link_form = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    (place,) = struct.unpack_from(order + link_form, head, 8 if big else 4)
    width_of = struct.calcsize(order + entry_form) + struct.calcsize(order + link_form)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < MAX_DIRECTORIES:
        seen.add(place)
        stream.seek(place)
        (count,) = struct.unpack(order + count_form, stream.read(struct.calcsize(order + count_form)))
        table = stream.read(min(count, 1 << 16) * width_of)
        found = {256: 0, 257: 0}
        for at in range(0, len(table) - width_of + 1, width_of):
            tag, kind, _ = struct.unpack_from(order + entry_form, table, at)
            if tag in found and kind in _WIDTHS:
                value_at = at + struct.calcsize(order + entry_form)
                found[tag] = int(struct.unpack_from(order + _WIDTHS[kind], table, value_at)[0])
        yield found[256], found[257]
        link = stream.read(struct.calcsize(order + link_form))
        place = (
            struct.unpack(order + link_form, link)[0]
            if len(link) == struct.calcsize(order + link_form)
            else 0
        )
