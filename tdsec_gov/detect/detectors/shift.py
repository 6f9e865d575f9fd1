"""Distribution shift: are the new rows drawn as the accepted ones were?"""

from __future__ import annotations

from typing import ClassVar

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.change import column_p, whole_change

_NAMED = 5


class DistributionShift:
    """``p`` is the least of three, times three: each column by itself (Holm), maximum mean discrepancy
    (Gretton et al. 2012), and a classifier that tells new rows from accepted ones. Labels play no part."""

    name: ClassVar[str] = "distribution_shift"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.DRIFT
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = False
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.SHIFT,)
    not_addressed: ClassVar[tuple[str, ...]] = ("shift in a small share of the new rows",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, or no column of content."""
        old, new = subject.accepted, subject.fresh
        if new.size == 0 or not subject.columns:
            raise NotRunnable("no row was added" if new.size == 0 else "there is no column of content")
        rng = subject.rng()
        columns = column_p(subject.columns, old, new, rng)
        whole = whole_change(subject.columns, old, new, rng)
        single = min(columns.values())
        tests = [single] if whole is None else [single, whole.kernel, whole.told]
        p = min(1.0, len(tests) * min(tests))
        differing = [name for name, one in sorted(columns.items(), key=lambda item: item[1])]
        differing = [name for name in differing if columns[name] <= subject.drift_level]
        told = "" if whole is None else f"; a classifier tells them apart with an AUC of {whole.area:.2f}"
        which = f"{len(differing)} of {len(columns)} columns differ by themselves"
        text = f"new rows are not drawn as the accepted ones were (p {p:.1e}): {which}{told}"
        return DetectorResult(
            self.name,
            p=p,
            statistic=None if whole is None else whole.area,
            meaning="area under the ROC curve of a classifier between accepted and new rows; 0.5 is no shift",
            alarms=(Alarm(Kind.SHIFT, text, columns=tuple(differing[:_NAMED]), count=int(new.size), p=p),),
            facts={
                "columns_p": single,
                "kernel_p": None if whole is None else whole.kernel,
                "classifier_p": None if whole is None else whole.told,
                "classifier_auc": None if whole is None else round(whole.area, 4),
                "columns_that_differ": len(differing),
            },
            notes=() if whole is not None else ("shift of rows as a whole: fewer than 20 rows on a side",),
        )
