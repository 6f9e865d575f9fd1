"""Check ``triggers``: values that came in together with a label, as a backdoor's trigger does.

NIST AI 100-2 class addressed: backdoor poisoning with a repeated trigger in columns or words.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.checks.contract import CheckInput, Unreadable
from tdsec_gov.checks.poisoning.burst import Item, mine_bursts
from tdsec_gov.checks.poisoning.evidence import least_count
from tdsec_gov.checks.poisoning.items import LEAST
from tdsec_gov.checks.poisoning.mine import LIMIT, mine_shortcuts
from tdsec_gov.checks.poisoning.rows import NotRunnable
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.subject import Subject, not_run
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

NOT_ADDRESSED = (
    "NIST AI 100-2 availability poisoning (check label_issues looks for it)",
    "NIST AI 100-2 clean-label poisoning by crafted content without a repeated value or word",
    "triggers that differ in every row, need three or more columns, or lie in word order or style",
    "a trigger in a handful of rows, or already frequent in the accepted version",
    "attacks spread over many small versions (compare with an older accepted version now and then)",
)
WITHOUT_REFERENCE = (
    "whether a shortcut is natural or planted: without an accepted version a person has to tell",
)
_LEAST_ROWS = 100


class Triggers:
    """Shortcut bursts against the accepted version; shortcut mining for a first version.

    ``metric`` is the smallest corrected p-value and ``threshold`` the check's share of alpha (first
    version: the largest scaled z, 0 when no item is near, and its limit 8).
    """

    name: ClassVar[str] = "triggers"

    def run(self, given: CheckInput) -> CheckResult:
        """Raises PolicyInvalid when the settings are refused; all else becomes a finding."""
        settings = Settings.parse(given.params)
        try:
            subject = Subject.of(given, settings)
        except NotRunnable as exc:
            return not_run(self.name, "TDS430", str(exc))
        except Unreadable as exc:
            return not_run(self.name, "TDS431", f"{exc.where or 'a table'}: {exc.message}")
        return _against(subject, given.dataset) if subject.compared else _first(subject, given.dataset)


def _against(subject: Subject, dataset: str) -> CheckResult:
    settings, rows = subject.settings, subject.rows
    facts: dict[str, JsonValue] = {
        "rows_new": int(subject.new.size),
        "rows_accepted": int(subject.accepted.size),
        "least_rows_per_item": LEAST,
    }
    findings, notes, metric = subject.gap_findings("TDS439"), [*subject.notes, *NOT_ADDRESSED], 1.0
    if subject.new.size:
        mined = mine_bursts(
            subject.columns(),
            rows.labels,
            rows.classes,
            subject.accepted,
            subject.new,
            level=settings.share,
            dataset=dataset,
            allow=settings.allow,
        )
        metric = mined.p
        share = subject.new.size / (subject.new.size + subject.accepted.size)
        least = max(LEAST, least_count(settings.share, mined.items, share, rows.classes))
        facts |= {"items_tested": mined.items, "least_trigger_rows_seen": least}
        notes.extend(mined.notes)
        if least > subject.new.size:
            notes.append("any trigger: the new rows are too few for the test")
        findings.extend(_burst(subject, item) for item in mined.found)
    _note_allowed(settings, notes)
    return CheckResult.from_findings(
        Triggers.name,
        findings,
        metric=metric,
        threshold=settings.share,
        not_checked=tuple(notes),
        facts=facts,
    )


def _burst(subject: Subject, item: Item) -> Finding:
    text = (
        f"{_what(item)} came in with one label: {item.rows.size} new rows, {item.before} accepted rows hold "
        f"it; {item.lift:.0%} of its rows bear the label beyond what their other content explains "
        f"(corrected p {item.p:.1e}, limit {subject.settings.share:.1e}; {item.key})"
    )
    return subject.finding("TDS432", Severity.DENY, text, item.rows, column=", ".join(item.columns))


def _first(subject: Subject, dataset: str) -> CheckResult:
    settings, rows, index = subject.settings, subject.rows, subject.new
    severity = Severity.DENY if settings.first_version == "deny" else Severity.WARN
    findings = subject.gap_findings("TDS439")
    notes = [*subject.notes, *WITHOUT_REFERENCE, *NOT_ADDRESSED]
    facts: dict[str, JsonValue] = {"rows": int(index.size), "least_rows_per_item": LEAST}
    metric = None
    if index.size < _LEAST_ROWS or np.unique(rows.labels[index]).size < 2:
        text = f"NOT RUN: shortcut mining needs two classes and {_LEAST_ROWS} labelled rows"
        findings.append(Finding("TDS433", severity, text, count=int(index.size)))
    else:
        mined = mine_shortcuts(
            subject.columns(),
            rows.labels,
            rows.classes,
            index,
            subject.rng(),
            dataset=dataset,
            allow=settings.allow,
        )
        metric = mined.z
        facts |= {"items_tested": mined.items, "rows_mined": mined.rows}
        notes.extend(mined.notes)
        findings.extend(_shortcut(subject, item, severity) for item in mined.found)
    _note_allowed(settings, notes)
    return CheckResult.from_findings(
        Triggers.name, findings, metric=metric, threshold=LIMIT, not_checked=tuple(notes), facts=facts
    )


def _shortcut(subject: Subject, item: Item, severity: Severity) -> Finding:
    text = (
        f"{_what(item)} goes with one label in {item.rows.size} rows: {item.lift:.0%} of its rows bear the "
        f"label beyond what their other content explains (scaled z {item.p:.1f}, limit {LIMIT:.0f}); natural "
        f"or planted, a person must tell ({item.key})"
    )
    return subject.finding("TDS434", severity, text, item.rows, column=", ".join(item.columns))


def _what(item: Item) -> str:
    columns = " and ".join(dict.fromkeys(item.columns))
    return f"a value pair of {columns}" if len(item.columns) > 1 else f"a value or phrase of {columns}"


def _note_allowed(settings: Settings, notes: list[str]) -> None:
    if settings.allow:
        notes.append(f"{len(settings.allow)} columns or items that the policy allows")
