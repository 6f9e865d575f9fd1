"""Deep neighbours: do new rows lie, in a network, among accepted rows of another label?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.second_opinion import drawn, judged
from tdsec_gov.detect.models.small_net import fit_net
from tdsec_gov.detect.types import FloatArray, IntArray

_NEAREST = 50
_CELLS = 2_000_000


class DeepNeighbours:
    """Deep k-NN (Peri et al. 2020) against the accepted version: a network learns from one half of the
    accepted rows, and each row of the other half and each new row is scored by the labels of its nearest rows
    of that half in the last hidden layer."""

    name: ClassVar[str] = "deep_neighbours"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.CLEAN_LABEL, Attack.TARGETED)
    not_addressed: ClassVar[tuple[str, ...]] = ("crafted rows that only another network would misplace",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or too few accepted rows."""
        rng = subject.rng()
        rows = drawn(subject, rng)
        mixed = rng.permutation(rows.accepted)
        train, own = mixed[: mixed.size // 2], mixed[mixed.size // 2 :]
        labels = subject.labels
        net = fit_net(subject.columns, labels, subject.classes, train, rng)
        base, theirs = net.hidden(train), labels[train]
        score = strangers(net.hidden(rows.fresh), labels[rows.fresh], base, theirs)
        calibration = strangers(net.hidden(own), labels[own], base, theirs)
        found = judged(calibration, labels[own], score, labels[rows.fresh])
        text = (
            f"in a network, new rows lie among accepted rows of other labels (p {found.p:.1e}, limit "
            f"{rows.level:.1e}), the deepest first"
        )
        alarmed = found.p <= rows.level
        alarm = Alarm(Kind.REPRESENTATION, text, subject.at(rows.fresh[found.worst]), p=found.p)
        return DetectorResult(
            self.name,
            p=found.p,
            statistic=float((score > 0.5).mean()),
            meaning="share of the new rows that lie among other labels",
            index=subject.at(rows.fresh),
            scores=score,
            score_meaning="share of other labels among the nearest accepted rows, near ones counting more",
            row_p=found.row_p,
            alarms=(alarm,) if alarmed else (),
            precision=found.precision if alarmed else None,
            notes=rows.notes,
        )


def strangers(hidden: FloatArray, labels: IntArray, base: FloatArray, base_labels: IntArray) -> FloatArray:
    """Share of other labels among the 50 (at most a tenth) nearest rows of ``base``, shape (rows,); each
    counts by the inverse of its distance, so that few rows tie."""
    count = max(1, min(_NEAREST, base.shape[0] // 10))
    size = (base**2).sum(axis=1)
    result = np.empty(labels.size)
    step = max(1, _CELLS // base.shape[0])
    for start in range(0, labels.size, step):
        mine = hidden[start : start + step]
        squares = (mine**2).sum(axis=1)[:, None] + size - 2 * mine @ base.T
        near = np.argpartition(squares, count - 1, axis=1)[:, :count]
        away = np.sqrt(np.maximum(np.take_along_axis(squares, near, axis=1), 0.0))
        weight = 1.0 / (away + away.mean(axis=1, keepdims=True) * 0.1 + 1e-9)
        other = base_labels[near] != labels[start : start + step, None]
        result[start : start + step] = (weight * other).sum(axis=1) / weight.sum(axis=1)
    return result
