"""Confident learning: how many labels a first version contradicts by itself."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.confident import label_issues, out_of_fold

LEAST_ROWS = 50


class ConfidentLearning:
    """``statistic`` is the share of labels that are probably wrong (Northcutt et al. 2021), ``scores`` how
    much likelier the best other label is. On clean public sets it is 0.001 to 0.19: advice, no proof."""

    name: ClassVar[str] = "confident_learning"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = False
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.AVAILABILITY, Attack.TARGETED)
    not_addressed: ClassVar[tuple[str, ...]] = (
        "whether labels were changed on purpose: without an accepted version wrong labels cannot be told "
        "from natural label noise",
    )

    def run(self, subject: Subject) -> DetectorResult:
        """Never raises."""
        index, labels = subject.new, subject.labels[subject.new]
        if index.size < LEAST_ROWS or np.unique(labels).size < 2:
            text = f"NOT RUN: confident learning needs two classes and {LEAST_ROWS} labelled rows"
            return DetectorResult(
                self.name, alarms=(Alarm(Kind.TOO_LITTLE, text, count=int(index.size)),), not_run=text
            )
        chances = out_of_fold(subject.columns, subject.labels, subject.classes, index, subject.rng())
        found = label_issues(chances, labels)
        own = chances[np.arange(index.size), labels]
        accuracy, share = float((chances.argmax(axis=1) == labels).mean()), found.size / index.size
        alarms = []
        if share > subject.options.max_issue_share:
            text = (
                f"labels are probably wrong by confident learning ({share:.1%} of the rows looked at; "
                f"content predicts the label of {accuracy:.0%})"
            )
            rows = subject.at(index[found])
            alarms.append(Alarm(Kind.LABEL_ISSUES, text, rows, (subject.stack.label_name,)))
        return DetectorResult(
            self.name,
            statistic=share,
            meaning="share of labels that are probably wrong",
            index=subject.at(index),
            scores=chances.max(axis=1) - own,
            score_meaning="chance of the best label minus that of the given one",
            alarms=tuple(alarms),
            facts={"probable_label_issues": int(found.size), "out_of_fold_accuracy": round(accuracy, 4)},
        )
