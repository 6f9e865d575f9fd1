"""Photographs: does EXIF or XMP say where it was taken, and whose camera it was? Read without decoding.

Sources: Exif 2.32 (CIPA DC-008), TIFF 6.0, PNG 3 (chunk eXIf), the RIFF container of WebP, XMP part 3.
"""

from __future__ import annotations

import re
import struct
from pathlib import PurePosixPath

from tdsec_gov.checks.contract import DataFile

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".dng")
HEAD = 4 << 20
_GPS, _EXIF = 0x8825, 0x8769
_OWNER = {0x013B: "Artist", 0x9C9D: "XPAuthor", 0xA430: "CameraOwnerName", 0xA431: "BodySerialNumber"}
_POSITION = (0x0002, 0x0004)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_XMP_GPS = re.compile(rb"exif:GPSL(?:atitude|ongitude)(?!Ref)")
_XMP_OWNER = re.compile(
    rb"(?:dc:creator|aux:OwnerName|exifEX:CameraOwnerName|photoshop:AuthorsPosition)[\s=>]"
)
_MOST = 512


def is_image(file: DataFile) -> bool:
    return PurePosixPath(file.path).suffix.lower() in SUFFIXES


def traces(file: DataFile) -> tuple[bool, tuple[str, ...]]:
    """``(position, owner fields)`` of a photograph; what is damaged holds neither. Raises OSError."""
    with file.location.open("rb") as stream:
        data = stream.read(HEAD)
    fields: set[str] = set()
    for block in _blocks(data):
        try:
            fields |= _fields(block)
        except (struct.error, IndexError):
            continue
    if _XMP_GPS.search(data):
        fields.add("position")
    if _XMP_OWNER.search(data):
        fields.add("XMP creator")
    return "position" in fields, tuple(sorted(fields - {"position"}))


def _blocks(data: bytes) -> list[bytes]:
    """The TIFF structures that a file carries."""
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return [body for name, body in _chunks(data, 8, ">", size_first=True) if name == b"eXIf"]
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        found = [body for name, body in _chunks(data, 12, "<", size_first=False) if name == b"EXIF"]
        return [one.removeprefix(b"Exif\0\0") for one in found]
    return [data] if data[:4] in (b"II*\0", b"MM\0*") else []


def _jpeg(data: bytes) -> list[bytes]:
    found, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0xD9, 0xDA):
        (size,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            found.append(data[at + 10 : at + 2 + size])
        at += 2 + max(2, size)
    return found


def _chunks(data: bytes, at: int, order: str, *, size_first: bool) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    while at + 8 <= len(data) and len(found) < 10_000:
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        name, size = (second, first) if size_first else (first, second)
        length = struct.unpack(f"{order}I", size)[0]
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 8 + length + (4 if size_first else length % 2)
    return found


def _fields(tiff: bytes) -> set[str]:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return set()
    found: set[str] = set()
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    for tag, value, filled in _entries(tiff, first, order):
        if tag == _GPS:
            places = {one for one, _, full in _entries(tiff, value, order) if full}
            found |= {"position"} if places >= set(_POSITION) else set()
        elif tag == _EXIF:
            found |= {_OWNER[one] for one, _, full in _entries(tiff, value, order) if one in _OWNER and full}
        elif tag in _OWNER and filled:
            found.add(_OWNER[tag])
    return found


def _entries(tiff: bytes, at: int, order: str) -> list[tuple[int, int, bool]]:
    """``(tag, value or offset, whether anything but zeros and blanks stands there)`` of one directory."""
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    found = []
    for place in range(at + 2, at + 2 + 12 * min(count, _MOST), 12):
        tag, kind, number, value = struct.unpack_from(f"{order}HHII", tiff, place)
        size = min(_SIZES.get(kind, 1) * number, 4096)
        start = place + 8 if size <= 4 else value
        found.append((tag, value, bool(tiff[start : start + size].strip(b"\0 "))))
    return found
