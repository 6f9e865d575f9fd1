"""Do the new rows bear labels that the accepted version would give them?

Fold models of the accepted version (encoder and model fitted inside the fold) score how badly a label
fits a row. An accepted row is scored by the model that did not see it; a new row by the model of a fold
drawn for it, so that under the null (new rows are more of the same) both kinds of scores are
exchangeable within a class, and :mod:`tdsec_gov.detect.statistics.strata` can test them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.label import LabelModel, fit, folds
from tdsec_gov.detect.statistics.strata import (
    TAILS,
    cauchy,
    class_test,
    conformal_p,
    rank_test,
    tail_test,
)
from tdsec_gov.detect.types import FloatArray, IntArray

_FOLDS = 5
_LEAST_CLASS = 10


@dataclass(frozen=True, slots=True)
class LabelTest:
    """Result over the new rows ``index``.

    ``p`` for the whole push; ``row_p`` conformal p-value per row (nan: its class has fewer than 10
    accepted rows); ``suspects`` positions in ``index`` in the most telling tail, the worst first;
    ``excess`` how many more rows than expected lie in that tail; ``tested`` rows with a p-value.
    """

    p: float
    index: IntArray
    row_p: FloatArray
    suspects: IntArray
    excess: int
    tested: int


def label_test(
    columns: Sequence[Column],
    labels: IntArray,
    classes: int,
    accepted: IntArray,
    new: IntArray,
    rng: np.random.Generator,
) -> LabelTest:
    """Compare rows ``new`` with rows ``accepted`` (positions; all with a label).

    Classes with fewer than 10 accepted rows are left out; without a testable row ``p`` is 1.
    """
    known = np.bincount(labels[accepted], minlength=classes) >= _LEAST_CLASS
    testable = new[known[labels[new]]]
    row_p = np.full(new.size, np.nan)
    if testable.size == 0:
        return LabelTest(1.0, new, row_p, np.empty(0, dtype=np.int64), 0, 0)
    base = accepted[known[labels[accepted]]]
    old_scores, new_scores = _scores(columns, labels, classes, base, testable, rng)
    row_p[known[labels[new]]] = conformal_p(old_scores, labels[base], new_scores, labels[testable])
    old_labels, new_labels = labels[base], labels[testable]
    strata = [(old_scores[old_labels == c], new_scores[new_labels == c]) for c in np.flatnonzero(known)]
    tails = [tail_test(strata, share) for share in TAILS]
    p = cauchy([*(one[0] for one in tails), rank_test(strata), class_test(strata)])
    best = int(np.argmin([one[0] for one in tails]))
    suspects = np.argsort(np.where(np.isnan(row_p), 2.0, row_p), kind="stable")
    return LabelTest(p, new, row_p, suspects[: tails[best][1]], max(0, round(tails[best][2])), testable.size)


def _scores(
    columns: Sequence[Column],
    labels: IntArray,
    classes: int,
    base: IntArray,
    new: IntArray,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Margins of the best other class over the own class; larger is stranger."""
    old_fold, new_fold = folds(base.size, _FOLDS, rng), folds(new.size, _FOLDS, rng)
    old_scores, new_scores = np.zeros(base.size), np.zeros(new.size)
    for fold in range(_FOLDS):
        model = fit(columns, labels, classes, base[old_fold != fold])
        for index, assigned, scores in ((base, old_fold, old_scores), (new, new_fold, new_scores)):
            scores[assigned == fold] = margins(model, labels, index[assigned == fold])
    return old_scores, new_scores


def joint_test(
    columns: Sequence[Column],
    labels: IntArray,
    classes: int,
    accepted: IntArray,
    new: IntArray,
    rng: np.random.Generator,
) -> float:
    """The same test with models that learn from both versions (each row scored out of fold).

    New data of another kind, rightly labelled, is then learned and no longer strange; labels that are
    wrong at random stay strange. It tells the two apart after :func:`label_test` has refused.
    """
    both = np.concatenate([accepted, new])
    fold, scores = folds(both.size, _FOLDS, rng), np.zeros(both.size)
    for one in range(_FOLDS):
        model = fit(columns, labels, classes, both[fold != one])
        scores[fold == one] = margins(model, labels, both[fold == one])
    old_scores, new_scores = scores[: accepted.size], scores[accepted.size :]
    strata = [(old_scores[labels[accepted] == c], new_scores[labels[new] == c]) for c in range(classes)]
    tails = [tail_test(strata, share)[0] for share in TAILS]
    return cauchy([*tails, rank_test(strata), class_test(strata)])


def margins(model: LabelModel, labels: IntArray, index: IntArray) -> FloatArray:
    """By how much the best other label beats the own one, per row; larger is stranger."""
    logits, row = model.logits(index), np.arange(index.size)
    own = logits[row, labels[index]].copy()
    logits[row, labels[index]] = -np.inf
    return np.asarray(logits.max(axis=1, initial=-1e9) - own)
