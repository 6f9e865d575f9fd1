"""Shortcut mining: items of a first version whose rows bear one label beyond what the rest of them says."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.items.codings import LEAST
from tdsec_gov.detect.mining.item import Item
from tdsec_gov.detect.mining.shortcuts import LIMIT, mine_shortcuts

LEAST_ROWS = 100


class ShortcutMining:
    """``statistic`` is the largest scaled z over all items (limit 8). Natural shortcuts look the same, so a
    person must tell: advice."""

    name: ClassVar[str] = "shortcut_mining"
    version: ClassVar[str] = "2"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = False
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.BACKDOOR,)
    not_addressed: ClassVar[tuple[str, ...]] = (
        "whether a shortcut is natural or planted: without an accepted version a person has to tell",
        "clean-label triggers in a first version",
    )

    def run(self, subject: Subject) -> DetectorResult:
        """Never raises."""
        index = subject.new
        if index.size < LEAST_ROWS or np.unique(subject.labels[index]).size < 2:
            text = f"NOT RUN: shortcut mining needs two classes and {LEAST_ROWS} labelled rows"
            return DetectorResult(
                self.name, alarms=(Alarm(Kind.TOO_LITTLE, text, count=int(index.size)),), not_run=text
            )
        mined = mine_shortcuts(
            subject.columns,
            subject.labels,
            subject.classes,
            index,
            subject.rng(),
            dataset=subject.options.dataset,
            allow=subject.options.allow,
        )
        scores = np.zeros(subject.labels.size)
        for item in mined.found:
            scores[item.rows] = np.maximum(scores[item.rows], item.p)
        return DetectorResult(
            self.name,
            statistic=mined.z,
            meaning="largest scaled z of an item, limit 8",
            index=subject.at(index),
            scores=scores[index],
            score_meaning="scaled z of the strongest found item in the row",
            alarms=tuple(_alarm(subject, item) for item in mined.found),
            facts={"items_tested": mined.items, "rows_mined": mined.rows, "least_rows_per_item": LEAST},
            notes=mined.notes,
        )


def _alarm(subject: Subject, item: Item) -> Alarm:
    text = (
        f"{item.what} goes with one label in {item.rows.size} rows: {item.lift:.0%} of its rows bear the "
        f"label beyond what their other content explains (scaled z {item.p:.1f}, limit {LIMIT:.0f}); natural "
        f"or planted, a person must tell ({item.key})"
    )
    return Alarm(Kind.SHORTCUT, text, subject.at(item.rows), item.columns, key=item.key)
