"""Check ``poisoning``: is this version poisoned, compared with the last accepted one?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tdsec_gov.checks.contract import CheckInput, Unreadable
from tdsec_gov.checks.poisoning.codes import CODES, GAP, NOT_RUN, UNREADABLE, severity
from tdsec_gov.checks.poisoning.remembered import key_of, recalled, remember
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.summary import summary
from tdsec_gov.checks.poisoning.tables import Loaded, load
from tdsec_gov.detect.contract import Alarm, NotRunnable, Role
from tdsec_gov.detect.suite import Examined, examine
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

_ROWS_SHOWN = 20
_NOT_ADDRESSED = (
    "attacks spread over many small versions (compare with an older accepted version now and then)",
)


class Poisoning:
    """All detectors that fit; ``metric`` is the smallest Holm-adjusted p-value of the tests and
    ``threshold`` is alpha (a first version has neither: nothing can be compared)."""

    name: ClassVar[str] = "poisoning"

    def run(self, given: CheckInput) -> CheckResult:
        """Raises PolicyInvalid when the settings are refused; all else becomes a finding."""
        settings = Settings.parse(given.params)
        key = key_of(given)
        known = recalled(given, key)
        if known is not None:
            return known
        try:
            looks = list(_looks(given, settings))
        except NotRunnable as exc:
            return _refused(NOT_RUN, str(exc))
        except Unreadable as exc:
            return _refused(UNREADABLE, f"{exc.where or 'a table'}: {exc.message}")
        result = conclude(looks, given, settings)
        remember(given, key, result)
        return result


def _loaded(given: CheckInput, settings: Settings) -> Loaded:
    if settings.labels_from == "folder":
        from tdsec_gov.checks.poisoning.images import load_images

        return load_images(given.files, given.previous)
    return load(given.files, given.previous, settings.label, settings.ignore)


def _refused(code: str, reason: str) -> CheckResult:
    """The policy asks for this check and it cannot run: that denies, and says so plainly."""
    finding = Finding(code, Severity.DENY, f"NOT RUN: {reason}")
    return CheckResult.from_findings(
        Poisoning.name, [finding], not_checked=("everything: the check did not run",)
    )


def _result(examined: Examined, loaded: Loaded, settings: Settings) -> CheckResult:
    findings = [Finding(GAP, Severity.WARN, f"not examined: {gap}") for gap in loaded.stack.gaps]
    facts: dict[str, JsonValue] = {}
    not_checked = [*examined.subject.notes]
    adjusted = examined.adjusted(Role.TEST)
    told = {**adjusted, **examined.adjusted(Role.DRIFT)}
    for one in examined.ran:
        findings.extend(_finding(alarm, loaded, settings) for alarm in one.result.alarms)
        said: dict[str, JsonValue] = {"role": one.detector.role.value, **one.result.facts}
        if one.result.alarms:
            said["alarms"] = [CODES[alarm.kind] for alarm in one.result.alarms]
            said["files"] = _files(one.result.alarms, loaded)
        if one.result.precision is not None:
            said["precision"] = round(one.result.precision, 4)
        if one.result.p is not None:
            said["p"] = one.result.p
        if one.detector.name in told:
            said["p_adjusted"] = told[one.detector.name]
        if one.result.not_run:
            said["not_run"] = one.result.not_run
            not_checked.append(f"{one.detector.name}: NOT RUN: {one.result.not_run}")
        facts[one.detector.name] = said
        not_checked.extend((*one.result.notes, *one.detector.not_addressed))
    facts["summary"] = summary(examined, findings)
    not_checked.extend(f"{name}: switched off by the policy" for name in sorted(settings.skip))
    if settings.allow:
        not_checked.append(f"{len(settings.allow)} columns or items that the policy allows")
    return CheckResult.from_findings(
        Poisoning.name,
        findings,
        metric=min(adjusted.values(), default=None),
        threshold=settings.alpha if adjusted else None,
        not_checked=tuple(dict.fromkeys((*not_checked, *_NOT_ADDRESSED))),
        facts=facts,
    )


def _files(alarms: Sequence[Alarm], loaded: Loaded) -> list[JsonValue]:
    """The first files with rows of the alarms; of images each is one row."""
    rows = [alarm.rows[:_ROWS_SHOWN] for alarm in alarms]
    return list(dict.fromkeys(loaded.files[at] for at in loaded.file[np.concatenate(rows)]))[:_ROWS_SHOWN]


def _finding(alarm: Alarm, loaded: Loaded, settings: Settings) -> Finding:
    """The file that holds most of the rows, and their numbers in it."""
    rows, file, shown = alarm.rows, None, []
    if rows.size:
        most = int(np.bincount(loaded.file[rows]).argmax())
        file = loaded.files[most]
        shown = [int(one) for one in loaded.row[rows[loaded.file[rows] == most]][:_ROWS_SHOWN]]
    number = int(rows.size) if alarm.count is None else alarm.count
    column = ", ".join(alarm.columns) or None
    return Finding(
        CODES[alarm.kind], severity(alarm.kind, settings), alarm.text, file, column, number, tuple(shown)
    )
