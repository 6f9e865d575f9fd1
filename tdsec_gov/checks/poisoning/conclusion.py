"""From what detectors say to the result of the check: findings with codes, figures, and what is unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.poisoning.codes import CODES, GAP, severity
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.summary import summary
from tdsec_gov.checks.poisoning.tables import Loaded
from tdsec_gov.detect.contract import Alarm, Kind, Role
from tdsec_gov.detect.suite import Examined, Ran
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

_ROWS_SHOWN = 20
_SINCE = "since the audited version: "
_SLOWLY = "little by little since the audited version (the last step alone does not show it): "
_DRIFT = frozenset({Kind.SHIFT, Kind.LABEL_SHIFT, Kind.NOVEL})
_UNAUDITED = (
    "attacks spread over many small versions: no version is audited (tdsec detect accept TARGET --audited)"
)
_AUDITED = "attacks spread over many small versions before the audited one"


@dataclass(frozen=True, slots=True)
class Look:
    """The detectors' answers on one comparison, and the rows they speak of."""

    examined: Examined
    loaded: Loaded

    @property
    def adjusted(self) -> dict[str, float]:
        """Holm-adjusted p-values, those of the verdict and those for drift, by detector."""
        return {**self.examined.adjusted(Role.TEST), **self.examined.adjusted(Role.DRIFT)}


def conclude(name: str, looks: Sequence[Look], given: CheckInput, settings: Settings) -> CheckResult:
    """``looks``: against the last accepted version first, then against the audited one where there is one."""
    first, *later = looks
    findings = [Finding(GAP, Severity.WARN, f"not examined: {gap}") for gap in first.loaded.stack.gaps]
    findings.extend(_finding(alarm, first.loaded, settings) for alarm in _alarms(first))
    facts: dict[str, JsonValue] = {**_facts(first)}
    for one in later:
        findings.extend(
            _finding(alarm, one.loaded, settings, _SLOWLY if alarm.kind in _DRIFT else _SINCE)
            for alarm in _alarms(one)
            if _is_news(alarm, first)
        )
        facts["since_audited"] = _facts(one)
    facts["summary"] = summary([one.examined for one in looks], findings)
    facts["accepted"] = {"items": [*sorted(given.allowed)], "audited": given.audited_root}
    smallest = [p for one in looks for p in one.examined.adjusted(Role.TEST).values()]
    return CheckResult.from_findings(
        name,
        findings,
        metric=min(1.0, len(looks) * min(smallest)) if smallest else None,
        threshold=settings.alpha if smallest else None,
        not_checked=tuple(dict.fromkeys(_unseen(looks, given, settings))),
        facts=facts,
    )


def _alarms(look: Look) -> Iterator[Alarm]:
    for one in look.examined.ran:
        yield from one.result.alarms


def _is_news(alarm: Alarm, first: Look) -> bool:
    """Whether the comparison with the last accepted version has not told the same."""
    return not any(other.kind is alarm.kind and other.key == alarm.key for other in _alarms(first))


def _facts(look: Look) -> dict[str, JsonValue]:
    adjusted = look.adjusted
    return {one.detector.name: _said(one, look.loaded, adjusted) for one in look.examined.ran}


def _said(one: Ran, loaded: Loaded, adjusted: dict[str, float]) -> dict[str, JsonValue]:
    result = one.result
    said: dict[str, JsonValue] = {"role": one.detector.role.value, **result.facts}
    if result.alarms:
        said["alarms"] = [CODES[alarm.kind] for alarm in result.alarms]
        said["files"] = _files(result.alarms, loaded)
    if result.precision is not None:
        said["precision"] = round(result.precision, 4)
    if result.p is not None:
        said["p"] = result.p
    if one.detector.name in adjusted:
        said["p_adjusted"] = adjusted[one.detector.name]
    if result.not_run:
        said["not_run"] = result.not_run
    return said


def _unseen(looks: Sequence[Look], given: CheckInput, settings: Settings) -> Iterator[str]:
    for look in looks:
        yield from look.examined.subject.notes
    for one in looks[0].examined.ran:
        if one.result.not_run:
            yield f"{one.detector.name}: NOT RUN: {one.result.not_run}"
        yield from (*one.result.notes, *one.detector.not_addressed)
    yield from (f"{name}: switched off by the policy" for name in sorted(settings.skip))
    allowed = len(settings.allow | given.allowed)
    if allowed:
        yield f"{allowed} columns or items that the policy allows or a person accepted"
    if not settings.second_opinion:
        yield "what a small network would say of the rows (second_opinion: true)"
    yield _UNAUDITED if given.audited is None else _AUDITED


def _files(alarms: Sequence[Alarm], loaded: Loaded) -> list[JsonValue]:
    """The first files with rows of the alarms; of images each is one row."""
    rows = np.concatenate([alarm.rows[:_ROWS_SHOWN] for alarm in alarms])
    named: list[JsonValue] = list(dict.fromkeys(loaded.files[at] for at in loaded.file[rows]))
    return named[:_ROWS_SHOWN]


def _finding(alarm: Alarm, loaded: Loaded, settings: Settings, before: str = "") -> Finding:
    """The file that holds most of the rows, and their numbers in it."""
    rows, file, shown = alarm.rows, None, []
    if rows.size:
        most = int(np.bincount(loaded.file[rows]).argmax())
        file = loaded.files[most]
        shown = [int(one) for one in loaded.row[rows[loaded.file[rows] == most]][:_ROWS_SHOWN]]
    number = int(rows.size) if alarm.count is None else alarm.count
    column = ", ".join(alarm.columns) or None
    weight = severity(alarm.kind, settings)
    return Finding(CODES[alarm.kind], weight, before + alarm.text, file, column, number, tuple(shown))
