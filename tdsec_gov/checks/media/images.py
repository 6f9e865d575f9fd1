"""One image: decoded to its last pixel under budgets, of the format its suffix names, and nothing after."""

from __future__ import annotations

import struct
import time
import warnings
from pathlib import Path
from typing import Any

from tdsec_gov.checks.files.formats.images import end_of
from tdsec_gov.checks.media.faults import Flaw, Limits, foreign
from tdsec_gov.checks.media.kinds import IMAGES
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import DependencyMissing

FORMATS = tuple(sorted(set(IMAGES.values())))
_PADDING = b"\0\r\n\t "


def pillow() -> Any:
    """Pillow's Image module. Raises DependencyMissing."""
    try:
        from PIL import Image, ImageFile
    except ImportError:
        raise DependencyMissing(
            "images are decoded by Pillow, which is not installed", hint="pip install 'tdsec-gov[images]'"
        ) from None
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # another package in this process may have set it
    return Image


def look_at_image(location: Path, size: int, promised: str, limits: Limits) -> dict[str, JsonValue]:
    """Format, mode, width, height, frames, bytes after the end.

    Raises:
        Flaw: not decodable, another format, or over a budget.
        DependencyMissing: no Pillow.
    """
    module = pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large images and odd tags: budgets decide
        try:
            return {**_decode(module, location, promised, limits), **_after(location, size)}
        except (module.DecompressionBombError, MemoryError):
            raise Flaw("TDS703", "image is larger than the budget of pixels") from None
        except FAULTS as exc:
            raise Flaw("TDS701", f"image cannot be decoded to its end ({type(exc).__name__})") from None


FAULTS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    OverflowError, struct.error, RuntimeError, ZeroDivisionError, AssertionError, NotImplementedError,
)  # fmt: skip
"""What Pillow's decoders raise on damaged files."""


def _decode(module: Any, location: Path, promised: str, limits: Limits) -> dict[str, JsonValue]:
    with module.open(location, formats=FORMATS) as image:
        found = str(image.format)
        if found != promised:
            raise Flaw("TDS702", f"content is {found}, the suffix promises {promised}")
        if found == "PNG":
            image.verify()  # checksums of all chunks; the image must be opened again after it
    deadline = time.monotonic() + limits.seconds
    with module.open(location, formats=FORMATS) as image:
        first = {"format": found, "mode": str(image.mode), "width": image.width, "height": image.height}
        return {**first, "frames": _frames(image, limits, deadline)}


def _frames(image: Any, limits: Limits, deadline: float) -> int:
    """Decode all frames; how many they are."""
    count = decoded = 0
    while True:
        pixels = image.width * image.height
        if pixels > limits.pixels:
            raise Flaw("TDS703", f"image has more than {limits.pixels // 1_000_000} million pixels")
        decoded += pixels * max(1, len(image.getbands())) * (4 if image.mode in ("I", "F") else 1)
        if decoded > limits.decoded:
            raise Flaw("TDS703", f"image decodes to more than {limits.decoded >> 20} MiB")
        image.load()
        count += 1
        if count > limits.frames:
            raise Flaw("TDS703", f"image has more than {limits.frames} frames")
        if time.monotonic() > deadline:
            raise Flaw("TDS703", f"image takes longer than {limits.seconds:g} s to decode")
        try:
            image.seek(count)
        except EOFError:
            return count


def _after(location: Path, size: int) -> dict[str, JsonValue]:
    """Bytes after the end that are no padding, and whether they are another format."""
    with location.open("rb") as stream:
        head = stream.read(64)
        stream.seek(0)
        end = end_of(head, stream, size)
        if end == 0 and not head.startswith(b"BM"):
            raise Flaw("TDS701", "image has no end: it is cut short")
        if not end or end >= size:
            return {"extra": 0, "foreign": False}
        stream.seek(end)
        extra = stream.read()
    kept = extra.strip(_PADDING)
    return {"extra": len(extra) if kept else 0, "foreign": bool(kept) and foreign(extra)}
