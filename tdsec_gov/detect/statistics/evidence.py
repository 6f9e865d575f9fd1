"""Small exact and bounding tail probabilities that the trigger miners share."""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.statistics.strata import hypergeometric
from tdsec_gov.detect.types import FloatArray, IntArray

BURST = 0.003
"""A burst must be at least this unlikely by itself."""
LABEL = (0.001, 0.01)
"""So must the label of its rows: the first always suffices, the second where few items burst."""


def label_limit(bursting: int) -> float:
    """How unlikely the label of an item's rows must be by itself, where ``bursting`` items became
    frequent: 0.05 shared among them, within :data:`LABEL`. Data of another kind brings many new items;
    some of them bear one label more often than not."""
    return float(np.clip(0.05 / max(bursting, 1), *LABEL))


def chernoff(count: FloatArray, of: FloatArray, expected: FloatArray) -> FloatArray:
    """Upper bound on P(X >= count) for a sum of ``of`` independent (or without replacement drawn)
    0/1 variables with mean ``expected``: exp(-of * KL(count/of || expected/of)), Hoeffding 1963."""
    of = np.maximum(of, 1e-12)
    a, b = np.clip(count / of, 0, 1), np.clip(expected / of, 1e-12, 1 - 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        high = np.where(a > 0, a * np.log(a / b), 0.0)
        low = np.where(a < 1, (1 - a) * np.log((1 - a) / (1 - b)), 0.0)
    return np.where(a <= b, 1.0, np.exp(np.maximum(-of * (high + low), -700.0)))


def burst_p(new: int, both: int, new_rows: int, all_rows: int) -> float:
    """Exact P(at least ``new`` of the ``both`` rows with an item are new) when ``new_rows`` of
    ``all_rows`` rows are new and the item does not care (hypergeometric)."""
    return float(min(1.0, hypergeometric(all_rows, new_rows, both)[new:].sum()))


def fisher(first: float, second: float) -> float:
    """Fisher's combination of two independent p-values."""
    product = max(first, 1e-300) * max(second, 1e-300)
    return float(min(1.0, product * (1 - np.log(product))))


def label_p(labels: IntArray, chances: FloatArray) -> tuple[float, int, float]:
    """How far one label goes beyond ``chances`` (rows x classes) in a group of rows.

    Returns (p-value, Bonferroni over the classes; the label; the share of rows beyond expectation
    that bear it, 0..1).
    """
    rows, classes = chances.shape
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    expected = chances.sum(axis=0)
    p = chernoff(counts, np.full(classes, float(rows)), expected)
    label = int(np.argmin(p))
    lift = (counts[label] - expected[label]) / max(rows - expected[label], 1e-9)
    return min(1.0, float(p[label]) * classes), label, float(lift)


def least_count(level: float, items: int, share: float, classes: int) -> int:
    """The smallest number of rows that a trigger must have for a denial, if the accepted version does
    not know its item, all its rows bear one label and the context gives that label ``1/classes``.

    ``level`` is the check's significance level, ``items`` the number tested, ``share`` the share of
    new rows among all.
    """
    for count in range(1, 100_000):
        label = min(1.0, classes * (1 / max(classes, 2)) ** count)
        if share**count > BURST or label > LABEL[0]:
            continue
        if fisher(share**count, label) * max(items, 1) <= level:
            return count
    return 100_000
