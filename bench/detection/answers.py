"""What a method is given and answers, and how good the answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tdsec_gov.detect.attacks.contract import Rows
from tdsec_gov.detect.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Task:
    """Rows of which those before the push are accepted; there are none where ``reference`` is False."""

    rows: Rows
    reference: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """``scores`` and ``flagged`` are for the rows of the push; larger is stranger. ``verdict`` is the
    method's own word on the whole push ('' = it has none)."""

    method: str
    scores: FloatArray
    flagged: BoolArray
    verdict: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


Method = Callable[[Task], list[Answer]]


def auroc(truth: BoolArray, scores: FloatArray) -> float | None:
    """Chance that a poisoned row has the higher score, ties by half."""
    from scipy.stats import rankdata

    good, bad = int((~truth).sum()), int(truth.sum())
    if not good or not bad:
        return None
    ranks = rankdata(np.nan_to_num(scores, nan=-np.inf))
    return float((ranks[truth].sum() - bad * (bad + 1) / 2) / (good * bad))


def judged(answer: Answer, truth: BoolArray) -> dict[str, Any]:
    """AUROC, recall, precision and the share of rows flagged."""
    hit, shown, real = int((answer.flagged & truth).sum()), int(answer.flagged.sum()), int(truth.sum())
    return {
        "method": answer.method,
        "poisoned": real,
        "auroc": auroc(truth, answer.scores),
        "recall": hit / real if real else None,
        "precision": hit / shown if real and shown else None,
        "flagged": shown / truth.size,
        "verdict": answer.verdict,
        **answer.facts,
    }
