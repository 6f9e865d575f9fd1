"""What the other tools are given: the same numbers for each of them, and good label models for cleanlab."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from bench.detection.answers import Task
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.types import FloatArray, IntArray

FOLDS = 5


def dense(task: Task) -> FloatArray:
    """All rows as vectors, without labels: scaled numbers, 0/1 for categories, TF-IDF and SVD, or principal
    components, shape (rows, features)."""
    every = np.arange(task.rows.labels.size)
    return fit_embedding(task.rows.columns, every, np.random.default_rng(task.seed)).features(every)


def probabilities(task: Task) -> FloatArray:
    """Out-of-fold chances of the classes, shape (rows, classes), by the model that suits the content."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold

    rows = task.rows
    features, make = _model(task)
    result = np.full((rows.labels.size, rows.classes), 1e-9)
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=task.seed).split(
        np.zeros(rows.labels.size), rows.labels
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # twenty rounds are enough here
            model = make().fit(features[train], rows.labels[train])
        result[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    return np.asarray(result / result.sum(axis=1, keepdims=True))


def _model(task: Task) -> tuple[Any, Any]:
    """Features, and an untrained model: networks for images, TF-IDF for texts, boosted trees for tables."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    column = task.rows.columns[0]
    if column.pixels is not None:
        from sklearn.decomposition import PCA

        flat = column.pixels.reshape(len(column.pixels), -1) / 255.0
        parts = PCA(64, random_state=0, svd_solver="randomized").fit_transform(flat)
        return parts, lambda: MLPClassifier((128,), max_iter=20, early_stopping=True, random_state=0)
    if column.tokens is not None and len(task.rows.columns) == 1:
        return tfidf(column.tokens, column.width), lambda: LogisticRegression(C=10.0, max_iter=300)
    if any(one.tokens is not None for one in task.rows.columns):
        return dense(task), lambda: HistGradientBoostingClassifier(max_iter=60, random_state=0)
    table = np.stack([one.numbers if one.codes is None else one.codes for one in task.rows.columns], axis=1)
    return table.astype(np.float64), lambda: HistGradientBoostingClassifier(max_iter=60, random_state=0)


def tfidf(tokens: tuple[IntArray, ...], width: int) -> Any:
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfTransformer

    lengths = [one.size for one in tokens]
    rows = np.repeat(np.arange(len(tokens)), lengths)
    cells = (np.ones(rows.size), (rows, np.concatenate(tokens)))
    counts = sparse.csr_matrix(cells, shape=(len(tokens), width))
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts)
