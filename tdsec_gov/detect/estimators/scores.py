"""One number for each row, larger is more normal, out of what all detectors say of it."""

from __future__ import annotations

import numpy as np

from tdsec_gov.detect.contract import DetectorResult, Role
from tdsec_gov.detect.suite import Examined
from tdsec_gov.detect.types import BoolArray, FloatArray

OFFSET = -1.0
"""Rows that an alarm names lie below it, all others at or above it."""
_MOST = 300.0
_LEAST = 1e-6


def row_scores(examined: Examined, named: BoolArray, seen: BoolArray, start: int) -> FloatArray:
    """Shape (rows of X,). A row's strangeness s is the largest -log10 p that a detector has for it: its own
    p, the p of an alarm that names it, or the share of rows that the detector finds as strange. A row that is
    named has the score -(1 + s), any other one -s / (1 + s), between -1 and 0; nan where nothing looked."""
    strange = np.zeros(named.size)
    roles = counted(examined)
    for one in examined.ran:
        if one.detector.role not in roles:
            continue
        _raise(strange, one.result, start)
        for alarm in one.result.alarms:
            exact = one.detector.role is Role.EXACT
            weight = _MOST if exact else 0.0 if alarm.p is None else float(_logs(np.array([alarm.p]))[0])
            rows = alarm.rows[alarm.rows >= start] - start
            strange[rows] = np.maximum(strange[rows], weight)
    scores = np.where(named, OFFSET - np.maximum(strange, _LEAST), -strange / (1 + strange))
    return np.where(seen | named, scores, np.nan)


def counted(examined: Examined) -> frozenset[Role]:
    """The roles that speak of single rows: all but drift, and drift where nothing else ran."""
    roles = frozenset(one.detector.role for one in examined.ran)
    return roles - {Role.DRIFT} or roles


def looked_at(examined: Examined, start: int, rows: int) -> BoolArray:
    """Rows of X that were drawn, or that repeat accepted rows and so are no news."""
    subject = examined.subject
    news = subject.diff.added | subject.diff.relabelled
    mask = ~news[start : start + rows]
    drawn = subject.origin[subject.new] - start
    mask[drawn[drawn >= 0]] = True
    return mask


def _raise(strange: FloatArray, result: DetectorResult, start: int) -> None:
    if result.scores is None:
        return
    chance = _shares(result.scores) if result.row_p is None else np.nan_to_num(result.row_p, nan=1.0)
    inside = result.index >= start
    rows = result.index[inside] - start
    strange[rows] = np.maximum(strange[rows], _logs(chance[inside]))


def _shares(scores: FloatArray) -> FloatArray:
    """The share of rows whose score is as large."""
    ordered = np.sort(scores)
    return (scores.size - np.searchsorted(ordered, scores, side="left")) / max(1, scores.size)


def _logs(chance: FloatArray) -> FloatArray:
    return np.asarray(-np.log10(np.clip(chance, 10.0**-_MOST, 1.0)))
