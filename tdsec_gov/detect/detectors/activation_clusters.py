"""Activation clusters: does a class fall into two parts in a network, one of them mostly new rows?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.second_opinion import Drawn, drawn
from tdsec_gov.detect.models.small_net import fit_net
from tdsec_gov.detect.types import BoolArray, FloatArray

_MINOR = 0.35
_SILHOUETTE = 0.1
_DIRECTIONS = 10
_LEAST = 20
_SAMPLE = 500


class ActivationClusters:
    """Chen et al. 2018, guarded: the activations of each class (first ten principal directions) are parted in
    two. Only a smaller part below 35 % of its class, set apart (mean silhouette of 0.1 or more), is looked
    at, and only the count of new rows in it against that of accepted rows (hypergeometric, Bonferroni over
    the classes) makes an alarm: a class that always had two kinds stays quiet."""

    name: ClassVar[str] = "activation_clusters"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.ADVICE
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.BACKDOOR,)
    not_addressed: ClassVar[tuple[str, ...]] = ("poison below a few per cent of a class",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or too few accepted rows."""
        rng = subject.rng()
        rows = drawn(subject, rng)
        net = fit_net(subject.columns, subject.labels, subject.classes, rows.both, rng)
        hidden, labels = net.hidden(rows.both), subject.labels[rows.both]
        new = np.arange(labels.size) >= rows.accepted.size
        score, minor, p = np.zeros(labels.size), np.zeros(labels.size, dtype=np.bool_), {}
        for label in np.unique(labels[new]):
            mine = np.flatnonzero(labels == label)
            if mine.size < _LEAST:
                continue
            parted = parts(hidden[mine], rng)
            score[mine] = parted
            if (parted > 0).mean() < _MINOR and silhouette(hidden[mine], parted > 0, rng) >= _SILHOUETTE:
                minor[mine] = parted > 0
                p[int(label)] = _surplus(minor[mine], new[mine])
        return self._result(subject, rows, score, minor, p)

    def _result(
        self, subject: Subject, rows: Drawn, score: FloatArray, minor: BoolArray, p: dict[int, float]
    ) -> DetectorResult:
        tested = max(1, np.unique(subject.labels[rows.fresh]).size)
        told = [label for label, one in sorted(p.items()) if one * tested <= rows.level]
        least = min(1.0, tested * min(p.values(), default=1.0))
        labels, cut = subject.labels[rows.both], rows.accepted.size
        flagged = np.flatnonzero((minor > 0) & np.isin(labels, told))
        own, strange = flagged[flagged < cut], flagged[flagged >= cut] - cut
        strange = strange[np.argsort(-score[cut:][strange], kind="stable")]
        usual = own.size / cut * rows.fresh.size / max(1, strange.size)
        text = (
            f"in a network, {len(told)} classes fall into two parts, the smaller one mostly new rows (p "
            f"{least:.1e}, limit {rows.level:.1e})"
        )
        alarm = Alarm(Kind.REPRESENTATION, text, subject.at(rows.fresh[strange]), p=least)
        return DetectorResult(
            self.name,
            p=least,
            statistic=float(len(p)),
            meaning="classes that fall into two parts, the smaller one below 35 %",
            index=subject.at(rows.fresh),
            scores=score[cut:],
            score_meaning="how much nearer to the smaller part of the class, in its standard deviations",
            alarms=(alarm,) if told else (),
            precision=max(0.0, 1.0 - usual) if told else None,
            facts={"classes_in_two_parts": len(p), "classes_told": len(told)},
            notes=rows.notes,
        )


def parts(hidden: FloatArray, rng: np.random.Generator) -> FloatArray:
    """How much nearer each row is to the centre of the smaller of two clusters than to that of the larger:
    shape (rows,), above 0 for rows of the smaller. 2-means from eight drawn starts."""
    from sklearn.cluster import KMeans

    centred = hidden - hidden.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    near = centred @ axes[:, -_DIRECTIONS:]
    spread = float(np.sqrt((near**2).sum(axis=1).mean())) or 1.0
    found = KMeans(2, n_init=8, random_state=int(rng.integers(2**31))).fit(near)
    away = np.sqrt(((near[:, None] - found.cluster_centers_) ** 2).sum(axis=2))
    smaller = int((found.labels_ == 1).mean() < 0.5)
    return np.asarray((away[:, 1 - smaller] - away[:, smaller]) / spread)


def silhouette(hidden: FloatArray, minor: BoolArray, rng: np.random.Generator) -> float:
    """Mean silhouette (Rousseeuw 1987) of the two parts over at most 500 drawn rows of each; 0: one is
    empty."""
    from sklearn.metrics import silhouette_score

    some = [rng.permutation(np.flatnonzero(minor == one))[:_SAMPLE] for one in (False, True)]
    if min(one.size for one in some) < 2:
        return 0.0
    index = np.concatenate(some)
    return float(silhouette_score(hidden[index], minor[index]))


def _surplus(minor: BoolArray, new: BoolArray) -> float:
    """P-value that the smaller part holds no more new rows than the class does (hypergeometric)."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(int((minor & new).sum()) - 1, new.size, int(new.sum()), int(minor.sum())))
