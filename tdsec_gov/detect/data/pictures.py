"""Pictures of any size as one array: small ones of one size as they are, all others at one common size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tdsec_gov.detect.types import ByteArray, IntArray

SIDE = 32
"""Pixels of the common size; smaller images that are all of one size keep it."""
_GREY = ("1", "L", "I", "F", "I;16")


def shrunk(image: Any) -> ByteArray:
    """Pixels of a Pillow image, shape (height, width, 1 or 3): a larger one is made SIDE x SIDE by the mean
    of its pixels; one channel where it has no colour. Raises what Pillow raises on a damaged image."""
    from PIL.Image import Resampling

    drawn = image.convert("L" if image.mode in _GREY else "RGB")
    if max(drawn.size) > SIDE:
        drawn = drawn.resize((SIDE, SIDE), Resampling.BOX)
    return plain(np.asarray(drawn, dtype=np.uint8))


def plain(pixels: ByteArray) -> ByteArray:
    """Shape (height, width, channels); a picture whose three channels are the same has one."""
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    even = pixels.shape[2] == 3 and bool((pixels == pixels[:, :, :1]).all())
    return pixels[:, :, :1] if even else pixels


def joined(found: Sequence[ByteArray]) -> ByteArray:
    """Pixels of shape (pictures, height, width, channels); one channel where no picture has colour."""
    sizes = {one.shape[:2] for one in found}
    keep = len(sizes) == 1 and max(next(iter(sizes))) <= SIDE
    colour = any(one.shape[2] == 3 for one in found)
    whole = [_fitted(one, colour=colour, keep=keep) for one in found]
    return np.stack(whole) if whole else np.empty((0, SIDE, SIDE, 1), dtype=np.uint8)


def _fitted(pixels: ByteArray, *, colour: bool, keep: bool) -> ByteArray:
    if not keep and pixels.shape[:2] != (SIDE, SIDE):
        rows, columns = (_nearest(size) for size in pixels.shape[:2])
        pixels = pixels[rows][:, columns]
    return np.repeat(pixels, 3, axis=2) if colour and pixels.shape[2] == 1 else pixels


def _nearest(size: int) -> IntArray:
    return np.asarray(np.arange(SIDE) * size // SIDE, dtype=np.int64)
