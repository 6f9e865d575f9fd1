"""The row difference is exact."""

from __future__ import annotations

import numpy as np
import polars as pl

from tdsec_gov.checks.poisoning.tables import load
from tdsec_gov.detect.data.diff import content_codes, row_diff


def _diff(push, before, after):
    given = push(before, after)
    rows = load(given.files, given.previous, "label", frozenset())
    return rows, row_diff(rows.stack.content, rows.stack.labels, rows.stack.current)


def _frame(a, label):
    return pl.DataFrame({"a": a, "label": label})


def test_order_of_rows_and_columns_does_not_matter(push):
    before = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None], "label": [0, 1, 0]})
    after = before.reverse().select("label", "b", "a")
    _, diff = _diff(push, before, after)
    assert not diff.added.any() and not diff.relabelled.any() and diff.removed == 0


def test_a_changed_label_is_no_addition(push):
    rows, diff = _diff(push, _frame([1, 2, 3], ["p", "p", "q"]), _frame([1, 2, 3], ["p", "q", "q"]))
    assert rows.row[diff.relabelled].tolist() == [1]
    assert not diff.added.any() and diff.removed == 0


def test_a_label_taken_away_is_a_change_too(push):
    rows, diff = _diff(push, _frame([1, 2, 3], ["p", "p", "q"]), _frame([1, 2, 3], ["p", None, "q"]))
    assert rows.row[diff.relabelled].tolist() == [1]


def test_added_and_removed(push):
    rows, diff = _diff(push, _frame([1, 2, 3], [0, 1, 0]), _frame([1, 3, 4, 5], [0, 0, 1, 1]))
    assert rows.row[diff.added].tolist() == [2, 3]
    assert diff.removed == 1 and not diff.relabelled.any()


def test_copies_count(push):
    rows, diff = _diff(push, _frame([1, 1, 2], [0, 0, 1]), _frame([1, 1, 1, 2, 2], [0, 0, 1, 1, 1]))
    assert rows.row[diff.added].tolist() == [2, 4]
    assert rows.row[diff.contradicting].tolist() == [2]
    assert rows.row[diff.repeated].tolist() == [4]


def test_whole_numbers_that_became_decimal_are_the_same_content(push):
    _, diff = _diff(push, _frame([1, 2], [0, 1]), _frame([1.0, 2.0, 2.5], [0, 1, 1]))
    assert diff.added.sum() == 1 and diff.removed == 0


def test_no_two_contents_meet():
    frame = pl.DataFrame({"a": ["x", "x1:", None, "~", ""], "b": ["1:y", "y", "~", None, "~~"]})
    assert len(set(content_codes(frame).tolist())) == frame.height


def test_shards_are_one_version(push):
    before = _frame(list(range(10)), [0, 1] * 5)
    rows, diff = _diff(push, before, [before[:4], before[4:], _frame([77], [1])])
    assert np.flatnonzero(diff.added).size == 1
    assert rows.files[int(rows.file[diff.added][0])] == "part2.csv"
