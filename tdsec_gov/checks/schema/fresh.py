"""The newest date of a column is not too old, and not in the future."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.schema.textvalues import parsed
from tdsec_gov.checks.tables import guarded, scan_batches
from tdsec_gov.domain.findings import Finding, Severity

_AHEAD = timedelta(days=1)
"""Clocks and time zones differ by less than this."""


def freshness(
    files: Sequence[DataFile], columns: Sequence[str], max_age: float | None, now: datetime
) -> list[Finding]:
    """TDS216 stale, TDS217 in the future, TDS218 no dates to look at; the date itself is not said."""
    if not columns:
        return []
    try:
        newest = _newest(files, columns)
    except Unreadable:
        return []  # said elsewhere: an unreadable table denies
    found = []
    for name, date in newest.items():
        if date is None:
            found.append(Finding("TDS218", Severity.DENY, "no date can be read in this column", column=name))
        elif max_age is not None and now - date > timedelta(days=max_age):
            words = f"the newest date is more than {max_age:g} days ago"
            found.append(Finding("TDS216", Severity.DENY, words, column=name))
        elif date - now > _AHEAD:
            words = "the newest date lies in the future"
            found.append(Finding("TDS217", Severity.WARN, words, column=name))
    return found


def _newest(files: Sequence[DataFile], columns: Sequence[str]) -> dict[str, datetime | None]:
    import polars

    newest: dict[str, datetime | None] = dict.fromkeys(columns)
    for file in files:
        with guarded(file):
            for batch in scan_batches(file):
                known = [name for name in columns if name in batch.schema.names]
                frame = polars.DataFrame(polars.from_arrow(batch.select(known)))
                for name in known:
                    newest[name] = _later(newest[name], _latest(frame[name]))
    return newest


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((date for date in (one, other) if date is not None), default=None)


def _latest(series: Any) -> datetime | None:
    """The latest point in time of a column; a time without a zone is taken as UTC."""
    import polars

    kind = series.dtype
    if kind == polars.String:
        frame = series.alias("v").to_frame()
        forms = [parsed("v", polars.Datetime("us", "UTC")), parsed("v", polars.Datetime("us"))]
        series = frame.select(polars.coalesce(forms[0], forms[1].dt.replace_time_zone("UTC")))["v"]
    elif kind == polars.Date:
        series = series.cast(polars.Datetime("us"))
    elif not isinstance(kind, polars.Datetime):
        return None
    date = series.max()
    if not isinstance(date, datetime):
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
