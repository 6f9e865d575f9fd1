"""What one examination found, by row of the X that was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.contract import Alarm, Kind, Role
from tdsec_gov.detect.estimators.scores import counted, looked_at, row_scores
from tdsec_gov.detect.suite import Examined, Ran
from tdsec_gov.detect.types import NO_ROWS, BoolArray, FloatArray, IntArray

WARNING = frozenset({Kind.RELABELLED_FEW, Kind.CONTRADICTING, Kind.CONFLICTS})
"""Exact counts that the default policy tells and bears."""
SPREAD = "attacks spread over many small pushes: fit on the rows that a person audited last"


@dataclass(frozen=True, slots=True)
class Told:
    """One detector: its ``p`` (None: it has none) and that p ``p_adjusted`` by Holm among those of its role;
    ``statistic`` with its ``meaning``; ``not_run`` the reason where nothing ran; CPU ``seconds``."""

    detector: str
    role: Role
    p: float | None
    p_adjusted: float | None
    statistic: float | None
    meaning: str
    not_run: str
    seconds: float

    def __str__(self) -> str:
        said = f"NOT RUN: {self.not_run}" if self.not_run else ""
        if self.p is not None:
            said = f"p {self.p:.2g}"
        if self.p_adjusted is not None:
            said += f", adjusted {self.p_adjusted:.2g}"
        return f"{self.detector:<20} {self.role:<7} {said}".rstrip()


@dataclass(frozen=True, slots=True)
class Found:
    """One alarm: ``rows`` are row numbers of X in order of weight (``count`` of them, or more that are no
    rows of X); ``key`` is the item's id, for ``allow``; ``denies``: the default policy denies for it."""

    detector: str
    kind: Kind
    text: str
    rows: IntArray
    count: int
    columns: tuple[str, ...]
    p: float | None
    key: str
    denies: bool


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The verdict of the check ``poisoning`` under the default policy at ``alpha``.

    ``compared``: there were accepted rows; without them nothing can be denied, and a person has to look.
    ``rows`` is the number of rows of X, of which ``news`` are no repetition of accepted ones; ``named`` and
    ``examined`` are masks over them: those that an alarm names (shift apart, as in the check's summary), and
    those that were looked at one by one; ``scores`` is what ``score_samples`` gives. ``not_addressed``
    says what the answer does not cover.
    """

    alpha: float
    compared: bool
    rows: int
    news: int
    tests: tuple[Told, ...]
    alarms: tuple[Found, ...]
    named: BoolArray
    examined: BoolArray
    scores: FloatArray
    not_addressed: tuple[str, ...]

    @property
    def denied(self) -> bool:
        return any(one.denies for one in self.alarms)

    @property
    def risk(self) -> str:
        """high where the version is denied, medium where an alarm warns, else low."""
        return "high" if self.denied else "medium" if self.alarms else "low"

    @property
    def suspicious_rate(self) -> float:
        """Share of the new rows that an alarm names."""
        return round(int(self.named.sum()) / self.news, 6) if self.news else 0.0

    def __repr__(self) -> str:
        word = (
            "denied" if self.denied else "not denied" if self.compared else "no accepted rows: look yourself"
        )
        named = f"{int(self.named.sum())} of {self.rows} rows named"
        lines = [f"{word} (alpha {self.alpha:g}), risk {self.risk}, {named}"]
        lines.extend(f"  {one}" for one in self.tests)
        for found in self.alarms:
            word = "DENY" if found.denies else "WARN"
            lines.append(f"  {word} {found.detector}: {found.text} ({found.count} rows)")
        lines.extend(f"  not addressed: {one}" for one in self.not_addressed)
        return "\n".join(lines)


def report_of(examined: Examined, start: int, rows: int, alpha: float, skipped: frozenset[str]) -> Report:
    """``start`` is the stacked position of the first of the ``rows`` rows of X."""
    adjusted = {**examined.adjusted(Role.TEST), **examined.adjusted(Role.DRIFT)}
    subject = examined.subject
    alarms = tuple(_found(one, alarm, start) for one in examined.ran for alarm in one.result.alarms)
    roles = counted(examined)
    seen = looked_at(examined, start, rows)
    named = np.zeros(rows, dtype=np.bool_)
    for one in examined.ran:
        for alarm in one.result.alarms if one.detector.role in roles else ():
            named[_rows(alarm, start)] = True
    return Report(
        alpha=alpha,
        compared=subject.compared,
        rows=rows,
        news=int(np.count_nonzero(subject.diff.added | subject.diff.relabelled)),
        tests=tuple(_told(one, adjusted.get(one.detector.name)) for one in examined.ran),
        alarms=alarms,
        named=named,
        examined=seen,
        scores=row_scores(examined, named, seen, start),
        not_addressed=tuple(dict.fromkeys(_left(examined, skipped))),
    )


def _left(examined: Examined, skipped: frozenset[str]) -> list[str]:
    subject = examined.subject
    left = [f"not examined: {one}" for one in subject.stack.gaps]
    left.extend(subject.notes)
    if not subject.classes:
        left.append("labels: none were given")
    for one in examined.ran:
        if one.result.not_run:
            left.append(f"{one.detector.name}: NOT RUN: {one.result.not_run}")
        left.extend((*one.result.notes, *one.detector.not_addressed))
    left.extend(f"{name}: switched off" for name in sorted(skipped))
    if subject.options.allow:
        left.append(f"{len(subject.options.allow)} columns or items that are allowed")
    if subject.compared:
        left.append(SPREAD)
    return left


def _told(one: Ran, adjusted: float | None) -> Told:
    result = one.result
    return Told(
        detector=one.detector.name,
        role=one.detector.role,
        p=result.p,
        p_adjusted=adjusted,
        statistic=result.statistic,
        meaning=result.meaning,
        not_run=result.not_run,
        seconds=one.seconds,
    )


def _found(one: Ran, alarm: Alarm, start: int) -> Found:
    return Found(
        detector=one.detector.name,
        kind=alarm.kind,
        text=alarm.text,
        rows=_rows(alarm, start),
        count=int(alarm.rows.size) if alarm.count is None else alarm.count,
        columns=alarm.columns,
        p=alarm.p,
        key=alarm.key,
        denies=one.detector.role in (Role.TEST, Role.EXACT) and alarm.kind not in WARNING,
    )


def _rows(alarm: Alarm, start: int) -> IntArray:
    rows = alarm.rows - start if alarm.rows.size else NO_ROWS
    return np.asarray(rows[rows >= 0], dtype=np.int64)
