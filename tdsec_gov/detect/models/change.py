"""How the new rows differ from the accepted ones: column by column, and as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.statistics.multiplicity import holm
from tdsec_gov.detect.statistics.twosample import auc, counts_p, kernel_test, ks_p, presence_p
from tdsec_gov.detect.types import FloatArray, IntArray

_KERNEL_ROWS = 1_500
_TOLD_ROWS = 5_000
_PERMUTATIONS = 1_000
_LEAST = 20


@dataclass(frozen=True, slots=True)
class Whole:
    """``kernel`` p-value of the maximum mean discrepancy; ``told`` p-value that a classifier cannot tell new
    rows from accepted ones, and its area under the ROC curve ``area`` on rows it has not seen."""

    kernel: float
    told: float
    area: float


def column_p(
    columns: Sequence[Column], old: IntArray, new: IntArray, rng: np.random.Generator
) -> dict[str, float]:
    """Holm-adjusted p-value of each column: Kolmogorov-Smirnov for numbers, for the lengths of texts and for
    brightness and contrast of images, chi-square for categories, Fisher's test for missing values."""
    found: dict[str, float] = {}
    for place, column in enumerate(columns):
        tests = list(_tests(column, old, new, rng))
        found[f"{place} {column.name}"] = min(1.0, len(tests) * min(tests))
    return {name.partition(" ")[2]: p for name, p in holm(found).items()}


def _tests(column: Column, old: IntArray, new: IntArray, rng: np.random.Generator) -> Iterator[float]:
    if column.codes is not None:
        before, after = (np.bincount(column.codes[one], minlength=column.width) for one in (old, new))
        yield counts_p(before, after, rng)
        return
    for values in _looks(column):
        seen = ~np.isnan(values)
        yield ks_p(values[old[seen[old]]], values[new[seen[new]]])
        if not seen.all():
            yield presence_p(int(seen[old].sum()), old.size, int(seen[new].sum()), new.size)


def _looks(column: Column) -> Iterator[FloatArray]:
    if column.numbers is not None:
        yield column.numbers
    elif column.tokens is not None:
        yield np.array([float(one.size) for one in column.tokens])
    elif column.pixels is not None:
        flat = column.pixels.reshape(column.pixels.shape[0], -1)
        yield flat.mean(axis=1, dtype=np.float64)
        yield flat.std(axis=1, dtype=np.float64)


def whole_change(
    columns: Sequence[Column], old: IntArray, new: IntArray, rng: np.random.Generator
) -> Whole | None:
    """Both tests of rows as vectors; None with fewer than 20 rows on a side.

    The vectors are learned from the rows of both sides alike, without regard to the side, so permuting
    sides stays exact; the classifier learns on one half and is judged on the other, both ways round, and
    the smaller p counts twice (Lopez-Paz & Oquab 2017; exact whatever the classifier).
    """
    if min(old.size, new.size) < _LEAST or not columns:
        return None
    old, new = _draw(old, _TOLD_ROWS, rng), _draw(new, _TOLD_ROWS, rng)
    vectors = fit_embedding(columns, np.concatenate([old, new]), rng)
    before, after = vectors.features(old), vectors.features(new)
    few = [_draw(np.arange(one.shape[0]), _KERNEL_ROWS, rng) for one in (before, after)]
    kernel, _ = kernel_test(before[few[0]], after[few[1]], rng, _PERMUTATIONS)
    told, area = _told_apart(before, after, rng)
    return Whole(kernel, told, area)


def _told_apart(before: FloatArray, after: FloatArray, rng: np.random.Generator) -> tuple[float, float]:
    from scipy.stats import mannwhitneyu
    from sklearn.ensemble import HistGradientBoostingClassifier

    halves = [(rng.permutation(one.shape[0]) % 2).astype(np.bool_) for one in (before, after)]
    found, areas = [], []
    for side in (False, True):
        learn = [one[half == side] for one, half in zip((before, after), halves, strict=True)]
        judge = [one[half != side] for one, half in zip((before, after), halves, strict=True)]
        marks = np.repeat([0, 1], [learn[0].shape[0], learn[1].shape[0]])
        model = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=10, early_stopping=False,
            class_weight="balanced", random_state=0,
        )  # fmt: skip
        model.fit(np.concatenate(learn), marks)
        scores = [model.predict_proba(one)[:, 1] for one in judge]
        found.append(float(mannwhitneyu(scores[1], scores[0], alternative="greater").pvalue))
        areas.append(auc(scores[0], scores[1]))
    return min(1.0, 2 * min(found)), float(np.mean(areas))


def _draw(index: IntArray, most: int, rng: np.random.Generator) -> IntArray:
    return index if index.size <= most else np.sort(rng.choice(index, most, replace=False))
