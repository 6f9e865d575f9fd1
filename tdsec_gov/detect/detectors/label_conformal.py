"""Label conformal: the new labels against those that the accepted version would give."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.conformal import LabelTest, joint_test, label_test

_LEAST_NEW = 20


class LabelConformal:
    """``p`` is exact under exchangeability; ``row_p`` are Mondrian conformal p-values, ``scores`` their
    -log10. A disagreement is *wrong labels* when the new rows contradict one another too, *data of
    another kind* when only the accepted version contradicts them."""

    name: ClassVar[str] = "label_conformal"
    version: ClassVar[str] = "3"
    role: ClassVar[Role] = Role.TEST
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.AVAILABILITY, Attack.TARGETED)
    not_addressed: ClassVar[tuple[str, ...]] = (
        "wrong labels below about 5 % of the new rows, or where content does not predict the label",
    )

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row."""
        fresh = subject.fresh
        if fresh.size == 0:
            raise NotRunnable("no row was added")
        given = (subject.columns, subject.labels, subject.classes, subject.accepted, fresh)
        test = label_test(*given, subject.rng())
        joint = joint_test(*given, subject.rng()) if test.p <= subject.level else None
        notes = []
        if fresh.size > test.tested:
            notes.append(f"{fresh.size - test.tested} rows of classes with fewer than 10 accepted rows")
        if 0 < test.tested < _LEAST_NEW:
            notes.append(f"only {test.tested} new rows: the label test has next to no power")
        return DetectorResult(
            self.name,
            p=test.p,
            statistic=test.p,
            meaning="p-value that the new labels are such as the accepted version would give",
            index=subject.at(test.index),
            scores=-np.log10(np.nan_to_num(test.row_p, nan=1.0)),
            score_meaning="-log10 of the row's conformal p-value within its class",
            row_p=test.row_p,
            alarms=() if joint is None else (_alarm(subject, test, joint),),
            precision=None if joint is None else test.precision,
            facts={
                "joint_test_p": joint,
                "rows_tested": test.tested,
                "least_wrong_labels_seen": least_seen(test.tested, subject.accepted.size, subject.level),
            },
            notes=tuple(notes),
        )


def _alarm(subject: Subject, test: LabelTest, joint: float) -> Alarm:
    text = (
        f"labels of the new rows disagree with the accepted version (p {test.p:.1e}, limit "
        f"{subject.level:.1e}); about {test.excess} rows more than chance, the strangest first"
    )
    kind = Kind.LABELS
    if joint > subject.level:
        kind = Kind.OTHER_KIND
        text += f"; among themselves they agree (p {joint:.1e}): data of another kind, or one kind relabelled"
    return Alarm(kind, text, subject.at(test.index[test.suspects]), (subject.stack.label_name,), p=test.p)


def least_seen(new: int, accepted: int, level: float) -> int:
    """Smallest number of new rows, stranger than every accepted row of their class, that the tail
    count alone would deny: each is new with chance new / (new + accepted), and the Cauchy combination
    over six tests costs a factor of six at most."""
    if new == 0 or accepted == 0:
        return 0
    share = new / (new + accepted)
    return int(np.ceil(np.log(level / 6) / np.log(share)))
