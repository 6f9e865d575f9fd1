"""Against the last accepted version: categories that are new, that vanished, or whose shares moved.

A column counts as categorical with at most 50 distinct values in both versions. Values are counted here and
now, never kept and never named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.checks.tables import NULLS, scan_batches, table_format
from tdsec_gov.domain.findings import Finding, Severity

MAX_CATEGORIES = 50
MAX_TABLES = 256
"""Tables of a version that are read for this; a dataset of more is not looked at."""
_CERTAIN = 7.0
"""A category with this many expected rows is missing by chance once in 1,000 times (exp(-7))."""
_NOISE = 2.0

Counts = dict[str, Counter[Any]]


def category_drift(
    now: Sequence[DataFile], before: Sequence[DataFile], limit: float, severity: Severity
) -> list[Finding]:
    """TDS213 new, TDS214 vanished, TDS215 moved by more than ``limit`` (total variation distance)."""
    try:
        new, old = _counted(now), _counted(before)
    except Unreadable:
        return []  # said elsewhere: an unreadable table denies
    found = []
    for name in new.keys() & old.keys():
        found += _compared(name, new[name], old[name], limit, severity)
    return sorted(found, key=lambda one: (one.code, one.column or ""))


def _compared(
    name: str, new: Counter[Any], old: Counter[Any], limit: float, severity: Severity
) -> list[Finding]:
    rows, was = new.total(), old.total()
    if not rows or not was:
        return []
    found = []
    appeared = [new[one] for one in new.keys() - old.keys() if new[one] * was > _CERTAIN * rows]
    gone = [old[one] for one in old.keys() - new.keys() if old[one] * rows > _CERTAIN * was]
    if appeared:
        words = f"{len(appeared)} categories that the last accepted version had not"
        found.append(Finding("TDS213", severity, words, column=name, count=sum(appeared)))
    if gone:
        words = f"{len(gone)} categories of the last accepted version are gone"
        found.append(Finding("TDS214", severity, words, column=name, count=sum(gone)))
    shares = [(new[one] / rows, old[one] / was) for one in new.keys() | old.keys()]
    moved = sum(abs(a - b) for a, b in shares) / 2
    noise = sum(math.sqrt((a + b) / 2 * (1 - (a + b) / 2) * (1 / rows + 1 / was)) for a, b in shares) / 2
    if moved > limit + _NOISE * noise:
        words = f"{moved:.0%} of the rows would have to change their category to be as before"
        found.append(Finding("TDS215", severity, words, column=name))
    return found


def _counted(files: Sequence[DataFile]) -> Counts:
    """Rows by category, of each column that has few; empty values are left out."""
    counts: Counts = {}
    closed: set[str] = set()
    for file in files:
        for batch in scan_batches(file):
            for index, field in enumerate(batch.schema):
                name = shown_column(field.name, index)
                if name not in closed and not _add(counts.setdefault(name, Counter()), batch.column(index)):
                    closed.add(name)
                    del counts[name]
    if any(table_format(file) in ("csv", "tsv") for file in files):
        for counter in counts.values():
            for one in NULLS:
                counter.pop(one, None)
    return counts


def _add(counter: Counter[Any], column: Any) -> bool:
    """Count a batch; False when the column is not categorical."""
    import pyarrow

    kind = column.type
    types = pyarrow.types
    if types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    simple = (
        types.is_integer(kind)
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_null(kind)
    )
    if not simple:
        return False
    counted = column.drop_null().value_counts()
    if len(counted) > MAX_CATEGORIES + len(NULLS):
        return False
    for one in counted.to_pylist():
        value = one["values"]
        counter[str(value).lower() if isinstance(value, bool) else str(value)] += one["counts"]
    return len(counter) <= MAX_CATEGORIES + len(NULLS)
