"""Clean data of another kind: what a gate should tell, and tell apart from an attack."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.detection.sets import Pool
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.types import FloatArray, IntArray

Shift = Callable[[Pool, IntArray, int, np.random.Generator], IntArray]
"""Takes the rows' order of which the first so many are accepted, gives another order."""


def content(pool: Pool, order: IntArray, cut: int, rng: np.random.Generator) -> IntArray:
    """Rows far out on the leading direction of the content are twice as likely to be in the push."""
    part = pool.take(order)
    every = np.arange(order.size)
    features = fit_embedding(part.columns, every, np.random.default_rng(0)).features(every)
    centred = features - features.mean(axis=0)
    leading = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    return _order(order, cut, np.where(leading > np.median(leading), 2.0, 1.0), rng)


def labels(pool: Pool, order: IntArray, cut: int, rng: np.random.Generator) -> IntArray:
    """Rows of one class are twice as likely to be in the push."""
    mine = pool.labels[order]
    return _order(order, cut, np.where(mine == rng.choice(np.unique(mine)), 2.0, 1.0), rng)


def _order(order: IntArray, cut: int, weight: FloatArray, rng: np.random.Generator) -> IntArray:
    push = rng.choice(order.size, order.size - cut, replace=False, p=weight / weight.sum())
    accepted = np.setdiff1d(np.arange(order.size), push)
    return np.concatenate([order[accepted], order[push]])


SHIFTS: dict[str, Shift] = {"shift-content": content, "shift-labels": labels}
