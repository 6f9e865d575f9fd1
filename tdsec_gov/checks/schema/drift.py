"""Against the last accepted version: how many rows, and what share of each column is empty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tdsec_gov.checks.contract import Memory
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity

_NOISE = 3.0
"""Standard errors by which two samples of the same thing may differ without a word."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """A memory that recalls and does not learn: weights alone are no result of this check."""

    memory: Memory

    def recall(self, keys: Sequence[str]) -> dict[str, JsonValue]:
        return self.memory.recall(keys)

    def remember(self, partials: Mapping[str, JsonValue]) -> None:
        """Forget them."""


@dataclass(slots=True)
class Totals:
    """Rows of a version; by column how many rows have it and how many of these are empty."""

    rows: int = 0
    having: dict[str, int] = field(default_factory=dict)
    empty: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    @classmethod
    def of(cls, partials: Iterable[JsonValue]) -> Totals:
        """Add up what :mod:`tdsec_gov.checks.schema.examine` said of each table (None: no table)."""
        total = cls()
        for one in partials:
            if not isinstance(one, dict):
                continue
            rows, empty = one.get("rows"), one.get("empty")
            if not isinstance(rows, int) or not isinstance(empty, dict):
                total.unreadable += 1
                continue
            total.rows += rows
            for name, count in empty.items():
                total.having[name] = total.having.get(name, 0) + rows
                total.empty[name] = total.empty.get(name, 0) + (count if isinstance(count, int) else 0)
        return total


def volume(now: Totals, before: Totals | None, least: int, change: float | None) -> list[Finding]:
    """Too few rows (TDS209), or their number moved too far (TDS210, TDS211).

    Nothing is said while a table is unreadable: that denies already, and its rows are not known.
    """
    if now.unreadable:
        return []
    if now.rows < least:
        return [Finding("TDS209", Severity.DENY, f"fewer rows than the {least} asked for", count=now.rows)]
    if change is None or before is None:
        return []
    if before.unreadable:
        words = "the rows of the last accepted version cannot be counted"
        return [Finding("TDS211", Severity.DENY, words, count=before.unreadable)]
    if abs(now.rows - before.rows) <= change * before.rows:
        return []
    words = f"{now.rows} rows, {before.rows} in the last accepted version"
    return [Finding("TDS210", Severity.DENY, words, count=now.rows)]


def null_drift(now: Totals, before: Totals, limit: float, severity: Severity) -> list[Finding]:
    """Columns whose share of empty values moved by more than ``limit`` and more than chance (TDS212)."""
    found = []
    for name in now.having:
        new, old = now.having[name], before.having.get(name, 0)
        if not new or not old:
            continue
        share, was = now.empty[name] / new, before.empty[name] / old
        both = (now.empty[name] + before.empty[name]) / (new + old)
        noise = _NOISE * math.sqrt(both * (1 - both) * (1 / new + 1 / old))
        if abs(share - was) > limit + noise:
            words = f"{share:.1%} of the values are empty, {was:.1%} in the last accepted version"
            found.append(Finding("TDS212", severity, words, column=name, count=now.empty[name]))
    return found
