"""The nearest known row of each class, by brute force in blocks: fast for some ten thousand rows."""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

_CELLS = 4_000_000
LEAST = 1e-3
"""Distances below it are rounding."""


def nearest_of_class(
    vectors: FloatArray, known: FloatArray, labels: IntArray, classes: int, *, itself: bool = False
) -> FloatArray:
    """Distance of each of ``vectors`` (rows, features) to the nearest of ``known`` in each class: shape
    (rows, classes), inf where a class has none. ``itself``: ``vectors`` are the first of ``known``, and no
    row is its own neighbour."""
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    result = np.full((vectors.shape[0], classes), np.inf)
    if present.size == 0:
        return result
    centre = known.mean(axis=0)
    theirs = (known[order] - centre).astype(np.float32)
    lengths = (theirs**2).sum(axis=1)
    place = np.argsort(order, kind="stable")
    step = max(1, _CELLS // known.shape[0])
    for start in range(0, vectors.shape[0], step):
        mine = (vectors[start : start + step] - centre).astype(np.float32)
        squares = (mine**2).sum(axis=1)[:, None] + lengths - 2 * (mine @ theirs.T)
        if itself:
            rows = np.arange(mine.shape[0])
            squares[rows, place[start + rows]] = np.inf
        least = np.minimum.reduceat(squares, starts, axis=1)
        result[start : start + step, present] = np.sqrt(np.maximum(least, 0.0))
    return np.maximum(result, LEAST)
