"""Novelty: which of the new rows are unlike any accepted one?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tdsec_gov.detect.contract import Alarm, Attack, DetectorResult, Kind, NotRunnable, Role
from tdsec_gov.detect.data.subject import Subject
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.models.forest import isolation_p, novel_share
from tdsec_gov.detect.statistics.tails import strangest

_LEAST = 100
_MOST = 20_000


class Novelty:
    """Isolation forest over embedded rows: it learns from a third of the accepted rows and is calibrated
    on the others. ``row_p`` are conformal (Bates et al. 2023), ``p`` counts the new rows among the strangest
    of all, and the share of novel rows is estimated, never assumed."""

    name: ClassVar[str] = "novelty"
    version: ClassVar[str] = "1"
    role: ClassVar[Role] = Role.DRIFT
    reference: ClassVar[bool | None] = True
    labels: ClassVar[bool] = False
    addresses: ClassVar[tuple[Attack, ...]] = (Attack.SHIFT, Attack.AVAILABILITY)
    not_addressed: ClassVar[tuple[str, ...]] = ("odd rows that are fewer than about one in a hundred",)

    def run(self, subject: Subject) -> DetectorResult:
        """Raises NotRunnable: no new row, no content, or fewer than 100 accepted rows."""
        rng = subject.rng()
        if subject.fresh.size == 0 or not subject.columns:
            raise NotRunnable("no row was added" if subject.columns else "there is no column of content")
        if subject.accepted.size < _LEAST:
            raise NotRunnable(f"novelty needs {_LEAST} accepted rows")
        accepted = rng.permutation(subject.accepted)[:_MOST]
        fresh = np.sort(rng.permutation(subject.fresh)[:_MOST])
        third = accepted.size // 3
        train, known = np.sort(accepted[:third]), np.sort(accepted[third:])
        vectors = fit_embedding(subject.columns, train, rng)
        row_p, own, score = isolation_p(*(vectors.features(one) for one in (train, known, fresh)))
        tail = strangest(own, score)
        share = novel_share(row_p)
        text = (
            f"rows are among the strangest (p {tail.p:.1e}; about {tail.precision:.0%} of them are unlike "
            f"the accepted rows); an estimated {share:.0%} of the new rows are of another kind"
        )
        alarm = Alarm(Kind.NOVEL, text, subject.at(fresh[tail.rows]), p=tail.p)
        left = subject.fresh.size - fresh.size
        return DetectorResult(
            self.name,
            p=tail.p,
            statistic=share,
            meaning="estimated share of the new rows that are of another kind",
            index=subject.at(fresh),
            scores=score,
            score_meaning="ease of isolation, 0 to 1",
            row_p=row_p,
            alarms=(alarm,) if tail.rows.size else (),
            precision=tail.precision,
            facts={"novel_share": round(share, 4), "rows_in_tail": int(tail.rows.size)},
            notes=(f"novelty of {left} rows beyond {_MOST}",) if left else (),
        )
