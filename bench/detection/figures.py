"""Figures of several cells: means over seeds, the best of the others, exact bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Line = dict[str, Any]
Methods = dict[str, list[Line]]
OURS = "ours"


def grouped(lines: Iterable[Line], *names: str) -> dict[tuple[Any, ...], Methods]:
    """By these fields: the lines of each method."""
    found: dict[tuple[Any, ...], Methods] = defaultdict(lambda: defaultdict(list))
    for one in lines:
        found[tuple(one[name] for name in names)][one["method"]].append(one)
    return found


def mean(found: Iterable[Line], name: str) -> float | None:
    """None where no line has it."""
    values = [one[name] for one in found if one.get(name) is not None]
    return float(np.mean(values)) if values else None


def f_score(found: list[Line]) -> float | None:
    """Harmonic mean of recall and precision; None without poisoned rows."""
    recall, precision = mean(found, "recall"), mean(found, "precision")
    if recall is None:
        return None
    return 2 * recall * precision / (recall + precision) if recall and precision else 0.0


def ranking(found: list[Line]) -> float | None:
    return mean(found, "auroc")


def best(methods: Methods, value: Callable[[list[Line]], float | None]) -> str:
    """The other method with the largest value, of equals the first; '' where there is none."""
    known = {name: value(found) for name, found in methods.items() if name != OURS}
    return max(
        (one for one in known if known[one] is not None), key=lambda one: known[one] or 0.0, default=""
    )


def rate_of(found: list[Line], verdict: str) -> str:
    return f"{sum(one['verdict'] == verdict for one in found)}/{len(found)}"


def upper(count: int, of: int, level: float = 0.95) -> float:
    """One-sided exact upper bound of a share (Clopper & Pearson 1934)."""
    from scipy.stats import beta

    return 1.0 if count >= of else float(beta.ppf(level, count + 1, of - count))
