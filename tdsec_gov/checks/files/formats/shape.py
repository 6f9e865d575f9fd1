"""Does the content keep the suffix's promise, and does the file end where its format says?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tdsec_gov.checks.files.formats import images
from tdsec_gov.checks.files.formats.magic import magic_risks
from tdsec_gov.checks.files.formats.pixels import is_image, pixels
from tdsec_gov.checks.files.risk import HEAD, Risk
from tdsec_gov.domain.findings import Severity

MAGIC: dict[str, tuple[bytes, ...]] = {
    ".parquet": (b"PAR1",),
    ".pq": (b"PAR1",),
    ".arrow": (b"ARROW1",),
    ".feather": (b"ARROW1",),
    ".ipc": (b"ARROW1",),
    ".png": (images.PNG,),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
    ".wav": (b"RIFF", b"RIFX", b"RF64"),
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
_ACTIVE = re.compile(rb"<script|<\?php|PK\x03\x04|7z\xbc\xaf|Rar!|%PDF-", re.IGNORECASE)
_SUBTYPE = {".webp": b"WEBP", ".wav": b"WAVE"}


def mismatch(suffix: str, head: bytes, tail: bytes) -> Risk | None:
    """A risk when the first (or last) bytes are not what ``suffix`` promises."""
    magic = MAGIC.get(suffix)
    wrong = bool(magic) and not head.startswith(magic or ())
    wrong = wrong or (suffix in ENDS and not tail.endswith(ENDS[suffix]))
    wrong = wrong or (suffix in _SUBTYPE and head[8:12] != _SUBTYPE[suffix])
    return Risk("TDS513", f"content is not what the suffix {suffix} promises") if wrong else None


def image_risks(location: Path, head: bytes, size: int) -> list[Risk]:
    """Bytes behind the end of an image, and images that explode when they are decoded."""
    with location.open("rb") as stream:
        end = images.end_of(head, stream, size)
        risks = [] if end is None else list(_behind(head, end, stream, size))
        area = pixels(head, stream) if is_image(head) else 0
        if (area > images.MAX_PIXELS and area > images.MAX_RATIO * size) or (
            end is not None and images.hidden_bomb(head, stream, size)
        ):
            risks.append(Risk("TDS510", "image is a decompression bomb"))
    return risks


def _behind(head: bytes, end: int, stream: IO[bytes], size: int) -> Iterator[Risk]:
    if end == 0 and head.startswith(images.PNG):
        yield Risk("TDS513", "content is not a whole PNG")
    elif end == 0 or end > size:
        yield Risk("TDS514", "the image does not end where its format says", None, Severity.WARN)
    elif end < size:
        stream.seek(end)
        rest = stream.read(size - end if size - end < HEAD else HEAD)
        strict = head.startswith(images.PNG) or bool(_ACTIVE.search(rest)) or bool(magic_risks(rest, None))
        if rest.strip(b"\0\r\n "):
            severity = Severity.DENY if strict else Severity.WARN
            yield Risk("TDS514", f"{size - end} bytes follow the end of the image", None, severity)


def document_end(head: bytes, tail: bytes) -> Risk | None:
    """A PDF header that does not come first, or a PDF that does not end as one: two files in one."""
    place = head[:1024].find(b"%PDF-1.")
    if place > 0 and not head.lstrip().startswith((b"%PDF-", b"%!PS")) and b"%%EOF" in tail:
        return Risk("TDS514", "a PDF follows other bytes: two files in one")
    return None
