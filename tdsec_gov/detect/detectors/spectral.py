"""Spectral signatures: do new rows stand out along the main direction of their class in a network?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.second_opinion import drawn, judged
from tdsec_gov.detect.models.small_net import fit_net
from tdsec_gov.detect.types import FloatArray, IntArray


class SpectralSignatures:
    """Tran, Li & Madry 2018 on a small network that learns from accepted and new rows together: the squared
    share of each row's activations in the first singular direction of its class. The published rule flags a
    fixed part of every class; here the new rows are counted against the accepted ones."""

    name: ClassVar[str] = "spectral_signatures"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.BACKDOOR,)
    not_addressed: ClassVar[tuple[str, ...]] = ("triggers that a small network does not learn",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or too few accepted rows."""
        rng = subject.rng()
        rows = drawn(subject, rng)
        net = fit_net(subject.columns, subject.labels, subject.classes, rows.both, rng)
        labels = subject.labels[rows.both]
        score = outlying(net.hidden(rows.both), labels)
        cut = rows.accepted.size
        found = judged(score[:cut], labels[:cut], score[cut:], labels[cut:])
        text = (
            f"in a network, new rows stand apart from accepted rows of their class (p {found.p:.1e}, limit "
            f"{rows.level:.1e}), the furthest first"
        )
        alarm = Alarm(Kind.REPRESENTATION, text, subject.at(rows.fresh[found.worst]), p=found.p)
        alarmed = found.p <= rows.level
        return DetectorResult(
            self.name,
            p=found.p,
            statistic=found.p,
            meaning="p-value that the new rows lie in the network as the accepted ones do",
            index=subject.at(rows.fresh),
            scores=score[cut:],
            score_meaning="squared share in the first singular direction of the class's activations",
            row_p=found.row_p,
            alarms=(alarm,) if alarmed else (),
            precision=found.precision if alarmed else None,
            notes=rows.notes,
        )


def outlying(hidden: FloatArray, labels: IntArray) -> FloatArray:
    """Squared projection on the first right singular vector of the centred activations of each class, shape
    (rows,), from (rows, units)."""
    result = np.zeros(labels.size)
    for label in np.unique(labels):
        mine = labels == label
        centred = hidden[mine] - hidden[mine].mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        result[mine] = (centred @ axes[:, -1]) ** 2
    return result
