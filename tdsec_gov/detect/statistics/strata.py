"""Exact and rank tests on scores of accepted and new rows, class by class.

A *stratum* is the pair (scores of accepted rows, scores of new rows) of one class; under the null both
are exchangeable within a stratum. Mondrian (class-conditional) conformal p-values (Vovk et al.,
Algorithmic Learning in a Random World, ch. 4), the exact hypergeometric distribution of how many new
rows lie in the worst tail, a stratified rank test (van Elteren 1960), and the Cauchy combination
(Liu & Xie 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

TAILS = (0.01, 0.02, 0.05, 0.1)
Stratum = tuple[FloatArray, FloatArray]


def class_test(strata: list[Stratum]) -> float:
    """Is one class alone strange (one label turned into one other)? Bonferroni over the classes."""
    tested = [one for one in strata if one[0].size and one[1].size]
    p = [cauchy([tail_test([one], share)[0] for share in (*TAILS, 0.2)]) for one in tested]
    return min(1.0, min(p) * len(p)) if p else 1.0


def conformal_p(old: FloatArray, old_labels: IntArray, new: FloatArray, new_labels: IntArray) -> FloatArray:
    """(1 + accepted rows of the class at least as strange) / (1 + accepted rows of the class)."""
    result = np.ones(new.size)
    for label in np.unique(new_labels):
        calibration = np.sort(old[old_labels == label])
        mine = new_labels == label
        above = calibration.size - np.searchsorted(calibration, new[mine], side="left")
        result[mine] = (1 + above) / (1 + calibration.size)
    return result


def tail_test(strata: list[Stratum], share: float) -> tuple[float, int, float]:
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


def rank_test(strata: list[Stratum]) -> float:
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
