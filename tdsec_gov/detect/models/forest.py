"""Isolation forest over rows as vectors, with p-values from rows it has not seen."""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.types import FloatArray

_TREES = 200


def isolation_p(
    train: FloatArray, known: FloatArray, new: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """p of each row of ``new``, and the scores of ``known`` and of ``new``; larger is easier to isolate.

    The forest (Liu, Ting & Zhou 2008) learns from ``train``; p is conformal: the share of ``known`` rows, of
    which it has seen none, that are as easy to isolate (Bates et al. 2023). So no share of rows is outlying
    by assumption. All three have shape (rows, features).
    """
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=_TREES, random_state=0).fit(train)
    own, score = -forest.score_samples(known), -forest.score_samples(new)
    at_least = own.size - np.searchsorted(np.sort(own), score, side="left")
    return (1.0 + at_least) / (1.0 + own.size), np.asarray(own), np.asarray(score)


def novel_share(p_values: FloatArray) -> float:
    """Estimated share of rows that are no more of the same: one minus Storey's estimate (2002) of true nulls
    at lambda 0.5, never below 0."""
    if p_values.size == 0:
        return 0.0
    return max(0.0, 1.0 - float((p_values > 0.5).mean()) / 0.5)
