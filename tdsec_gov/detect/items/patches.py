"""What a trigger in images can look like: a patch in one place, a patch anywhere, a wave, a texture.

Patches are 3 by 3 pixels at 4 levels (a stamped pattern, whatever noise lies over it) and at all 256 (a
picture blended in, over even ground). Waves are coefficients of the discrete cosine transform (Ahmed et al.
1974), textures the energy of its bands: a wave laid over the image, noise of each image's own, or the
smoothing of a warp move them to the ends of their range. All of it depends on the pixels alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST, Bag, Coding, Partition, binned, keep_only
from tdsec_gov.detect.types import BoolArray, ByteArray, FloatArray, IntArray

_SIDE = 3
_LEVELS = (4, 256)
_WAVES = 12
_BANDS = 8
_CONTRAST = 2
_MOST_PLACES = 300_000
_PRIME = 1_099_511_628_211


def picture_items(columns: Sequence[Column], taken: IntArray) -> Iterator[Partition]:
    """All codings of the image columns over the rows ``taken``, one at a time: they do not fit together."""
    for place, column in enumerate(columns):
        if column.pixels is not None:
            for coding in _numbered(place, column.pixels, taken):
                yield Partition((coding,))
            for coding in _patches(place, column.pixels, taken):
                yield Partition((coding,))


def _patches(place: int, pixels: ByteArray, taken: IntArray) -> Iterator[Coding]:
    for levels in _LEVELS:
        for top in range(max(0, pixels.shape[1] - _SIDE + 1)):
            row = _codes(pixels[:, top : top + _SIDE], levels)[:, 0]
            for left in range(row.shape[1]):
                coding = _frequent(place, row[:, left], taken, f"{top},{left}/{levels}")
                if coding.width > 1:
                    yield coding


def _codes(pixels: ByteArray, levels: int) -> IntArray:
    """A number for each 3 by 3 patch, shape (rows, height - 2, width - 2): equal where patches are."""
    values = (pixels // (256 // levels)).astype(np.uint64)
    height, width = pixels.shape[1] - _SIDE + 1, pixels.shape[2] - _SIDE + 1
    total = np.zeros((pixels.shape[0], height, width), dtype=np.uint64)
    for down in range(_SIDE):
        for right in range(_SIDE):
            for channel in range(pixels.shape[3]):
                seen = values[:, down : down + height, right : right + width, channel]
                total = total * np.uint64(_PRIME) + seen
    return total.view(np.int64)


def _frequent(place: int, codes: IntArray, taken: IntArray, where: str) -> Coding:
    """Patches in at least LEAST of the rows ``taken``; all others share one code."""
    found, small, counts = np.unique(codes[taken], return_inverse=True, return_counts=True)
    every = np.full(codes.size, found.size, dtype=np.int64)
    every[taken] = small
    names = (*(f"{where}:{int(one):x}" for one in np.where(counts >= LEAST, found, 0)), "")
    return keep_only(place, every, np.flatnonzero(counts >= LEAST), names, "patch")


def _numbered(place: int, pixels: ByteArray, taken: IntArray) -> Iterator[Coding]:
    for name, values in _waves(pixels):
        codes, edges = binned(values, taken)
        names = tuple(f"{name} {one}" for one in range(edges.size + 2))
        kind = "texture" if name.startswith("band") else "wave"
        yield Coding(place, codes, edges.size + 2, kind, names)


def _waves(pixels: ByteArray) -> Iterator[tuple[str, FloatArray]]:
    """Named numbers of each image: cosine coefficients, and the logarithm of each band's energy."""
    from scipy.fft import dctn

    grey = pixels.astype(np.float32).mean(axis=3)
    found = dctn(grey, axes=(1, 2), norm="ortho")
    down, right = (np.arange(size) / size for size in found.shape[1:])
    band = np.minimum((np.hypot(down[:, None], right[None]) * _BANDS / np.sqrt(2)).astype(int), _BANDS - 1)
    for one in range(1, _BANDS):
        energy = (found[:, band == one] ** 2).sum(axis=1)
        yield f"band {one}", np.log1p(energy).astype(np.float64)
    for top in range(min(_WAVES, found.shape[1])):
        for left in range(min(_WAVES, found.shape[2])):
            if top or left:
                yield f"wave {top},{left}", found[:, top, left].astype(np.float64)


def places_anywhere(columns: Sequence[Column], taken: IntArray) -> Iterator[Bag]:
    """Patches of some contrast, at 4 levels, wherever they stand: for each the rows that hold it."""
    for place, column in enumerate(columns):
        if column.pixels is not None:
            yield _anywhere(place, column.pixels, taken)


def _anywhere(place: int, pixels: ByteArray, taken: IntArray) -> Bag:
    codes, rows = [], []
    for row in taken:
        one = pixels[row : row + 1]
        flat = _codes(one, 4)[0].ravel()
        here = np.unique(flat[_contrast(one)])
        codes.append(here)
        rows.append(np.full(here.size, row))
    return Bag.of(place, np.concatenate(codes), np.concatenate(rows), _MOST_PLACES)


def _contrast(one: ByteArray) -> BoolArray:
    """Mask over the patches of an image: those that span at least two of the four levels."""
    levels = (one[0] // 64).max(axis=2)
    windows = np.lib.stride_tricks.sliding_window_view(levels, (_SIDE, _SIDE))
    return np.asarray((windows.max(axis=(2, 3)) - windows.min(axis=(2, 3)) >= _CONTRAST).ravel())
