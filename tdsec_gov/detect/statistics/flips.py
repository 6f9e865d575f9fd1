"""The most powerful test against labels that were changed at random, by likelihood ratio.

How strange a row's label looks when it is right, and when it is wrong, is known from the rows themselves:
score each under its own label and under the others. The weight of a score is the likelihood ratio of a small
share of wrong labels (Neyman & Pearson 1933); the null is the exact one: which rows of a class are new is
drawn anew. Bins and ratios come from accepted and new rows alike, so that they do not know which is which.
"""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.types import BoolArray, FloatArray, IntArray

_SHARE = 0.05
_DRAWS = 9999
_BINS = 20
_TAIL = (0.975, 0.99, 0.995)


def flip_test(margins: FloatArray, labels: IntArray, new: BoolArray, rng: np.random.Generator) -> float:
    """Permutation p-value, at least 1e-4, that the new rows hold more wrong labels than the others.

    ``margins`` (rows, classes): how strange each label would be for the row; ``labels`` (rows,) those
    that it bears; ``new`` (rows,) marks the rows under test.
    """
    statistic, null = 0.0, np.zeros(_DRAWS)
    for label in np.unique(labels[new]):
        mine = labels == label
        if mine.all() or not (mine & ~new).any():
            continue
        own, place = _binned(margins[mine, label])
        wrong = np.bincount(np.searchsorted(place, margins[~mine, label]), minlength=own.max(initial=0) + 1)
        right = np.bincount(own, minlength=wrong.size)
        ratio = (wrong + 1) / (wrong.sum() + wrong.size) * (right.sum() + right.size) / (right + 1)
        weight = np.log1p(_SHARE * (ratio - 1))
        fresh = own[new[mine]]
        statistic += float(weight[fresh].sum())
        null += rng.multivariate_hypergeometric(right, fresh.size, size=_DRAWS) @ weight
    return float((1 + (null >= statistic - 1e-9).sum()) / (_DRAWS + 1))


def _binned(scores: FloatArray) -> tuple[IntArray, FloatArray]:
    """The bin of each score, and the edges: quantiles, finer at the strange end."""
    shares = [*(np.arange(1, _BINS) / _BINS), *_TAIL]
    edges = np.unique(np.quantile(scores, shares))
    return np.searchsorted(edges, scores), edges
