"""Check ``label_issues``: are the labels of this version those the accepted version would give?

NIST AI 100-2 classes addressed: availability and targeted poisoning by wrong labels.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.checks.contract import CheckInput, Unreadable
from tdsec_gov.checks.poisoning.confident import label_issues, out_of_fold
from tdsec_gov.checks.poisoning.conformal import LabelTest, joint_test, label_test
from tdsec_gov.checks.poisoning.rows import IntArray, NotRunnable
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.subject import Subject, not_run
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

NOT_ADDRESSED = (
    "NIST AI 100-2 clean-label poisoning (labels are right, content is crafted)",
    "NIST AI 100-2 backdoor poisoning (check triggers looks for it)",
    "wrong labels below about 5 % of the new rows, or where content does not predict the label",
    "attacks spread over many small versions (compare with an older accepted version now and then)",
)
WITHOUT_REFERENCE = (
    "whether labels were changed on purpose: without an accepted version wrong labels cannot be told "
    "from natural label noise",
    "label changes on identical content (no accepted version to compare with)",
)
_RELABELS_FREE = 2
_LEAST_ROWS = 50
_LEAST_NEW = 20


class LabelIssues:
    """Row difference, conformal test of new labels, confident learning for a first version.

    ``metric`` is the smallest p-value of the label test and ``threshold`` the check's share of alpha
    (first version: share of probably wrong labels and ``max_issue_share``).
    """

    name: ClassVar[str] = "label_issues"

    def run(self, given: CheckInput) -> CheckResult:
        """Raises PolicyInvalid when the settings are refused; all else becomes a finding."""
        settings = Settings.parse(given.params)
        try:
            subject = Subject.of(given, settings)
        except NotRunnable as exc:
            return not_run(self.name, "TDS410", str(exc))
        except Unreadable as exc:
            return not_run(self.name, "TDS411", f"{exc.where or 'a table'}: {exc.message}")
        return _against(subject) if subject.compared else _first(subject)


def _against(subject: Subject) -> CheckResult:
    """Compare with the accepted version."""
    settings, rows, diff = subject.settings, subject.rows, subject.diff
    findings = [*_relabelled(subject), *subject.gap_findings("TDS419")]
    contradicting = np.flatnonzero(diff.contradicting & (rows.labels >= 0))
    if contradicting.size > _RELABELS_FREE:
        text = "added rows repeat accepted content under another label"
        findings.append(subject.finding("TDS414", Severity.WARN, text, contradicting))
    findings.extend(_unknown_labels(subject))
    columns = subject.columns()
    fresh = subject.new[~diff.relabelled[subject.new]]  # relabelled rows are judged by exact count
    test = label_test(columns, rows.labels, rows.classes, subject.accepted, fresh, subject.rng())
    joint = None
    if test.p <= settings.share:
        joint = joint_test(columns, rows.labels, rows.classes, subject.accepted, fresh, subject.rng())
        findings.append(_disagreement(subject, test, joint))
    untested = fresh.size - test.tested
    notes = [*subject.notes, *NOT_ADDRESSED]
    accepted_rows = int((~rows.current).sum())
    if diff.removed * 2 > accepted_rows:
        notes.append(
            f"in-place label changes on {diff.removed} of {accepted_rows} accepted rows (content gone)"
        )
    if untested:
        notes.append(f"{untested} rows of classes with fewer than 10 accepted rows")
    if 0 < test.tested < _LEAST_NEW:
        notes.append(f"only {test.tested} new rows: the label test has next to no power")
    facts: dict[str, JsonValue] = {
        **_counts(subject),
        "label_test_p": test.p,
        "joint_test_p": joint,
        "rows_tested": test.tested,
        "least_wrong_labels_seen": _least_seen(test.tested, subject.accepted.size, settings.share),
    }
    return CheckResult.from_findings(
        LabelIssues.name,
        findings,
        metric=test.p,
        threshold=settings.share,
        not_checked=tuple(notes),
        facts=facts,
    )


def _counts(subject: Subject) -> dict[str, JsonValue]:
    rows, diff = subject.rows, subject.diff
    return {
        "rows": int(rows.current.sum()),
        "rows_accepted": int((~rows.current).sum()),
        "rows_added": int(diff.added.sum()),
        "rows_removed": diff.removed,
        "labels_changed_on_identical_content": int(diff.relabelled.sum()),
        "added_rows_repeating_accepted_rows": int(diff.repeated.sum()),
        "added_rows_contradicting_accepted_rows": int(diff.contradicting.sum()),
    }


def _relabelled(subject: Subject) -> list[Finding]:
    """Exact: rows whose content stayed and whose label did not (a lost label counts too)."""
    changed = np.flatnonzero(subject.diff.relabelled)
    if changed.size == 0:
        return []
    accepted = int((~subject.rows.current).sum())
    limit = max(_RELABELS_FREE, subject.settings.max_label_changes * accepted)
    text = f"label changed on identical content, of {accepted} accepted rows; the policy bears {int(limit)}"
    severity = Severity.DENY if changed.size > limit else Severity.WARN
    return [subject.finding("TDS412", severity, text, changed, column=subject.settings.label)]


def _unknown_labels(subject: Subject) -> list[Finding]:
    """New rows with a label that no accepted row bears: nothing vouches for them."""
    rows = subject.rows
    known = np.bincount(rows.labels[~rows.current & (rows.labels >= 0)], minlength=rows.classes) > 0
    fresh = np.flatnonzero(rows.current & (rows.labels >= 0) & ~known[rows.labels])
    if fresh.size == 0:
        return []
    severity = Severity.DENY if subject.settings.new_labels == "deny" else Severity.WARN
    text = f"rows bear one of {int((~known).sum())} labels that the accepted version does not have"
    return [subject.finding("TDS415", severity, text, fresh, column=subject.settings.label)]


def _disagreement(subject: Subject, test: LabelTest, joint: float) -> Finding:
    """TDS413 when the new labels also contradict one another, TDS420 when only the accepted version
    contradicts them."""
    level, column = subject.settings.share, subject.settings.label
    text = (
        f"labels of the new rows disagree with the accepted version (p {test.p:.1e}, limit {level:.1e}); "
        f"about {test.excess} rows more than chance, the strangest first"
    )
    suspects = test.index[test.suspects]
    if joint <= level:
        return subject.finding("TDS413", Severity.DENY, text, suspects, column=column)
    text += f"; among themselves they agree (p {joint:.1e}): data of another kind, or one kind relabelled"
    severity = Severity.DENY if subject.settings.drift == "deny" else Severity.WARN
    return subject.finding("TDS420", severity, text, suspects, column=column)


def _least_seen(new: int, accepted: int, level: float) -> int:
    """Smallest number of new rows, stranger than every accepted row of their class, that the tail
    count alone would deny: each is new with chance new / (new + accepted), and the Cauchy combination
    over six tests costs a factor of six at most."""
    if new == 0 or accepted == 0:
        return 0
    share = new / (new + accepted)
    return int(np.ceil(np.log(level / 6) / np.log(share)))


def _first(subject: Subject) -> CheckResult:
    """No accepted version: describe, warn above the policy's limits, claim nothing more."""
    settings, rows, index = subject.settings, subject.rows, subject.new
    severity = Severity.DENY if settings.first_version == "deny" else Severity.WARN
    findings = subject.gap_findings("TDS419")
    conflicts = _conflicts(subject)
    conflict_share = conflicts.size / max(1, rows.labels.size)
    if conflict_share > settings.max_conflict_share:
        text = f"rows of identical content bear different labels ({conflict_share:.2%})"
        findings.append(subject.finding("TDS417", severity, text, conflicts, column=settings.label))
    facts: dict[str, JsonValue] = {"rows": rows.labels.size, "rows_in_label_conflict": int(conflicts.size)}
    notes = [*subject.notes, *WITHOUT_REFERENCE, *NOT_ADDRESSED]
    share = None
    if index.size < _LEAST_ROWS or np.unique(rows.labels[index]).size < 2:
        text = f"NOT RUN: confident learning needs two classes and {_LEAST_ROWS} labelled rows"
        findings.append(Finding("TDS416", severity, text, count=int(index.size)))
    else:
        issues, accuracy = _issues(subject)
        share = issues.size / index.size
        facts |= {"probable_label_issues": int(issues.size), "out_of_fold_accuracy": round(accuracy, 4)}
        if share > settings.max_issue_share:
            text = (
                f"labels are probably wrong by confident learning ({share:.1%} of the rows looked at; "
                f"content predicts the label of {accuracy:.0%})"
            )
            findings.append(subject.finding("TDS418", severity, text, issues, column=settings.label))
    return CheckResult.from_findings(
        LabelIssues.name,
        findings,
        metric=share,
        threshold=settings.max_issue_share,
        not_checked=tuple(notes),
        facts=facts,
    )


def _issues(subject: Subject) -> tuple[IntArray, float]:
    """Rows with probably wrong labels, and the accuracy of the model that says so."""
    rows = subject.rows
    chances = out_of_fold(subject.columns(), rows.labels, rows.classes, subject.new, subject.rng())
    labels = rows.labels[subject.new]
    return subject.new[label_issues(chances, labels)], float((chances.argmax(axis=1) == labels).mean())


def _conflicts(subject: Subject) -> IntArray:
    """Rows whose content occurs with more than one label (exact, over all rows)."""
    rows, content = subject.rows, subject.diff.content
    labelled = rows.labels >= 0
    low = np.full(int(content.max()) + 1, np.iinfo(np.int64).max)
    high = np.full(low.size, -1, dtype=np.int64)
    np.minimum.at(low, content[labelled], rows.labels[labelled])
    np.maximum.at(high, content[labelled], rows.labels[labelled])
    return np.flatnonzero(labelled & (low[content] < high[content]))
