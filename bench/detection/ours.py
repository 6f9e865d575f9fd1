"""Our detectors on rows in memory, with the verdict that the check gives them by default."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from bench.detection.answers import Answer, Task, auroc
from tdsec_gov.checks.poisoning.codes import CODES, severity
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.detect.contract import DetectorResult, Role
from tdsec_gov.detect.data.memory import contents, taken
from tdsec_gov.detect.data.subject import Options, Stack
from tdsec_gov.detect.suite import DETECTORS, Examined, examine, load
from tdsec_gov.detect.types import BoolArray, FloatArray
from tdsec_gov.domain.findings import Severity

_MOST = 300.0
_RANKING = "ranking=3"
"""Raised when the same answers of detectors are ranked in another way."""


def versions() -> str:
    """The detectors and their versions: results of others are no results of these."""
    return " ".join([_RANKING, *(f"{name}={load(name).version}" for name in DETECTORS)])


def ours(task: Task) -> list[Answer]:
    """All detectors with the check's default settings."""
    rows, settings = task.rows, Settings.parse({"label": "label"})
    before = np.flatnonzero(~np.isin(np.arange(rows.labels.size), rows.push))
    old = before if task.reference else before[:0]
    at = np.concatenate([old, old, rows.push])  # the accepted rows are part of this version, too
    stack = Stack(
        content=contents(rows.columns)[at],
        labels=rows.labels[at],
        classes=rows.classes,
        current=np.arange(at.size) >= old.size,
        columns=lambda index: tuple(taken(one, at[index]) for one in rows.columns),
        label_name="label",
    )
    examined = examine(stack, _options(settings), reference=task.reference)
    return [_answer(examined, settings, 2 * old.size, rows.poisoned[rows.push])]


def _options(settings: Settings) -> Options:
    names = [one.name for one in fields(Options) if hasattr(settings, one.name)]
    return replace(Options(dataset="bench"), **{one: getattr(settings, one) for one in names})


def _answer(examined: Examined, settings: Settings, start: int, truth: BoolArray) -> Answer:
    said = _Said(truth, start)
    for one in examined.ran:
        drift = one.detector.role is Role.DRIFT
        if one.result.alarms:
            said.alarms(one.detector.name, one.result, drift, settings)
        if one.result.scores is not None and one.result.index.size:
            said.scored(one.detector.name, one.result, drift)
    verdict = next((one for one in ("denied", "warned", "shift") if one in said.levels), "-")
    facts = {
        "p": {one.detector.name: one.result.p for one in examined.ran if one.result.p is not None},
        "cost": {one.detector.name: round(one.seconds, 3) for one in examined.ran},
        "least": {
            name: value
            for one in examined.ran
            for name, value in one.result.facts.items()
            if name.startswith("least_") and name.endswith("_seen")
        },
        **said.facts,
    }
    return Answer("ours", said.scores, said.denied if verdict == "denied" else said.told, verdict, facts)


class _Said:
    """What the detectors say of the rows of the push: ``denied`` are rows that denying alarms name, ``told``
    those of any alarm but shift."""

    def __init__(self, truth: BoolArray, start: int) -> None:
        """``start``: the stacked position of the first row of the push."""
        self.truth, self.start = truth, start
        self.scores = np.zeros(truth.size)
        self.denied, self.told = np.zeros(truth.size, dtype=np.bool_), np.zeros(truth.size, dtype=np.bool_)
        self.levels: set[str] = set()
        self.facts: dict[str, Any] = {"alarms": {}, "denying": [], "by": {}, "named": {}}

    def alarms(self, name: str, found: DetectorResult, drift: bool, settings: Settings) -> None:
        named = np.zeros(self.truth.size, dtype=np.bool_)
        for alarm in found.alarms:
            word = severity(alarm.kind, settings)
            text = f"{CODES[alarm.kind]} {word.value} {alarm.rows.size}"
            self.facts["alarms"].setdefault(name, []).append(text)
            denies = word is Severity.DENY
            if denies and name not in self.facts["denying"]:
                self.facts["denying"].append(name)
            self.levels.add("denied" if denies else "shift" if drift else "warned")
            here = alarm.rows[alarm.rows >= self.start] - self.start
            self.denied[here] |= denies
            self.told[here] |= not drift
            named[here] = True
        hit = int((named & self.truth).sum())
        self.facts["named"][name] = [hit / max(1, int(one.sum())) for one in (self.truth, named)]

    def scored(self, name: str, found: DetectorResult, drift: bool) -> None:
        here = found.index - self.start
        self.facts["by"][name] = auroc(self.truth[here], np.asarray(found.scores))
        if not drift:
            self.scores[here] = np.maximum(self.scores[here], _evidence(found))


def _evidence(found: DetectorResult) -> FloatArray:
    """A detector's scores as -log10 of a p-value, so that the largest can lead: as they are, or by the share
    of rows whose score is as large."""
    from scipy.stats import rankdata

    scores = np.asarray(found.scores, dtype=np.float64)
    if found.score_meaning.startswith("-log10"):
        return np.minimum(scores, _MOST)
    return np.asarray(-np.log10(rankdata(-scores, method="max") / scores.size))
