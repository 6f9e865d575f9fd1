"""A range of time, and how people write one: a day in UTC, or an RFC 3339 time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from tdsec_gov.errors import IntegrityError, UsageError

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """A range of time; ``since`` None is the beginning, ``until`` is not included."""

    since: dt.datetime | None
    until: dt.datetime

    @classmethod
    def of(cls, since: str | None, until: str | None, now: dt.datetime) -> Window:
        """The range that a user wrote: days from midnight UTC to the end of the last one, or times.

        Without ``since`` from the beginning, without ``until`` up to now.

        Raises:
            UsageError: not a date or time, or the end is not after the start.
        """
        start = None if since is None else read_moment(since, "--from")
        if until is None:
            end = now.astimezone(dt.UTC).replace(microsecond=0) + dt.timedelta(seconds=1)
        else:
            end = read_moment(until, "--to", end_of_day=True)
        if start is not None and start >= end:
            raise UsageError("the range ends before it starts", expected="--from DATE not after --to DATE")
        return cls(start, end)

    def holds(self, text: str) -> bool:
        """Whether an event's time lies in the range. Raises IntegrityError when it is malformed."""
        when = moment(text)
        return (self.since is None or when >= self.since) and when < self.until


def read_moment(text: str, where: str, *, end_of_day: bool = False) -> dt.datetime:
    """What ``YYYY-MM-DD`` or an RFC 3339 time with a zone means, in UTC.

    Raises:
        UsageError: neither.
    """
    try:
        found = dt.datetime.fromisoformat(text)
        if _DAY.match(text):
            found = found.replace(tzinfo=dt.UTC) + dt.timedelta(days=1 if end_of_day else 0)
        if found.tzinfo is None:
            raise ValueError("no zone")
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            "not a date or time", where=where, expected="YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ"
        ) from None


def moment(text: str) -> dt.datetime:
    """An event's time. Raises IntegrityError when it is not RFC 3339 with a zone."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise IntegrityError("event time is not RFC 3339 in UTC")
    return found
