"""Near-duplicates: do new rows nearly repeat accepted rows of another label?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.items.minhash import near_pairs, signatures
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.models.nearest import LEAST as ROUNDING
from tdsec_gov.detect.models.nearest import nearest_of_class
from tdsec_gov.detect.statistics.strata import conformal_p, hypergeometric
from tdsec_gov.detect.types import BoolArray, FloatArray, IntArray

_LEAST = 100
_MOST = 10_000
_NEAR = 0.25
"""Share of the accepted rows whose nearest neighbour is as near as a near-duplicate must be."""
_CLOSER = 2.0
_ALIKE = 0.6
_TUNE = 1_000


class NearDuplicates:
    """Accepted rows are parted in *known* ones (two thirds) and *own* ones. A row conflicts when the nearest
    known row of another label is near, and twice as near as any of its own label (texts: by the words that
    they share; the rest: by distance). Own and new rows are looked up in the same known rows, so under "more
    of the same" the count of conflicts among the new ones is hypergeometric within each class, and ``p``
    exact. Where it is at most the level, the rows to name are looked for beside all accepted rows.
    """

    name: ClassVar[str] = "near_duplicates"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.TEST
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = True
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.TARGETED, Attack.AVAILABILITY)
    not_addressed: ClassVar[tuple[str, ...]] = (
        "copies of accepted rows under another label that are fewer than about one in a hundred new rows",
    )

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or fewer than 100 accepted rows."""
        if subject.fresh.size == 0 or not subject.columns:
            raise NotRunnable("no row was added" if subject.columns else "there is no column of content")
        if subject.accepted.size < _LEAST:
            raise NotRunnable(f"near-duplicates need {_LEAST} accepted rows")
        rng = subject.rng()
        accepted = rng.permutation(subject.accepted)[: 2 * _MOST]
        own, known = np.sort(accepted[: accepted.size // 3]), accepted[accepted.size // 3 :][:_MOST]
        fresh = np.sort(rng.permutation(subject.fresh)[:_MOST])
        score = contrast(subject, np.concatenate([own, fresh]), known, rng)
        labels = subject.labels
        p, expected = excess(score[: own.size], labels[own], score[own.size :], labels[fresh])
        strange = score[own.size :]
        usual = expected / max(1, int((strange > 0).sum()))
        row_p = conformal_p(score[: own.size], labels[own], strange, labels[fresh])
        if p <= subject.level:
            everyone = np.concatenate([known, own])[:_MOST]
            strange = np.maximum(strange, contrast(subject, fresh, everyone, subject.rng()))
        found = np.flatnonzero(strange > 0)
        found = found[np.argsort(-strange[found], kind="stable")]
        rows = subject.at(fresh[found])
        text = (
            f"new rows nearly repeat accepted rows of another label (p {p:.1e}; about {expected:.0f} such "
            "rows are usual), the nearest first"
        )
        left = subject.fresh.size - fresh.size
        return DetectorResult(
            self.name,
            p=p,
            statistic=found.size / fresh.size,
            meaning="share of the new rows that nearly repeat an accepted row of another label",
            index=subject.at(fresh),
            scores=strange,
            score_meaning="log2 of how many times nearer the other label is than the own one; 0 if not near",
            row_p=row_p,
            alarms=(Alarm(Kind.NEIGHBOURS, text, rows, (subject.stack.label_name,), p=p),)
            if found.size
            else (),
            precision=max(0.0, 1.0 - usual) if found.size else None,
            facts={"conflicts": int(found.size), "conflicts_expected": round(expected, 2)},
            notes=(f"near-duplicates of {left} rows beyond {_MOST}",) if left else (),
        )


def excess(
    old: FloatArray, old_labels: IntArray, new: FloatArray, new_labels: IntArray
) -> tuple[float, float]:
    """P-value that rows with a score above 0 are no more frequent among the new rows than among the old
    ones of their class (convolved hypergeometric), and how many are to be expected among the new."""
    pmf, seen, expected = np.ones(1), 0, 0.0
    for label in np.unique(new_labels):
        ours, theirs = new[new_labels == label] > 0, old[old_labels == label] > 0
        total, drawn = ours.size + theirs.size, int(ours.sum() + theirs.sum())
        if theirs.size == 0:
            continue
        seen += int(ours.sum())
        expected += ours.size * float(theirs.mean())
        pmf = np.convolve(pmf, hypergeometric(total, ours.size, drawn))
    return float(min(1.0, pmf[seen:].sum())), expected


def contrast(subject: Subject, rows: IntArray, known: IntArray, rng: np.random.Generator) -> FloatArray:
    """How much nearer a near-duplicate of another label is than any row of the own one: shape (rows,), 0
    where there is no conflict. What is learned is learned from ``known`` alone."""
    result = np.zeros(rows.size)
    for column in subject.columns:
        if column.tokens is not None:
            result = np.maximum(result, _texts(column.tokens, subject.labels, rows, known))
    if not any(column.tokens is not None for column in subject.columns):
        result = _distances(subject, rows, known, rng)
    return result


def _texts(tokens: tuple[IntArray, ...], labels: IntArray, rows: IntArray, known: IntArray) -> FloatArray:
    left, right, share = near_pairs(signatures(tokens, rows), signatures(tokens, known), _ALIKE)
    same = labels[rows[left]] == labels[known[right]]
    best = np.zeros((2, rows.size))
    np.maximum.at(best, (same.astype(np.int64), left), share)
    gap = 1.0 - np.minimum(best, 1.0 - 1e-3)
    return _conflict(gap[1], gap[0], best[0] > 0)


def _distances(subject: Subject, rows: IntArray, known: IntArray, rng: np.random.Generator) -> FloatArray:
    vectors = fit_embedding(subject.columns, known, rng)
    base, labels = vectors.features(known), subject.labels
    some = nearest_of_class(base[:_TUNE], base, labels[known], subject.classes, itself=True)
    near = max(float(np.quantile(some.min(axis=1), _NEAR)), ROUNDING)
    away = nearest_of_class(vectors.features(rows), base, labels[known], subject.classes)
    at = np.arange(rows.size)
    same = away[at, labels[rows]]
    away[at, labels[rows]] = np.inf
    other = away.min(axis=1)
    return _conflict(same, other, other <= near)


def _conflict(same: FloatArray, other: FloatArray, near: BoolArray) -> FloatArray:
    far = np.minimum(same, 1e6)
    ratio = np.log2(far / np.minimum(other, far))
    return np.asarray(np.where(near & (other * _CLOSER <= far), np.maximum(ratio, 0.0), 0.0))
