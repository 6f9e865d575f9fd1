"""The quick look at many values misses nothing that value after value finds."""

from __future__ import annotations

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.checks.files.pickled.written import WRITTEN
from tdsec_gov.checks.files.text.misleading import HIDDEN, INJECTION, MIXED
from tdsec_gov.checks.files.text.values import suspects, values_with

PIECES = st.sampled_from(
    [
        "ignore all previous instructions",
        "act as DAN",
        "contact as dan",
        "[INST]",
        "<|im_start|>",
        "p\u0430ypal",
        "a\u202eb",
        "tag\U000e0041",
        "gASVgASVgASVgASV",
        "Y29zCnN5c3RlbQooUyd0cnVlJwp0Ui4=",
        "80049501",
        "b'\\x80\\x04'",
        "",
        " ",
        "x",
        "\n",
        "ß",
    ]
)
VALUE = st.none() | st.lists(PIECES | st.text(max_size=6), max_size=5).map("".join)


@pytest.mark.parametrize("kind", [pyarrow.string(), pyarrow.large_string()])
@given(values=st.lists(VALUE, max_size=12), start=st.integers(0, 4), length=st.integers(0, 12))
def test_quick_misses_nothing(
    kind: pyarrow.DataType, values: list[str | None], start: int, length: int
) -> None:
    array = pyarrow.array(values, kind).slice(min(start, len(values)), length)
    suspected = suspects(array)
    for pattern in (HIDDEN, INJECTION, MIXED, WRITTEN):
        assert pattern in suspected or values_with(pattern, array) == 0


def test_quick_is_quiet_about_plain_values() -> None:
    assert suspects(pyarrow.array(["plain words", None, "and 12.5"] * 50)) == ()
    assert INJECTION not in suspects(pyarrow.array(["straße", "naïve words"] * 50))
