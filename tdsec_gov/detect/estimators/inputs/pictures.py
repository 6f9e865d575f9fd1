"""Images: uint8 arrays of one size or of many, and Pillow's images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tdsec_gov.detect.data.pictures import SIDE, plain, shrunk
from tdsec_gov.detect.estimators.inputs.given import Given, counted
from tdsec_gov.detect.types import ByteArray

CHANNELS = (1, 3, 4)
"""Grey, colour, colour with transparency (which plays no part)."""


def from_array(pixels: ByteArray) -> Given:
    """``pixels`` has shape (n, height, width) or (n, height, width, channels).

    Raises:
        ValueError: no image, no pixel, or channels that are not the last dimension.
        ImportError: images larger than 32 pixels need Pillow.
    """
    return from_many(list(pixels))


def from_many(images: Sequence[Any]) -> Given:
    """uint8 arrays of shape (height, width) or (height, width, channels), or Pillow images.

    Raises: as :func:`from_array`.
    """
    counted(len(images), 1)
    return Given(pictures=tuple(_made(images)))


def is_picture(value: Any) -> bool:
    """A Pillow image, or a uint8 array of two or three dimensions."""
    if isinstance(value, np.ndarray):
        return value.dtype == np.uint8 and value.ndim in (2, 3)
    return hasattr(value, "convert") and hasattr(value, "getbands")


def channels_last(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """torch's (channels, height, width) as (height, width, channels)."""
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3) and pixels.shape[2] not in CHANNELS:
        return np.moveaxis(pixels, 0, 2)
    return pixels


def as_bytes(pixels: np.ndarray[Any, Any]) -> ByteArray:
    """Fractions from 0 to 1, as torchvision gives them, as 0 to 255.

    Raises TypeError: other numbers, so that the pixels are not known.
    """
    if pixels.dtype == np.uint8:
        return pixels
    inside = pixels.size and pixels.dtype.kind == "f" and pixels.min() >= 0 and pixels.max() <= 1
    if not inside:
        raise TypeError("images are not uint8, nor fractions from 0 to 1: give them before normalisation.")
    return np.asarray(np.rint(pixels * 255), dtype=np.uint8)


def _made(images: Iterable[Any]) -> Iterable[ByteArray]:
    for one in images:
        if not is_picture(one):
            raise TypeError("an image is neither a uint8 array of 2 or 3 dimensions nor a Pillow image.")
        yield _pixels(one) if isinstance(one, np.ndarray) else shrunk(one)


def _pixels(values: ByteArray) -> ByteArray:
    values = values[:, :, None] if values.ndim == 2 else values
    if 0 in values.shape:
        raise ValueError("an image has no pixel.")
    if values.shape[2] not in CHANNELS:
        raise ValueError("images have 1, 3 or 4 channels in the last dimension.")
    if max(values.shape[:2]) > SIDE:
        return shrunk(_image(values))
    return plain(np.array(values[:, :, :3]))


def _image(values: ByteArray) -> Any:
    try:
        from PIL import Image
    except ImportError:
        text = f"images larger than {SIDE} pixels need Pillow: pip install 'tdsec-gov[images]'"
        raise ImportError(text) from None
    return Image.fromarray(np.ascontiguousarray(values[:, :, 0] if values.shape[2] == 1 else values))
