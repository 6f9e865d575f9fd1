"""Outliers: values and rows further out than the data's own tail reaches."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.embedding import robust_scale
from tdsec_gov.detect.statistics.multiplicity import benjamini_hochberg
from tdsec_gov.detect.statistics.tails import LEAST, tail_p
from tdsec_gov.detect.types import FloatArray, IntArray

_SHARE = 0.01
_NAMED = 5


class Outliers:
    """Each column of numbers by its distance from the median in MADs, and all of them together by their
    robust Mahalanobis distance (Ledoit & Wolf 2004), against the tail of the accepted rows (of all rows in a
    first version). Advice: odd values are seldom an attack, but a person should know of them."""

    name: ClassVar[str] = "outliers"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = None
    labels: ClassVar[bool] = False
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.AVAILABILITY,)
    not_addressed: ClassVar[tuple[str, ...]] = ("outliers in columns that are no numbers",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no column of numbers, or fewer than 200 rows to compare with."""
        columns = [(one.name, one.numbers) for one in subject.columns if one.numbers is not None]
        fresh = subject.fresh
        known = subject.accepted if subject.compared else fresh
        if not columns or fresh.size == 0:
            raise NotRunnable("no row was added" if columns else "there is no column of numbers")
        if known.size < LEAST:
            raise NotRunnable(f"outliers need {LEAST} rows to compare with")
        names = [name for name, _ in columns]
        far = np.stack([_far(numbers, known) for _, numbers in columns], axis=1)
        p = np.stack([_p(far[:, at], fresh, known) for at in range(far.shape[1])], axis=1)
        if far.shape[1] > 1:
            joint = _p(_joint(far, known), fresh, known)
            p = np.concatenate([p, joint[:, None]], axis=1)
        least = np.minimum(1.0, p.min(axis=1) * p.shape[1])
        flagged = np.flatnonzero(benjamini_hochberg(least, _SHARE))
        flagged = flagged[np.argsort(least[flagged], kind="stable")]
        where = np.bincount(p[flagged].argmin(axis=1), minlength=len(names) + 1)[: len(names)]
        told = [names[at] for at in np.argsort(-where, kind="stable") if where[at]][:_NAMED]
        whose = "the accepted rows" if subject.compared else "the rows"
        text = f"values lie further out than the tail of {whose} reaches (false discovery rate {_SHARE:.0%})"
        rows = subject.at(fresh[flagged])
        return DetectorResult(
            self.name,
            statistic=flagged.size / fresh.size,
            meaning="share of rows further out than chance explains",
            index=subject.at(fresh),
            scores=-np.log10(np.maximum(least, 1e-300)),
            score_meaning="-log10 of the row's smallest p-value over its columns (Bonferroni)",
            row_p=least,
            alarms=(Alarm(Kind.OUTLIERS, text, rows, tuple(told)),) if flagged.size else (),
            precision=1.0 - _SHARE if flagged.size else None,
            facts={"outlying_rows": int(flagged.size)},
        )


def _far(numbers: FloatArray, known: IntArray) -> FloatArray:
    """Signed distance from the median in MADs; nan where the value is missing."""
    centre, spread = robust_scale(numbers[known])
    return np.asarray((numbers - centre) / spread)


def _p(far: FloatArray, fresh: IntArray, known: IntArray) -> FloatArray:
    """Both tails by themselves, so that a skewed column is judged on the side that is short."""
    result = np.ones(fresh.size)
    for side in (1.0, -1.0):
        sizes = np.maximum(side * far, 0.0)
        seen = ~np.isnan(far[known])
        found = tail_p(np.nan_to_num(sizes[fresh]), sizes[known][seen])
        result = np.minimum(result, 2 * found)
    return np.asarray(np.minimum(1.0, result))


def _joint(far: FloatArray, known: IntArray) -> FloatArray:
    """Mahalanobis distance within columns whose values are bent beyond three MADs: what is odd together."""
    from sklearn.covariance import LedoitWolf

    bent = np.clip(np.nan_to_num(far), -3.0, 3.0)
    return np.asarray(np.sqrt(LedoitWolf().fit(bent[known]).mahalanobis(bent)))
