"""Digests tell different rows apart, whatever their types, and the key never shows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from tdsec_gov.detect.data.digests import Digester, first_seen

KEY = bytes(range(32))
VALUES = [
    pl.Series([0, 1, -1, 2**62, -(2**62), None]),
    pl.Series([0, 1, 2**64 - 1, 2**63, None], dtype=pl.UInt64),
    pl.Series([0.0, 1.5, float("nan"), float("inf"), float("-inf"), 5e-324, None]),
    pl.Series(["", "a", "ab", "a ", "\u00e4", "a" * 10_000, None]),
    pl.Series([True, False, None]),
    pl.Series([Decimal("1.1"), Decimal("1.2"), None]),
    pl.Series([dt.date(2026, 1, 1), dt.date(2026, 1, 2), None]),
    pl.Series([dt.timedelta(1), dt.timedelta(2), None]),
    pl.Series([dt.time(1), dt.time(2), None]),
    pl.Series([0, 2**100, None], dtype=pl.Int128),
    pl.Series(["x", "y", None], dtype=pl.Categorical),
]


@pytest.mark.parametrize("values", VALUES, ids=lambda one: str(one.dtype))
def test_every_two_values_differ_and_equal_ones_meet(values):
    twice = pl.concat([values, values.reverse()]).alias("a").to_frame()
    digests = Digester(KEY).rows(twice)
    assert len({tuple(one) for one in digests.tolist()}) == len(values)
    assert (digests[: len(values)] == digests[len(values) :][::-1]).all()


def test_values_do_not_wander_between_columns():
    frame = pl.DataFrame({"a": ["x", "y", None, "z", "z"], "b": ["y", "x", "z", None, "z"]})
    assert np.unique(Digester(KEY).rows(frame), axis=0).shape[0] == frame.height


def test_both_zeros_are_one():
    assert np.unique(Digester(KEY).rows(pl.DataFrame({"a": [0.0, -0.0]})), axis=0).shape[0] == 1


def test_batches_agree_under_one_key_and_not_under_another():
    frame = pl.DataFrame({"a": range(50), "b": [str(one % 7) for one in range(50)]})
    first, other = Digester(), Digester()
    whole = first.rows(frame)
    assert (
        np.concatenate([Digester(first.key).rows(one) for one in (frame[:20], frame[20:])]) == whole
    ).all()
    assert not (other.rows(frame) == whole).any()


def test_bits_of_digests_are_even():
    """A lane that were constant, or a multiplier of zero, would show here (20 000 digests, 6 sigma)."""
    digests = Digester(KEY).rows(pl.DataFrame({"a": np.arange(20_000)}))
    bits = np.unpackbits(digests.view(np.uint8), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 6 * 0.5 / np.sqrt(20_000)


def test_the_first_of_its_kind_is_found_also_where_halves_agree():
    digests = np.array([[7, 1], [3, 5], [7, 2], [7, 1], [3, 5], [0, 0]], dtype=np.uint64)
    assert first_seen(digests).tolist() == [0, 1, 2, 0, 1, 5]
    assert first_seen(digests[:0]).size == 0
