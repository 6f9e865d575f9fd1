"""Row difference: what changed on content that the accepted version knows. Exact, no statistics."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.types import IntArray

_FREE = 2
"""So many rows may always change their label, or contradict: people mend single labels."""


class RowDifference:
    """Labels changed on identical content, added contradictions, labels nobody vouches for; in a first
    version contradictions within it."""

    name: ClassVar[str] = "row_difference"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.EXACT
    reference: ClassVar[bool | None] = None
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.AVAILABILITY, Attack.TARGETED)
    not_addressed: ClassVar[tuple[str, ...]] = ("label changes on rows whose content changed as well",)

    def run(self, subject: Subject) -> DetectorResult:
        """Never raises."""
        alarms = _against(subject) if subject.compared else _within(subject)
        notes = []
        stack, diff = subject.stack, subject.diff
        accepted = int((~stack.current).sum())
        if not subject.compared:
            notes.append("label changes on identical content (no accepted version to compare with)")
        elif diff.removed * 2 > accepted:
            notes.append(
                f"in-place label changes on {diff.removed} of {accepted} accepted rows (content gone)"
            )
        facts = {
            "rows": int(stack.current.sum()),
            "rows_accepted": accepted,
            "rows_added": int(diff.added.sum()),
            "rows_removed": diff.removed,
            "labels_changed_on_identical_content": int(diff.relabelled.sum()),
            "added_rows_repeating_accepted_rows": int(diff.repeated.sum()),
            "added_rows_contradicting_accepted_rows": int(diff.contradicting.sum()),
        }
        if not subject.compared:
            facts = {"rows": facts["rows"], "rows_in_label_conflict": int(_conflicts(subject).size)}
        return DetectorResult(self.name, alarms=tuple(alarms), facts=facts, notes=tuple(notes))


def _against(subject: Subject) -> list[Alarm]:
    return [*_relabelled(subject), *_contradicting(subject), *_unknown(subject)]


def _relabelled(subject: Subject) -> list[Alarm]:
    """Rows whose content stayed and whose label did not (a lost label counts too)."""
    stack = subject.stack
    changed = np.flatnonzero(subject.diff.relabelled)
    if changed.size == 0:
        return []
    accepted = int((~stack.current).sum())
    limit = int(max(_FREE, subject.options.max_label_changes * accepted))
    over = changed.size > limit
    kind = Kind.RELABELLED if over else Kind.RELABELLED_FEW
    text = f"label changed on identical content, of {accepted} accepted rows; the policy bears {limit}"
    return [Alarm(kind, text, changed, (stack.label_name,))]


def _contradicting(subject: Subject) -> list[Alarm]:
    rows = np.flatnonzero(subject.diff.contradicting & (subject.stack.labels >= 0))
    if rows.size <= _FREE:
        return []
    return [Alarm(Kind.CONTRADICTING, "added rows repeat accepted content under another label", rows)]


def _unknown(subject: Subject) -> list[Alarm]:
    """New rows with a label that no accepted row bears: nothing vouches for them."""
    stack = subject.stack
    labelled = stack.labels >= 0
    known = np.bincount(stack.labels[~stack.current & labelled], minlength=stack.classes) > 0
    fresh = np.flatnonzero(stack.current & labelled & ~known[stack.labels])
    if fresh.size == 0:
        return []
    text = f"rows bear one of {int((~known).sum())} labels that the accepted version does not have"
    return [Alarm(Kind.UNKNOWN_LABELS, text, fresh, (stack.label_name,))]


def _within(subject: Subject) -> list[Alarm]:
    rows = _conflicts(subject)
    share = rows.size / max(1, int((subject.stack.labels >= 0).sum()))
    if share <= subject.options.max_conflict_share:
        return []
    text = f"rows of identical content bear different labels ({share:.2%})"
    return [Alarm(Kind.CONFLICTS, text, rows, (subject.stack.label_name,))]


def _conflicts(subject: Subject) -> IntArray:
    """Rows whose content occurs with more than one label (over all rows)."""
    stack = subject.stack
    content, labelled = stack.content, stack.labels >= 0
    low = np.full(int(content.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    high = np.full(low.size, -1, dtype=np.int64)
    np.minimum.at(low, content[labelled], stack.labels[labelled])
    np.maximum.at(high, content[labelled], stack.labels[labelled])
    return np.flatnonzero(labelled & (low[content] < high[content]))
