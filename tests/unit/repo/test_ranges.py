"""One reading of ``A..B``, for every command that takes a range of commits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.errors import UsageError
from tdsec_gov.repo.ranges import CommitRange

NAMES = st.from_regex(r"\A[a-zA-Z0-9_/^~@{}-]+(\.[a-zA-Z0-9_/^~@{}-]+){0,2}\Z")


@given(NAMES | st.just(""), NAMES)
def test_two_names_and_two_dots(old: str, new: str) -> None:
    assert CommitRange.parse(f"{old}..{new}") == CommitRange(old, new)


@pytest.mark.parametrize("text", ["", "HEAD", "..", "A..", "A.B", "A..B..C", "..B..", "....", "A....B"])
def test_anything_else_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a range") as caught:
        CommitRange.parse(text)
    assert caught.value.exit_code == 2 and caught.value.expected == "A..B"


@given(NAMES | st.just(""), NAMES | st.just(""))
def test_three_dots_mean_something_else_to_git(old: str, new: str) -> None:
    with pytest.raises(UsageError) as caught:
        CommitRange.parse(f"{old}...{new}")
    assert "two dots" in caught.value.hint
