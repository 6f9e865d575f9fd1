"""Canonical bytes: the quick way and rfc8785's agree, and only they are read back."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.canonical import canonical_bytes, parse_canonical
from tdsec_gov.errors import IntegrityError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_as_rfc8785_writes_it(value: object) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_read_back(value: dict[str, object]) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@pytest.mark.parametrize(
    "loose",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":NaN}',
        b"[1]",
        b'{"a":"\\u0041"}',
        b"\xff",
    ],
)
def test_anything_loose_is_refused(loose: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_canonical(loose)


@given(st.dictionaries(TEXT, VALUES, max_size=4), st.integers(0, 3))
def test_another_layout_is_refused(value: dict[str, object], indent: int) -> None:
    data = json.dumps(value, indent=indent).encode()
    if data != canonical_bytes(value):
        with pytest.raises(IntegrityError):
            parse_canonical(data)
