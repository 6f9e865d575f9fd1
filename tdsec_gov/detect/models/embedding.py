"""A row of any columns as one vector of numbers, for tests that compare rows as a whole.

Numbers are scaled by median and MAD and squashed beyond three deviations, categories are 0/1 for each
frequent value, texts are TF-IDF cut to its first directions (latent semantic analysis, Deerwester et al.
1990) beside their length, images their first principal components beside brightness and contrast. Every
column weighs about the same. What is learned is learned from the rows given to :func:`fit_embedding`,
without their labels: fitted on accepted and new rows alike it favours neither, and a test that permutes
or cross-fits them stays exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.types import FloatArray, IntArray

DIRECTIONS = 24
"""Directions kept of a text or an image at most."""
_LEARN_ROWS = 4_000
_CATEGORIES = 40
_VOCABULARY = 5_000
_BEND = 3.0

Part = Callable[[IntArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Embedding:
    """``parts`` turn row positions into features of one column each, shape (rows, features)."""

    parts: tuple[Part, ...]

    def features(self, index: IntArray) -> FloatArray:
        """Features of the rows ``index``: shape (rows, features), without nan."""
        blocks = [part(index) for part in self.parts]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((index.size, 0))


def fit_embedding(columns: Sequence[Column], index: IntArray, rng: np.random.Generator) -> Embedding:
    """Learn from the rows ``index`` (texts and images from at most 4000 of them). Cost: linear in rows."""
    some = index if index.size <= _LEARN_ROWS else np.sort(rng.choice(index, _LEARN_ROWS, replace=False))
    parts = []
    for column in columns:
        if column.numbers is not None:
            parts.append(_numbers(column.numbers, index))
        elif column.codes is not None:
            parts.append(_codes(column.codes, column.width, index))
        elif column.tokens is not None:
            parts.append(_texts(column.tokens, column.width, some))
        elif column.pixels is not None:
            parts.append(_images(column.pixels, some))
    return Embedding(tuple(parts))


def squash(values: FloatArray) -> FloatArray:
    """The same up to three, growing like the logarithm beyond."""
    far = np.maximum(np.abs(values) - _BEND, 0.0)
    return np.asarray(np.sign(values) * (np.minimum(np.abs(values), _BEND) + np.log1p(far)))


def robust_scale(values: FloatArray) -> tuple[float, float]:
    """(median, deviation): 1.4826 MAD, or what is left when most values are one; never 0."""
    seen = values[~np.isnan(values)]
    if seen.size == 0:
        return 0.0, 1.0
    centre = float(np.median(seen))
    off = np.abs(seen - centre)
    spread = 1.4826 * float(np.median(off))
    if spread <= 0 and off.any():
        spread = float(np.sqrt(np.mean(np.minimum(off, np.quantile(off, 0.99) or off.max()) ** 2)))
    return centre, spread if spread > 0 and np.isfinite(spread) else 1.0


def _numbers(numbers: FloatArray, index: IntArray) -> Part:
    centre, spread = robust_scale(numbers[index])
    gaps = bool(np.isnan(numbers[index]).any())

    def part(rows: IntArray) -> FloatArray:
        values = numbers[rows]
        missing = np.isnan(values)
        scaled = squash(np.where(missing, 0.0, (values - centre) / spread))
        return np.stack([scaled, missing * 1.0], axis=1) if gaps else scaled[:, None]

    return part


def _codes(codes: IntArray, width: int, index: IntArray) -> Part:
    counts = np.bincount(codes[index], minlength=width)
    order = np.argsort(-counts, kind="stable")[:_CATEGORIES]
    order = order[counts[order] >= 2]
    place = np.full(width, order.size, dtype=np.int64)
    place[order] = np.arange(order.size)

    def part(rows: IntArray) -> FloatArray:
        result = np.zeros((rows.size, order.size + 1))
        result[np.arange(rows.size), place[codes[rows]]] = 1.0
        return result

    return part


def _texts(tokens: Sequence[IntArray], width: int, index: IntArray) -> Part:
    counts = np.zeros(width, dtype=np.int64)
    for row in index:
        counts[np.unique(tokens[row])] += 1
    order = np.argsort(-counts, kind="stable")[:_VOCABULARY]
    order = order[counts[order] >= 2]
    place = np.full(width, -1, dtype=np.int64)
    place[order] = np.arange(order.size)
    weight = np.log((1 + index.size) / (1 + counts)) + 1
    axes, size = _directions(_term_matrix(tokens, place, weight, order.size, index))
    lengths = np.log1p(np.array([tokens[row].size for row in index], dtype=np.float64))
    centre, spread = robust_scale(lengths)

    def part(rows: IntArray) -> FloatArray:
        matrix = _term_matrix(tokens, place, weight, order.size, rows)
        length = squash((np.log1p([float(tokens[row].size) for row in rows]) - centre) / spread)
        unknown = [float((place[tokens[row]] < 0).mean()) if tokens[row].size else 0.0 for row in rows]
        known = np.asarray(matrix @ axes) / size
        return np.concatenate([known, length[:, None], np.asarray(unknown)[:, None]], axis=1)

    return part


def _term_matrix(
    tokens: Sequence[IntArray], place: IntArray, weight: FloatArray, width: int, rows: IntArray
) -> Any:
    """TF-IDF with binary term frequency, rows of length one: scipy.sparse.csr_array (rows, width)."""
    from scipy import sparse

    places, values, starts = [np.empty(0, dtype=np.int64)], [np.empty(0)], [0]
    for row in rows:
        mine = np.unique(tokens[row])
        mine = mine[place[mine] >= 0]
        places.append(place[mine])
        values.append(weight[mine] / max(float(np.linalg.norm(weight[mine])), 1e-12))
        starts.append(starts[-1] + mine.size)
    cells = (np.concatenate(values), np.concatenate(places), np.array(starts))
    return sparse.csr_array(cells, shape=(rows.size, width))


def _directions(matrix: Any) -> tuple[FloatArray, float]:
    """Leading right singular vectors, shape (width, directions), and the size of the first direction."""
    from sklearn.utils.extmath import randomized_svd

    count = min(DIRECTIONS, min(matrix.shape) - 1)
    if count < 1:
        return np.zeros((matrix.shape[1], 0)), 1.0
    _, sizes, turned = randomized_svd(matrix, n_components=count, n_iter=4, random_state=0)
    scale = float(sizes[min(1, sizes.size - 1)]) / np.sqrt(matrix.shape[0])
    return np.asarray(turned.T, dtype=np.float64), scale if scale > 0 else 1.0


def _images(pixels: Any, index: IntArray) -> Part:
    def flat(rows: IntArray) -> FloatArray:
        return np.asarray(pixels[rows].reshape(rows.size, -1), dtype=np.float64) / 255.0

    seen = flat(index)
    mean = seen.mean(axis=0) if index.size else np.zeros(int(np.prod(pixels.shape[1:])))
    axes, size = _directions(seen - mean)
    light = [robust_scale(seen.mean(axis=1)), robust_scale(seen.std(axis=1))]

    def part(rows: IntArray) -> FloatArray:
        values = flat(rows)
        looks = (values.mean(axis=1), values.std(axis=1))
        extra = [squash((one - centre) / spread) for one, (centre, spread) in zip(looks, light, strict=True)]
        return np.concatenate([(values - mean) @ axes / size, np.stack(extra, axis=1)], axis=1)

    return part
