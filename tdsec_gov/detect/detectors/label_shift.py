"""Label shift: do the new rows have the classes in the same shares?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.statistics.twosample import counts_p


class LabelShift:
    """``p`` of the chi-square test on counts of classes, by seeded draws where counts are small;
    ``statistic`` the total variation distance of the two shares, 0 to 1."""

    name: ClassVar[str] = "label_shift"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.DRIFT
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.SHIFT,)
    not_addressed: ClassVar[tuple[str, ...]] = ()

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row."""
        if subject.fresh.size == 0:
            raise NotRunnable("no row was added")
        sides = (subject.accepted, subject.fresh)
        old, new = (np.bincount(subject.labels[one], minlength=subject.classes) for one in sides)
        p = counts_p(old, new, subject.rng())
        apart = float(np.abs(old / max(1, old.sum()) - new / max(1, new.sum())).sum() / 2)
        text = (
            f"the new rows have other shares of the {subject.classes} classes (p {p:.1e}): {apart:.0%} of "
            "them would need another class to match the accepted version"
        )
        column = (subject.stack.label_name,)
        return DetectorResult(
            self.name,
            p=p,
            statistic=apart,
            meaning="total variation distance between the shares of classes, 0 to 1",
            alarms=(Alarm(Kind.LABEL_SHIFT, text, columns=column, count=int(new.sum()), p=p),),
            facts={"distance": round(apart, 4)},
        )
