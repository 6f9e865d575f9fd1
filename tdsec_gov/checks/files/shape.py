"""Does the content keep the suffix's promise, and does the file end where its format says?"""

from __future__ import annotations

import struct
from pathlib import Path

from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.domain.findings import Severity

_PNG = b"\x89PNG\r\n\x1a\n"
MAGIC: dict[str, tuple[bytes, ...]] = {
    ".parquet": (b"PAR1",),
    ".pq": (b"PAR1",),
    ".arrow": (b"ARROW1",),
    ".feather": (b"ARROW1",),
    ".ipc": (b"ARROW1",),
    ".png": (_PNG,),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
    ".wav": (b"RIFF", b"RF64"),
    ".bmp": (b"BM",),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".flac": (b"fLaC",),
    ".ogg": (b"OggS",),
    ".pdf": (b"%PDF-",),
    ".zip": (b"PK\x03\x04", b"PK\x05\x06"),
    ".npz": (b"PK\x03\x04", b"PK\x05\x06"),
    ".xlsx": (b"PK\x03\x04",),
    ".docx": (b"PK\x03\x04",),
    ".npy": (b"\x93NUMPY",),
    ".gz": (b"\x1f\x8b",),
    ".tgz": (b"\x1f\x8b",),
    ".bz2": (b"BZh",),
    ".xz": (b"\xfd7zXZ\0",),
    ".zst": (b"\x28\xb5\x2f\xfd",),
    ".h5": (b"\x89HDF",),
    ".hdf5": (b"\x89HDF",),
    ".sqlite": (b"SQLite format 3\0",),
}
ENDS: dict[str, bytes] = {
    ".parquet": b"PAR1",
    ".pq": b"PAR1",
    ".arrow": b"ARROW1",
    ".feather": b"ARROW1",
    ".ipc": b"ARROW1",
}
_SUBTYPE = {".webp": b"WEBP", ".wav": b"WAVE"}


def mismatch(suffix: str, head: bytes, tail: bytes) -> Risk | None:
    """A risk when the first (or last) bytes are not what ``suffix`` promises."""
    magic = MAGIC.get(suffix)
    wrong = bool(magic) and not head.startswith(magic or ())
    wrong = wrong or (suffix in ENDS and not tail.endswith(ENDS[suffix]))
    wrong = wrong or (suffix in _SUBTYPE and head[8:12] != _SUBTYPE[suffix])
    return Risk("TDS513", f"content is not what the suffix {suffix} promises") if wrong else None


def trailing(location: Path, head: bytes, tail: bytes, size: int) -> Risk | None:
    """A risk when bytes follow the end of a PNG, JPEG or GIF."""
    if head.startswith(_PNG):
        end = _png_end(location, size)
        if end is None:
            return Risk("TDS513", "content is not a whole PNG")
        extra = size - end
        return Risk("TDS514", f"{extra} bytes follow the end of the image") if extra else None
    if head.startswith(b"\xff\xd8\xff"):
        return _after(tail, b"\xff\xd9", Severity.WARN)
    if head.startswith(b"GIF8"):
        return _after(tail, b"\0;", Severity.WARN)
    return None


def _after(tail: bytes, marker: bytes, severity: Severity) -> Risk | None:
    place = tail.rfind(marker)
    extra = tail[place + len(marker) :].strip(b"\0\r\n ") if place >= 0 else b"?"
    if not extra:
        return None
    return Risk("TDS514", "the image does not end where its format says", None, severity)


def _png_end(location: Path, size: int) -> int | None:
    """Offset just after IEND, from a walk over the chunk headers (PNG specification, clause 5.3)."""
    with location.open("rb") as stream:
        place = len(_PNG)
        while place + 12 <= size:
            stream.seek(place)
            length, kind = struct.unpack(">I4s", stream.read(8))
            place += 12 + int(length)
            if kind == b"IEND":
                return place if place <= size else None
    return None
