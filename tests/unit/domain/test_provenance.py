"""Provenance records: what was written is read back; anything else is refused."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.provenance import Provenance
from tdsec_gov.errors import IntegrityError

GOOD = Provenance(
    dataset="data/a.csv",
    root="a" * 64,
    content="b" * 64,
    files=1,
    size=3,
    source="s",
    source_sha256="c" * 64,
    location="https://example.org/a.csv",
    collector="tdsec-gov 0",
    collected_at="2026-01-01T00:00:00Z",
    pinned=True,
)


def test_what_was_written_is_read_back() -> None:
    for one in (GOOD, replace(GOOD, content=None, files=7, pinned=False)):
        assert Provenance.from_bytes(one.to_bytes()) == one


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("root", "A" * 64),
        ("content", "b"),
        ("files", -1),
        ("files", True),
        ("size", 1.5),
        ("source", ""),
        ("location", None),
        ("location", "x" * 5000),
        ("collected_at", "2026-01-01T00:00:00+00:00"),
        ("collected_at", "yesterdayZ"),
        ("pinned", 1),
        ("format", "tdsec-provenance/v2"),
        ("more", 1),
    ],
)
def test_a_malformed_field_is_refused(field: str, value: Any) -> None:
    body = json.loads(GOOD.to_bytes()) | {field: value}
    with pytest.raises(IntegrityError):
        Provenance.from_bytes(canonical_bytes(body))


@given(st.binary(max_size=60), st.integers(0, 400))
def test_other_bytes_are_refused(junk: bytes, at: int) -> None:
    data = GOOD.to_bytes()
    with contextlib.suppress(IntegrityError):
        Provenance.from_bytes(junk)
        raise AssertionError("junk was read")
    changed = data[: at % len(data)] + junk + data[at % len(data) :]
    with contextlib.suppress(IntegrityError):
        assert Provenance.from_bytes(changed).to_bytes() == changed
