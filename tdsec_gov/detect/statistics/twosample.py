"""Do two sets of values come from one source? Two-sample tests of numbers, categories and vectors.

Kolmogorov-Smirnov for numbers, chi-square for counts (by permutation where counts are small), and the
maximum mean discrepancy (Gretton et al., JMLR 2012) over random Fourier features (Rahimi & Recht 2007),
whose sums merge: one pass over any number of partitions.
"""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

LEAST_EXPECTED = 5.0
_DRAWS = 10_000
_EXACT = 10_000
_FREQUENCIES = 256
_WIDTHS = (0.5, 1.0, 2.0)


def ks_p(old: FloatArray, new: FloatArray) -> float:
    """Two-sided Kolmogorov-Smirnov p-value; valid (and careful) with ties. No nan in either."""
    from scipy.stats import ks_2samp

    if min(old.size, new.size) == 0:
        return 1.0
    method = "exact" if old.size * new.size <= _EXACT else "asymp"
    return float(min(1.0, max(0.0, ks_2samp(old, new, method=method).pvalue)))


def counts_p(old: IntArray, new: IntArray, rng: np.random.Generator) -> float:
    """P-value that two rows of counts, each of shape (cells,), come from the same proportions.

    Cells are pooled, the rarest first, until each is expected five times on both sides. Where so few are
    left that this would hide most of them, the chi-square statistic is judged by 10000 seeded draws of
    the new counts from all rows (multivariate hypergeometric), which needs no large counts.
    """
    from scipy.stats import chi2

    both = old + new
    old, new, both = old[both > 0], new[both > 0], both[both > 0]
    if both.size < 2 or old.sum() == 0 or new.sum() == 0:
        return 1.0
    share = min(int(old.sum()), int(new.sum())) / int(both.sum())
    few = both * share < LEAST_EXPECTED
    if few.any() and both.size <= 200:
        return _drawn_p(new, both, rng)
    if few.any():
        keep = ~few
        old = np.append(old[keep], old[few].sum())
        new = np.append(new[keep], new[few].sum())
    statistic, cells = _chi_square(new[None, :], old + new)
    return float(chi2.sf(statistic[0], max(1, cells - 1)))


def presence_p(old: int, of_old: int, new: int, of_new: int) -> float:
    """Two-sided p-value that a mark held by ``old`` of ``of_old`` rows is as frequent among the new rows
    (Fisher's exact test)."""
    from scipy.stats import fisher_exact

    if old + new == 0 or old + new == of_old + of_new:
        return 1.0
    return float(fisher_exact([[old, of_old - old], [new, of_new - new]]).pvalue)


def kernel_test(
    old: FloatArray, new: FloatArray, rng: np.random.Generator, permutations: int = 2_000
) -> tuple[float, float]:
    """(permutation p-value, statistic) of the maximum mean discrepancy of two sets of vectors.

    Gaussian kernels of half, once and twice the median distance; the statistic is the largest of the
    three, each in standard deviations of its own permutations, and so is what it is compared with.
    """
    pooled = np.concatenate([old, new])
    ways = np.full((permutations + 1, pooled.shape[0]), -1.0 / old.shape[0], dtype=np.float32)
    ways[0, old.shape[0] :] = 1.0 / new.shape[0]
    for row in range(1, permutations + 1):
        ways[row, rng.permutation(pooled.shape[0])[: new.shape[0]]] = 1.0 / new.shape[0]
    best = np.full(permutations + 1, -np.inf)
    unit = _median_distance(pooled, rng)
    for width in _WIDTHS:
        features = fourier_features(pooled, width * unit, rng)
        gaps = ((ways @ features.astype(np.float32)) ** 2).sum(axis=1)
        best = np.maximum(best, (gaps - gaps[1:].mean()) / max(float(gaps[1:].std()), 1e-12))
    return float((best >= best[0]).sum() / (permutations + 1)), float(best[0])


def fourier_features(vectors: FloatArray, width: float, rng: np.random.Generator) -> FloatArray:
    """Random features whose inner products approach the Gaussian kernel of this width: (rows, 512)."""
    waves = rng.normal(size=(vectors.shape[1], _FREQUENCIES)) / width
    angles = vectors @ waves
    both = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(both / np.sqrt(_FREQUENCIES))


def auc(old: FloatArray, new: FloatArray) -> float:
    """Chance that a new value is larger than an old one, ties half; 0.5 says nothing."""
    if min(old.size, new.size) == 0:
        return 0.5
    ordered = np.sort(old)
    below = np.searchsorted(ordered, new, side="left")
    upto = np.searchsorted(ordered, new, side="right")
    return float((below + upto).mean() / 2 / old.size)


def _chi_square(new: IntArray, both: IntArray) -> tuple[FloatArray, int]:
    """Statistic of each row of ``new`` (rows, cells) given the sums ``both``, and the number of cells."""
    total, drawn = int(both.sum()), new.sum(axis=1, keepdims=True)
    expected = both * (drawn / total)
    spread = expected * (1 - drawn / total)
    return np.asarray(((new - expected) ** 2 / spread).sum(axis=1)), both.size


def _drawn_p(new: IntArray, both: IntArray, rng: np.random.Generator) -> float:
    draws = rng.multivariate_hypergeometric(both, int(new.sum()), size=_DRAWS)
    seen = _chi_square(new[None, :], both)[0][0]
    null = _chi_square(draws, both)[0]
    return float((1 + (null >= seen - 1e-9).sum()) / (1 + _DRAWS))


def _median_distance(vectors: FloatArray, rng: np.random.Generator) -> float:
    one, other = rng.integers(0, vectors.shape[0], (2, 2_000))
    distances = np.linalg.norm(vectors[one] - vectors[other], axis=1)
    seen = distances[distances > 0]
    return float(np.median(seen)) if seen.size else 1.0
