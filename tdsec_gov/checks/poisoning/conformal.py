"""G1 "label conformal": do the new rows bear labels that the accepted version would give them?

Fold models of the accepted version (encoder and model fitted inside the fold) score how badly a
label fits a row. An accepted row is scored by the model that did not see it; a new row by the model
of a fold drawn for it, so that under the null (new rows are more of the same) both kinds of scores
are exchangeable within a class. Mondrian (class-conditional) conformal p-values follow (Vovk et al.,
Algorithmic Learning in a Random World, ch. 4), and for the whole push the exact hypergeometric
distribution of how many new rows lie in the worst tail of each class, and a stratified rank test
(van Elteren 1960), over all classes and for the strangest one. Cauchy combination (Liu & Xie 2020)
makes one p-value of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.checks.poisoning.columns import Column
from tdsec_gov.checks.poisoning.context import LabelModel, fit, folds
from tdsec_gov.checks.poisoning.rows import FloatArray, IntArray

TAILS = (0.01, 0.02, 0.05, 0.1)
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
    row_p[known[labels[new]]] = _row_p(old_scores, labels[base], new_scores, labels[testable])
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
            scores[assigned == fold] = _margins(model, labels, index[assigned == fold])
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
        scores[fold == one] = _margins(model, labels, both[fold == one])
    old_scores, new_scores = scores[: accepted.size], scores[accepted.size :]
    strata = [(old_scores[labels[accepted] == c], new_scores[labels[new] == c]) for c in range(classes)]
    tails = [tail_test(strata, share)[0] for share in TAILS]
    return cauchy([*tails, rank_test(strata), class_test(strata)])


def _margins(model: LabelModel, labels: IntArray, index: IntArray) -> FloatArray:
    """By how much the best other label beats the own one, per row; larger is stranger."""
    logits, row = model.logits(index), np.arange(index.size)
    own = logits[row, labels[index]].copy()
    logits[row, labels[index]] = -np.inf
    return np.asarray(logits.max(axis=1, initial=-1e9) - own)


def class_test(strata: list[tuple[FloatArray, FloatArray]]) -> float:
    """Is one class alone strange (one label turned into one other)? Bonferroni over the classes."""
    tested = [one for one in strata if one[0].size and one[1].size]
    p = [cauchy([tail_test([one], share)[0] for share in (*TAILS, 0.2)]) for one in tested]
    return min(1.0, min(p) * len(p)) if p else 1.0


def _row_p(old: FloatArray, old_labels: IntArray, new: FloatArray, new_labels: IntArray) -> FloatArray:
    """(1 + accepted rows of the class at least as strange) / (1 + accepted rows of the class)."""
    result = np.ones(new.size)
    for label in np.unique(new_labels):
        calibration = np.sort(old[old_labels == label])
        mine = new_labels == label
        above = calibration.size - np.searchsorted(calibration, new[mine], side="left")
        result[mine] = (1 + above) / (1 + calibration.size)
    return result


def tail_test(strata: list[tuple[FloatArray, FloatArray]], share: float) -> tuple[float, int, float]:
    """Are there too many new scores among the top ``share`` of each class?

    Returns the exact p-value (convolved hypergeometric), the new scores seen there, and how many more
    than expected these are. Ties at the border count as below it, which keeps the test valid.
    """
    pmf, seen, expected = np.ones(1), 0, 0.0
    for old, new in strata:
        total, drawn = old.size + new.size, int(np.ceil(share * (old.size + new.size)))
        if new.size == 0 or drawn == 0:
            continue
        pooled = np.sort(np.concatenate([old, new]))[::-1]
        border = pooled[drawn - 1]
        drawn = int((pooled > border).sum()) if drawn < total and pooled[drawn] == border else drawn
        limit = border if drawn and pooled[drawn - 1] == border else np.nextafter(border, np.inf)
        seen += int((new >= limit).sum())
        expected += drawn * new.size / total
        pmf = np.convolve(pmf, hypergeometric(total, new.size, drawn))
    return float(min(1.0, pmf[seen:].sum())), seen, seen - expected


def hypergeometric(total: int, marked: int, drawn: int) -> FloatArray:
    """Probabilities of 0..drawn marked ones among ``drawn`` out of ``total``."""
    from scipy.special import gammaln

    def choose(n: int, k: FloatArray) -> FloatArray:
        inside = (k >= 0) & (k <= n)
        k = np.clip(k, 0, n)
        return np.where(inside, gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), -np.inf)

    k = np.arange(drawn + 1, dtype=np.float64)
    whole = choose(total, np.array([float(drawn)]))
    return np.asarray(np.exp(choose(marked, k) + choose(total - marked, drawn - k) - whole))


def rank_test(strata: list[tuple[FloatArray, FloatArray]]) -> float:
    """One-sided stratified Wilcoxon test that new scores are larger (normal approximation)."""
    from scipy.special import ndtr

    top, variance = 0.0, 0.0
    for old, new in strata:
        n, m = old.size, new.size
        if m == 0 or n == 0:
            continue
        pooled = np.concatenate([old, new])
        _, inverse, counts = np.unique(pooled, return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
        weight = 1.0 / (n + m + 1)
        top += weight * (ranks[n:].sum() - m * (n + m + 1) / 2)
        ties = (counts**3 - counts).sum() / max(1, (n + m) * (n + m - 1))
        variance += weight**2 * n * m / 12 * (n + m + 1 - ties)
    return float(ndtr(-top / np.sqrt(variance))) if variance > 0 else 1.0


def cauchy(p_values: Sequence[float]) -> float:
    """Cauchy combination of dependent p-values (Liu & Xie 2020), equal weights.

    p-values above 0.99 count as 0.99: discrete tests say 1 often, and one 1 would outweigh any proof.
    """
    p = np.clip(np.asarray(p_values, dtype=np.float64), 1e-300, 0.99)
    statistic = float(np.where(p < 1e-10, 1 / (p * np.pi), np.tan((0.5 - p) * np.pi)).mean())
    if statistic > 1e10:
        return float(1 / (statistic * np.pi))
    return float(0.5 - np.arctan(statistic) / np.pi)
