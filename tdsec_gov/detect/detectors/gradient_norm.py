"""Gradient norms: would new rows pull a network that learned from accepted rows harder than these do?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.second_opinion import drawn, judged
from tdsec_gov.detect.models.small_net import SmallNet, fit_net
from tdsec_gov.detect.types import FloatArray, IntArray


class GradientNorm:
    """A network learns from one half of the accepted rows; each row of the other half and each new row is
    scored by the length of the gradient of its loss in the last layer, which bounds what one step on it would
    change (after Hong et al. 2020 and the screens for gradient matching)."""

    name: ClassVar[str] = "gradient_norm"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.AVAILABILITY, Attack.TARGETED, Attack.CLEAN_LABEL)
    not_addressed: ClassVar[tuple[str, ...]] = ("crafted rows whose label the accepted rows would give",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or too few accepted rows."""
        rng = subject.rng()
        rows = drawn(subject, rng)
        mixed = rng.permutation(rows.accepted)
        train, own = mixed[: mixed.size // 2], mixed[mixed.size // 2 :]
        net = fit_net(subject.columns, subject.labels, subject.classes, train, rng)
        labels = subject.labels
        score = pull(net, rows.fresh, labels[rows.fresh])
        found = judged(pull(net, own, labels[own]), labels[own], score, labels[rows.fresh])
        text = (
            f"new rows would pull a network harder than accepted rows do (p {found.p:.1e}, limit "
            f"{rows.level:.1e}), the hardest first"
        )
        alarmed = found.p <= rows.level
        alarm = Alarm(Kind.GRADIENTS, text, subject.at(rows.fresh[found.worst]), p=found.p)
        return DetectorResult(
            self.name,
            p=found.p,
            statistic=float(np.median(score)),
            meaning="median length of the gradient in the last layer",
            index=subject.at(rows.fresh),
            scores=score,
            score_meaning="length of the gradient of the row's loss in the last layer",
            row_p=found.row_p,
            alarms=(alarm,) if alarmed else (),
            precision=found.precision if alarmed else None,
            notes=rows.notes,
        )


def pull(net: SmallNet, index: IntArray, labels: IntArray) -> FloatArray:
    """Length of the gradient of the cross-entropy in weights and biases of the last layer, shape (rows,): the
    error of the probabilities times the length of the activations (with the bias as one more unit)."""
    hidden = net.hidden(index)
    error = net.probabilities(hidden)
    error[np.arange(index.size), labels] -= 1.0
    return np.asarray(np.linalg.norm(error, axis=1) * np.sqrt(1.0 + (hidden**2).sum(axis=1)))
