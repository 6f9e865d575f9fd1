"""How far out is far? p-values from the data's own tail, so that heavy tails are not called outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

LEAST = 200
"""Values below which a tail cannot be told."""
_BODY, _END = 0.90, 0.99
_LEAST_INDEX = 0.05
_SHARES = (0.005, 0.02, 0.1)


@dataclass(frozen=True, slots=True)
class Strangest:
    """``p`` of the count of new values among the largest of all; ``rows`` those new values' positions, the
    largest first; ``precision`` the estimated share of them that chance does not explain."""

    p: float
    rows: IntArray
    precision: float


def tail_p(sizes: FloatArray, known: FloatArray) -> FloatArray:
    """P-value of each of ``sizes`` (not negative, shape (values,)) under the tail of ``known``.

    Between the 90th and the 99th percentile of ``known`` a Pareto tail is fitted (Hill's estimator for values
    censored at the 99th, so that up to one in a hundred outliers among them do not stretch it) and continued
    outward. It is never lighter than a power of 20, so p is careful for lighter tails: uniform, normal,
    exponential. Below the 90th percentile p is the share of ``known`` that is as far out. All 1 with fewer
    than 200 known values, or where the 90th percentile is 0.
    """
    ordered = np.sort(known)
    if ordered.size < LEAST:
        return np.ones(sizes.size)
    start, end = (float(one) for one in np.quantile(ordered, [_BODY, _END]))
    if start <= 0:
        return np.ones(sizes.size)
    tail = ordered[ordered > start]
    inner = tail[tail <= end]
    if inner.size == 0 or end <= start:
        index = _LEAST_INDEX
    else:
        logs = np.log(inner / start).sum() + (tail.size - inner.size) * np.log(end / start)
        index = max(float(logs) / inner.size, _LEAST_INDEX)
    beyond = tail.size / ordered.size * np.power(np.maximum(sizes, start) / start, -1.0 / index)
    share = (1.0 + ordered.size - np.searchsorted(ordered, sizes, side="left")) / (1.0 + ordered.size)
    return np.asarray(np.minimum(1.0, np.where(sizes > start, beyond, share)))


def strangest(known: FloatArray, new: FloatArray) -> Strangest:
    """Are there too many of ``new`` among the largest half, two and ten per cent of all?

    Exact for exchangeable values: each count is hypergeometric, and the least of the three p counts three
    times. Ties are ordered with ``known`` first, which is careful.
    """
    from scipy.stats import hypergeom

    both = np.concatenate([known, new])
    order = np.lexsort((np.arange(both.size), -both))
    is_new = order >= known.size
    best = Strangest(1.0, np.empty(0, dtype=np.int64), 0.0)
    for share in _SHARES:
        size = max(1, round(share * both.size))
        count = int(is_new[:size].sum())
        p = min(1.0, len(_SHARES) * float(hypergeom.sf(count - 1, both.size, new.size, size)))
        if p < best.p:
            by_chance = (size - count) * new.size / max(1, known.size)
            best = Strangest(p, order[:size][is_new[:size]] - known.size, max(0.0, 1.0 - by_chance / count))
    return best
