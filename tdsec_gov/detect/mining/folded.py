"""What a version's content says of its labels, each row judged by a model that did not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.label import LabelModel, fit, folds, softmax, temperature
from tdsec_gov.detect.types import FloatArray, IntArray

FLOOR = 0.02
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Folded:
    """Out-of-fold logits of the rows ``index`` and what each column adds to them."""

    index: IntArray
    fold: IntArray
    models: tuple[LabelModel, ...]
    logits: FloatArray
    parts: dict[int, FloatArray]
    labels: IntArray
    classes: int
    temperature: float

    def excess(self, logits: FloatArray, here: IntArray) -> tuple[FloatArray, FloatArray]:
        """Per row: label indicator minus chance, and the variance of the indicator."""
        chances = np.clip(softmax(logits / self.temperature), FLOOR, 1 - FLOOR)
        target = np.zeros_like(chances)
        target[np.arange(here.size), self.labels[self.index[here]]] = 1.0
        return target - chances, chances * (1 - chances)


def folded(
    columns: Sequence[Column], labels: IntArray, classes: int, index: IntArray, rng: np.random.Generator
) -> Folded:
    """Fit on all folds but one, score that one; the temperature makes the chances honest."""
    fold = folds(index.size, _FOLDS, rng)
    models = tuple(fit(columns, labels, classes, index[fold != one]) for one in range(_FOLDS))
    logits = np.zeros((index.size, classes))
    parts = {
        place: np.zeros((index.size, classes))
        for place, one in enumerate(columns)
        if one.tokens is None and one.pixels is None
    }
    for number, model in enumerate(models):
        here = fold == number
        logits[here] = model.logits(index[here])
        for place, part in parts.items():
            part[here] = model.contribution(place, index[here])
    heat = temperature(logits, labels[index])
    return Folded(index, fold, models, logits, parts, labels, classes, heat)
