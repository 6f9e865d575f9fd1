"""Findings from what was seen in each table: severities, totals, and no list that nobody reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.schema.failure import TOLERABLE, Failure
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding

MAX_FILES = 100
"""Files that are named for one fault; the others are counted."""

Seen = Sequence[tuple[DataFile, JsonValue]]
Key = tuple[str, str, str | None]


def findings_of(seen: Seen, share: float, *, one_table: bool) -> list[Finding]:
    """A finding per fault and file. In one table the share of failing rows is that of all files together."""
    rows, counts = _totals(seen)
    found = []
    for file, partial in seen:
        if not isinstance(partial, dict):
            continue
        if "unreadable" in partial:
            found.append(replace(Finding.from_json(partial["unreadable"]), file=file.path))
            continue
        for failure in failures_in(partial):
            one = failure.finding(file.path, int(str(partial["rows"])), share)
            if one_table and failure.count is not None:
                whole = replace(failure, count=counts[_key(failure)])
                one = replace(one, severity=whole.finding(None, rows, share).severity)
            found.append(one)
    return shortened(found)


def worst_share(seen: Seen, extra: Sequence[Finding] = ()) -> float:
    """The largest share of all rows that fail one rule; 1 without rows."""
    rows, counts = _totals(seen)
    for one in extra:
        if one.code in TOLERABLE:
            counts[one.code, one.message, one.column] += one.count or 0
    worst = max((count for key, count in counts.items() if key[0] in TOLERABLE), default=0)
    return worst / rows if rows else 1.0


def failures_in(partial: dict[str, JsonValue]) -> list[Failure]:
    items = partial.get("failures")
    return [Failure.from_json(one) for one in items] if isinstance(items, list) else []


def _key(failure: Failure) -> Key:
    return failure.code, failure.words, failure.column


def _totals(seen: Seen) -> tuple[int, Counter[Key]]:
    rows = 0
    counts: Counter[Key] = Counter()
    for _, partial in seen:
        if isinstance(partial, dict) and "rows" in partial:
            rows += int(str(partial["rows"]))
            for failure in failures_in(partial):
                counts[_key(failure)] += failure.count or 0
    return rows, counts


def shortened(found: list[Finding]) -> list[Finding]:
    """At most 100 files by name for the same fault; what is left over is added up, not dropped."""
    kept: list[Finding] = []
    seen: Counter[Any] = Counter()
    rest: dict[Any, list[Finding]] = {}
    for one in found:
        key = (one.code, one.severity, one.message, one.column)
        seen[key] += 1
        if seen[key] <= MAX_FILES:
            kept.append(one)
        else:
            rest.setdefault(key, []).append(one)
    for group in rest.values():
        count = sum(one.count or 0 for one in group) or None
        words = f"{group[0].message}; the same in {len(group)} more files"
        kept.append(replace(group[0], message=words, file=None, rows=(), count=count))
    return kept
