"""Confident learning: how many labels a version contradicts by itself (no reference needed).

Northcutt, Jiang & Chuang, "Confident Learning", JAIR 2021: per-class thresholds, the confident joint,
calibrated to the class counts, and pruning by noise rate. On clean public sets the share so found is
0.1 % to 19 %: it describes a version, it does not prove an attack.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.label import fit, folds, softmax
from tdsec_gov.detect.types import FloatArray, IntArray

_FOLDS = 5


def out_of_fold(
    columns: Sequence[Column], labels: IntArray, classes: int, index: IntArray, rng: np.random.Generator
) -> FloatArray:
    """Class probabilities of the rows ``index``, each from a model that did not see the row."""
    fold = folds(index.size, _FOLDS, rng)
    result = np.zeros((index.size, classes))
    for one in range(_FOLDS):
        model = fit(columns, labels, classes, index[fold != one])
        result[fold == one] = softmax(model.logits(index[fold == one]))
    return result


def label_issues(probabilities: FloatArray, labels: IntArray) -> IntArray:
    """Positions whose label is probably wrong, the worst first.

    ``probabilities`` has shape (rows, classes) and is out of fold; ``labels`` are 0..classes-1.
    """
    rows, classes = probabilities.shape
    counts = np.bincount(labels, minlength=classes)
    joint = _confident_joint(probabilities, labels, counts)
    chosen = np.zeros(rows, dtype=np.bool_)
    own = probabilities[np.arange(rows), labels]
    for given in range(classes):
        here = np.flatnonzero(labels == given)
        for true in range(classes):
            number = min(round(float(joint[given, true])), here.size - 1)
            if true == given or number <= 0:
                continue
            margin = probabilities[here, true] - own[here]
            chosen[here[np.argsort(-margin, kind="stable")[:number]]] = True
    chosen &= probabilities.argmax(axis=1) != labels
    found = np.flatnonzero(chosen)
    strangeness = probabilities[found].max(axis=1) - own[found]
    return np.asarray(found[np.argsort(-strangeness, kind="stable")])


def _confident_joint(probabilities: FloatArray, labels: IntArray, counts: IntArray) -> FloatArray:
    """Rows by (given label, confident other label), scaled so that each given label keeps its count."""
    classes = counts.size
    sums = np.bincount(labels, weights=probabilities[np.arange(labels.size), labels], minlength=classes)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), 2.0)
    confident = probabilities >= thresholds
    guess = np.where(confident, probabilities, -1.0).argmax(axis=1)
    some = confident.any(axis=1)
    joint = np.zeros((classes, classes))
    np.add.at(joint, (labels[some], guess[some]), 1.0)
    total = joint.sum(axis=1, keepdims=True)
    scaled = joint * counts[:, None]
    return np.asarray(np.divide(scaled, total, out=np.zeros_like(joint), where=total > 0))
