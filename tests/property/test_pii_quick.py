"""Looking at bytes first never changes what a pattern finds."""

from __future__ import annotations

import numpy
import pyarrow
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.checks.pii import patterns, quick
from tdsec_gov.checks.pii.normal import ODD

PIECES = st.sampled_from(
    [
        *(
            "1",
            "-2.5e7",
            " ",
            "\t",
            "\u00a0",
            "\\u0041",
            "\\n",
            "&#",
            "&commat",
            "%40",
            "%",
            "@",
            "\u200b",
            "f",
        ),
        *("\uff11", "\u0661", "2026-01-02", "12:30", "deadbeef" * 4, "ab", "Zürich", "\r", "\n", "\u2212"),
        *("3\u2013", "+", "e5", ".", "\u200b"),
    ]
)
VALUE = st.lists(PIECES | st.text(max_size=3), min_size=1, max_size=4).map("".join)
VALUES = st.lists(st.none() | VALUE, max_size=12)


@given(VALUES, st.integers(0, 5))
def test_bytes_first_gives_what_the_pattern_gives(values: list[str | None], skipped: int) -> None:
    kept = [one for one in values if one]
    array = pyarrow.array(["x" * 9] * skipped + kept, pyarrow.string())[skipped:]
    for quickly, pattern in ((quick.numbers, patterns.NUMBER), (quick.dull, patterns.DULL), (quick.odd, ODD)):
        assert numpy.array_equal(quickly(array), quick.matches(array, pattern))


@given(VALUES)
def test_odd_with_nulls(values: list[str | None]) -> None:
    array = pyarrow.array(values, pyarrow.string())
    assert numpy.array_equal(quick.odd(array), quick.matches(array, ODD))


@given(VALUES)
def test_few_values_meet_what_many_meet(values: list[str | None]) -> None:
    few, many = (
        pyarrow.array(values, pyarrow.string()),
        pyarrow.array(values + [None] * 400, pyarrow.string()),
    )
    for pattern in (
        patterns.HINT,
        patterns.ANY,
        patterns.NUMBER,
        patterns.DULL,
        ODD,
        *patterns.IN_TEXT.values(),
    ):
        assert numpy.array_equal(quick.matches(few, pattern), quick.matches(many, pattern)[: len(values)])
