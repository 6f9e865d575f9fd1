"""What the second opinions share: the rows that they look at, and the null that makes their scores p-values.

Scores of accepted and new rows are made alike, by a network that either saw both or neither: under "the new
rows are more of the same" they are exchangeable within a class, the counts of new rows among the strangest
are hypergeometric, and a row's conformal p-value is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.statistics.strata import TAILS, cauchy, class_test, conformal_p, tail_test
from tdsec_gov.detect.types import FloatArray, IntArray

OPINIONS = 4
"""They share one alpha: all together alarm on clean data no more often than that."""
_LEAST = 100
_LEAST_CLASS = 10
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """Positions of accepted and of new rows, of classes with 10 accepted rows or more; ``notes`` say what is
    left out. ``level``: of one second opinion."""

    accepted: IntArray
    fresh: IntArray
    level: float
    notes: tuple[str, ...]

    @property
    def both(self) -> IntArray:
        return np.concatenate([self.accepted, self.fresh])


@dataclass(frozen=True, slots=True)
class Judged:
    """``p`` of all new rows; ``row_p`` of each; ``worst`` new rows in the most telling tail, the strangest
    first, with the share of them that chance does not explain (``precision``)."""

    p: float
    row_p: FloatArray
    worst: IntArray
    precision: float


def drawn(subject: Subject, rng: np.random.Generator) -> Drawn:
    """At most 10,000 rows of either kind. Raises NotRunnable: nothing to compare, or too little."""
    if subject.fresh.size == 0 or not subject.columns:
        raise NotRunnable("no row was added" if subject.columns else "there is no column of content")
    counts = np.bincount(subject.labels[subject.accepted], minlength=subject.classes)
    fits = counts[subject.labels] >= _LEAST_CLASS
    accepted, fresh = subject.accepted[fits[subject.accepted]], subject.fresh[fits[subject.fresh]]
    if accepted.size < _LEAST or np.unique(subject.labels[accepted]).size < 2 or fresh.size == 0:
        raise NotRunnable(f"a second opinion needs {_LEAST} accepted rows of two classes")
    accepted, fresh = (np.sort(rng.permutation(one)[:_MOST]) for one in (accepted, fresh))
    left = subject.fresh.size - fresh.size
    note = f"second opinion on {left} rows beyond {_MOST} or of classes with few accepted rows"
    return Drawn(accepted, fresh, subject.options.alpha / OPINIONS, (note,) if left else ())


def judged(old: FloatArray, old_labels: IntArray, new: FloatArray, new_labels: IntArray) -> Judged:
    """Are the scores of new rows larger, class by class? Tail counts and the worst class, combined."""
    classes = np.unique(new_labels)
    strata = [(old[old_labels == one], new[new_labels == one]) for one in classes]
    tails = [tail_test(strata, share) for share in TAILS]
    p = cauchy([*(one[0] for one in tails), class_test(strata)])
    row_p = conformal_p(old, old_labels, new, new_labels)
    _, seen, excess = tails[int(np.argmin([one[0] for one in tails]))]
    worst = np.lexsort((-new, row_p))[:seen]
    return Judged(p, row_p, worst, max(0.0, min(1.0, excess / max(1, seen))))
