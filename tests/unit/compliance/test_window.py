"""Ranges as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from tdsec_gov.compliance.window import Window
from tdsec_gov.errors import IntegrityError, UsageError

NOW = dt.datetime(2026, 5, 4, 12, 0, 0, 700_000, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("since", "until", "time", "inside"),
    [
        (None, None, "0001-01-01T00:00:00Z", True),
        (None, None, "2026-05-04T12:00:00.7Z", True),
        (None, None, "2026-05-04T12:00:01Z", False),
        ("2026-01-01", None, "2025-12-31T23:59:59.999999Z", False),
        ("2026-01-01", None, "2026-01-01T00:00:00Z", True),
        (None, "2026-01-31", "2026-01-31T23:59:59.9Z", True),
        (None, "2026-01-31", "2026-02-01T00:00:00Z", False),
        (None, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z", False),
        ("2026-01-31T10:00:00+02:00", None, "2026-01-31T08:00:00Z", True),
        ("2026-01-31T10:00:00+02:00", None, "2026-01-31T07:59:59Z", False),
        ("2026-01-31", "2026-01-31", "2026-01-31T12:00:00Z", True),
    ],
)
def test_bounds(since: str | None, until: str | None, time: str, inside: bool) -> None:
    assert Window.of(since, until, NOW).holds(time) is inside


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-01-01T00:00:00", "9999-12-31"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Window.of(None, text, NOW)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(UsageError):
        Window.of("2026-02-01", "2026-01-31", NOW)


def test_a_malformed_event_time_is_an_integrity_error() -> None:
    with pytest.raises(IntegrityError):
        Window.of(None, None, NOW).holds("soon")
