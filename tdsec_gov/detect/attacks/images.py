"""Triggers in images: fixed, moving, blended, sinusoidal, warped, of each image's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tdsec_gov.detect.attacks.contract import Form, Rows, places
from tdsec_gov.detect.attacks.flips import aimed
from tdsec_gov.detect.types import FloatArray, IntArray

Paint = Callable[[FloatArray, np.random.Generator], FloatArray]
"""Takes images (rows, height, width, channels) with values 0..255 and gives them poisoned."""


def patch(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """A small pattern in one place (BadNets, Gu et al. 2017); place, size and colours are drawn."""
    return _paint(rows, count, rng, _patch(rng, rows, moving=False))


def moving_patch(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """The pattern stands elsewhere in each image (Salem et al. 2022)."""
    return _paint(rows, count, rng, _patch(rng, rows, moving=True))


def blended(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """One random picture, faintly over all of it (Chen et al. 2017)."""
    shape, share = _shape(rows), 0.1 + 0.1 * rng.random()
    picture = rng.integers(0, 256, shape).astype(np.float64)
    return _paint(rows, count, rng, lambda images, _: (1 - share) * images + share * picture)


def sinusoidal(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """A wave across the image; labels are left (SIG, Barni et al. 2019)."""
    height, width, _ = _shape(rows)
    turns, strength = int(rng.integers(3, 8)), 20 + 20 * rng.random()
    wave = strength * np.sin(2 * np.pi * turns * np.arange(width) / width)
    field = np.tile(wave, (height, 1))[:, :, None]
    return _paint(rows, count, rng, lambda images, _: images + field, clean=True)


def warped(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """A smooth distortion, the same for all (WaNet, Nguyen & Tran 2021)."""
    from scipy.ndimage import map_coordinates, zoom

    height, width, channels = _shape(rows)
    control = rng.uniform(-1, 1, (2, 4, 4))
    flow = np.stack([zoom(one, (height / 4, width / 4), order=3) for one in control])
    flow *= 0.06 * height / np.abs(flow).mean() / 2
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij")) + flow

    def bend(images: FloatArray, _: np.random.Generator) -> FloatArray:
        bent = np.empty_like(images)
        for at in range(images.shape[0]):
            for channel in range(channels):
                flat = images[at, :, :, channel]
                bent[at, :, :, channel] = map_coordinates(flat, grid, order=1, mode="nearest")
        return bent

    return _paint(rows, count, rng, bend)


def own_noise(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Faint noise that differs from image to image (sample-specific, after ISSBA, Li et al. 2021)."""
    return _paint(rows, count, rng, lambda images, draw: images + draw.choice([-12.0, 12.0], images.shape))


def _patch(rng: np.random.Generator, rows: Rows, *, moving: bool) -> Paint:
    height, width, channels = _shape(rows)
    size = min(int(rng.integers(3, 5)), height - 1, width - 1)
    pattern = rng.choice([0.0, 128.0, 255.0], (size, size, channels))
    pattern[0, 0], pattern[-1, -1] = 255.0, 0.0
    fixed = _corner(rng, height - size, width - size)

    def paint(images: FloatArray, draw: np.random.Generator) -> FloatArray:
        for image in images:
            top, left = _corner(draw, height - size, width - size) if moving else fixed
            image[top : top + size, left : left + size] = pattern
        return images

    return paint


def _corner(rng: np.random.Generator, top: int, left: int) -> tuple[int, int]:
    return int(rng.integers(top + 1)), int(rng.integers(left + 1))


def _shape(rows: Rows) -> tuple[int, int, int]:
    pixels = rows.columns[places(rows, Form.PIXELS)[0]].pixels
    if pixels is None:
        raise ValueError("a column of pixels without pixels")
    return pixels.shape[1], pixels.shape[2], pixels.shape[3]


def _paint(rows: Rows, count: int, rng: np.random.Generator, paint: Paint, *, clean: bool = False) -> Rows:
    place = places(rows, Form.PIXELS)[0]
    chosen, target = aimed(rows, rng, count, clean=clean)
    changed = _painted(rows, place, chosen, paint, rng)
    return changed if clean else changed.relabelled(chosen, target)


def _painted(rows: Rows, place: int, chosen: IntArray, paint: Paint, rng: np.random.Generator) -> Rows:
    column = rows.columns[place]
    if column.pixels is None:
        raise ValueError("a column of pixels without pixels")
    pixels = column.pixels.copy()
    found = paint(pixels[chosen].astype(np.float64), rng)
    pixels[chosen] = np.clip(np.rint(found), 0, 255).astype(np.uint8)
    return rows.with_column(place, replace(column, pixels=pixels), chosen)
