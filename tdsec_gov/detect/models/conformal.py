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
from tdsec_gov.detect.models.judge import Judge
from tdsec_gov.detect.models.label import folds
from tdsec_gov.detect.statistics.flips import flip_test
from tdsec_gov.detect.statistics.strata import (
    TAILS,
    cauchy,
    class_test,
    conformal_p,
    tail_test,
)
from tdsec_gov.detect.types import FloatArray, IntArray

_FOLDS = 5
_LEAST_CLASS = 10
_FALSE = 0.2


@dataclass(frozen=True, slots=True)
class LabelTest:
    """Result over the new rows ``index``.

    ``p`` for the whole push; ``row_p`` conformal p-value per row (nan: its class has fewer than 10
    accepted rows); ``suspects`` positions in ``index`` of the rows to look at, the worst first, and the
    estimated ``precision`` of that choice; ``excess`` how many more rows than expected lie in the most
    telling tail; ``tested`` rows with a p-value.
    """

    p: float
    index: IntArray
    row_p: FloatArray
    suspects: IntArray
    excess: int
    precision: float
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
        return LabelTest(1.0, new, row_p, np.empty(0, dtype=np.int64), 0, 0.0, 0)
    base = accepted[known[labels[accepted]]]
    both = np.concatenate([base, testable])
    assigned = np.concatenate([folds(base.size, _FOLDS, rng), folds(testable.size, _FOLDS, rng)])
    judge = Judge(columns, classes)
    strange = np.zeros((both.size, classes))
    for fold in range(_FOLDS):
        model = judge.fit(labels, base[assigned[: base.size] != fold])
        strange[assigned == fold] = margins(model(both[assigned == fold]))
    p, tails, own = _combined(strange, labels[both], base.size, rng)
    row_p[known[labels[new]]] = conformal_p(
        own[: base.size], labels[base], own[base.size :], labels[testable]
    )
    excess = max(0, round(tails[int(np.argmin([one[0] for one in tails]))][2]))
    suspects, precision = _suspects(row_p, excess)
    return LabelTest(p, new, row_p, suspects, excess, precision, testable.size)


def _suspects(row_p: FloatArray, excess: int) -> tuple[IntArray, float]:
    """The strangest rows of which about one in five is there by chance (Benjamini & Hochberg 1995), at least
    one, and where none are so few as ``excess``; and the share that is not there by chance."""
    order = np.argsort(np.where(np.isnan(row_p), 2.0, row_p), kind="stable")
    order = order[: int(np.count_nonzero(~np.isnan(row_p)))]
    false = order.size * row_p[order] / np.arange(1, order.size + 1)
    kept = np.flatnonzero(false <= _FALSE)
    count = int(kept[-1]) + 1 if kept.size else max(1, excess)
    count = min(count, order.size)
    return order[:count], float(max(0.0, 1.0 - false[count - 1]))


def _combined(
    strange: FloatArray, labels: IntArray, accepted: int, rng: np.random.Generator
) -> tuple[float, list[tuple[float, int, float]], FloatArray]:
    """The p-value of all tests together, those of the tails, and how strange each row's own label is.

    ``strange`` (rows, classes) and ``labels`` (rows,): ``accepted`` rows first, then the new ones.
    """
    own, new = strange[np.arange(labels.size), labels], np.arange(labels.size) >= accepted
    strata = [(own[(labels == c) & ~new], own[(labels == c) & new]) for c in np.unique(labels)]
    tails = [tail_test(strata, share) for share in TAILS]
    tests = [*(one[0] for one in tails), flip_test(strange, labels, new, rng), class_test(strata)]
    return cauchy(tests), tails, own


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
    fold, strange = folds(both.size, _FOLDS, rng), np.zeros((both.size, classes))
    judge = Judge(columns, classes)
    for one in range(_FOLDS):
        model = judge.fit(labels, both[fold != one])
        strange[fold == one] = margins(model(both[fold == one]))
    return _combined(strange, labels[both], accepted.size, rng)[0]


def margins(logits: FloatArray) -> FloatArray:
    """By how much the best other label beats each label: (rows, classes) from logits of that shape."""
    best = np.sort(logits, axis=1)[:, -2:]
    top = logits >= best[:, -1:]
    rival = np.where(top, best[:, :1], best[:, -1:]) if logits.shape[1] > 1 else np.full_like(logits, -1e9)
    return np.asarray(rival - logits)
