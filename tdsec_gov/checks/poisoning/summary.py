"""The verdict in three words, for a first glance; what decides are the p-values and the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tdsec_gov.checks.poisoning.codes import GAP
from tdsec_gov.detect.contract import Role
from tdsec_gov.detect.suite import Examined
from tdsec_gov.detect.types import IntArray
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity


def summary(looks: Sequence[Examined], findings: Iterable[Finding]) -> dict[str, JsonValue]:
    """``risk`` is high where something denies, medium where something warns, else low; ``suspicious_rate``
    the share of the rows under examination (drawn or not) that an alarm names, shift apart."""
    weights = {one.severity for one in findings if one.code != GAP}
    risk = "high" if Severity.DENY in weights else "medium" if Severity.WARN in weights else "low"
    named = [rows for one in looks for rows in _named(one)]
    flagged = int(np.unique(np.concatenate(named)).size) if named else 0
    diffs = [one.subject.diff for one in looks]
    rows = max(int(np.count_nonzero(diff.added | diff.relabelled)) for diff in diffs)
    return {
        "risk": risk,
        "suspicious_rate": round(flagged / rows, 6) if rows else 0.0,
        "rows_flagged": flagged,
        "rows_examined": rows,
    }


def _named(examined: Examined) -> Iterator[IntArray]:
    """Rows of this version that alarms name, counted from its first row."""
    before = int(np.count_nonzero(~examined.subject.stack.current))
    for one in examined.ran:
        if one.detector.role is not Role.DRIFT:
            yield from (alarm.rows - before for alarm in one.result.alarms if alarm.rows.size)
