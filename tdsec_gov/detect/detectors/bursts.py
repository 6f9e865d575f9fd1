"""Shortcut burst: items that became frequent together with a label since the accepted version."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject, least_held
from tdsec_gov.detect.items.codings import LEAST
from tdsec_gov.detect.mining.burst import Mined, mine_bursts
from tdsec_gov.detect.mining.everywhere import all_rows
from tdsec_gov.detect.mining.item import Item
from tdsec_gov.detect.statistics.evidence import least_count
from tdsec_gov.detect.types import IntArray


class ShortcutBurst:
    """``p`` is the smallest p-value over all items, Bonferroni-corrected; ``scores`` the strength of the
    strongest found item that a row holds."""

    name: ClassVar[str] = "shortcut_burst"
    version: ClassVar[str] = "4"
    role: ClassVar[Role] = Role.TEST
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.BACKDOOR, Attack.CLEAN_LABEL)
    not_addressed: ClassVar[tuple[str, ...]] = (
        "triggers that differ in every row, need three or more columns, or lie in word order or style",
        "a trigger in a handful of rows, or already frequent in the accepted version",
    )

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row."""
        if subject.new.size == 0:
            raise NotRunnable("no row was added")
        options = subject.options
        mined = mine_bursts(
            subject.columns,
            subject.labels,
            subject.classes,
            subject.accepted,
            subject.new,
            level=subject.level,
            dataset=options.dataset,
            allow=options.allow,
        )
        rows = all_rows(subject, mined.found)
        share = subject.new.size / (subject.new.size + subject.accepted.size)
        least = max(LEAST, least_count(subject.level, mined.items, share, subject.classes))
        notes = list(mined.notes)
        if least > subject.new.size:
            notes.append("any trigger: the new rows are too few for the test")
        return DetectorResult(
            self.name,
            p=mined.p,
            statistic=mined.p,
            meaning="smallest corrected p-value that an item came in with a label by chance",
            index=subject.at(subject.new),
            scores=_scores(subject, mined),
            score_meaning="-log10 of the corrected p-value of the strongest found item in the row",
            alarms=tuple(_alarm(subject, *one) for one in zip(mined.found, rows, strict=True)),
            facts={
                "rows_new": int(subject.new.size),
                "rows_accepted_drawn": int(subject.accepted.size),
                "items_tested": mined.items,
                "least_rows_per_item": LEAST,
                "least_trigger_rows_seen": _in_version(subject, least),
            },
            notes=tuple(notes),
        )


def _scores(subject: Subject, mined: Mined) -> np.ndarray:
    scores = np.zeros(subject.labels.size)
    for item in mined.found:
        scores[item.rows] = np.maximum(scores[item.rows], -np.log10(max(item.p, 1e-300)))
    return scores[subject.new]


def _in_version(subject: Subject, least: int) -> int:
    """How many added rows must hold a trigger so that ``least`` of them are drawn with a chance of 95 %."""
    added = int(np.count_nonzero(subject.diff.added | subject.diff.relabelled))
    if not subject.sampled or least > subject.new.size:
        return least
    return least_held(added, int(subject.new.size), least)


def _alarm(subject: Subject, item: Item, rows: IntArray) -> Alarm:
    text = (
        f"{item.what} came in with one label: {rows.size} new rows, {item.before} accepted rows hold "
        f"it; {item.lift:.0%} of its rows bear the label beyond what their other content explains "
        f"(corrected p {item.p:.1e}, limit {subject.level:.1e}; {item.key})"
    )
    return Alarm(Kind.BURST, text, rows, item.columns, p=item.p, key=item.key)
