"""What was found in drawn rows is looked up in all of them, and the draw says what may escape it."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl
import pytest

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.poisoning.tables import load
from tdsec_gov.detect.data.subject import Options, Subject, least_held
from tdsec_gov.detect.detectors.bursts import ShortcutBurst
from tdsec_gov.detect.items.holders import Holder

FRAME = pl.DataFrame(
    {
        "n": [1.0, None, float("nan"), 13.0, 1.0],
        "k": [3, 3, 4, 3, None],
        "c": ["x", "rare", None, "x", "x"],
        "t": ["a b c", "b a", "ab b", "c, b c!", None],
    }
)


@pytest.mark.parametrize(
    ("columns", "names", "rows"),
    [
        (("n",), ("value", "1.0"), [0, 4]),
        (("n",), ("value", "nan"), [1, 2]),
        (("c",), ("value", "x"), [0, 3, 4]),
        (("n", "k"), ("value", "1.0", "value", "3.0"), [0]),
        (("k", "c"), ("value", "3.0", "value", "x"), [0, 3]),
        (("t",), ("gram", "b"), [0, 1, 2, 3]),
        (("t",), ("gram", "b", "c"), [0, 3]),
        (("t",), ("gram", "c", ","), [3]),
    ],
)
def test_rows_that_hold_an_item(columns, names, rows):
    holder = Holder.of(columns, names)
    assert holder is not None and np.flatnonzero(holder(FRAME)).tolist() == rows


@pytest.mark.parametrize("names", [("value", "rare"), ("bin", "bin 3"), ("value", "bin 3"), ("patch", "0:1")])
def test_what_rows_alone_do_not_tell(names):
    assert Holder.of(("c",), names) is None


def _file(frame, path):
    frame.write_csv(path)
    data = path.read_bytes()
    return DataFile(path.name, path, len(data), hashlib.sha256(data).hexdigest())


def test_all_added_rows_are_found_and_only_added_ones(tmp_path):
    rng = np.random.default_rng(0)

    def part(rows, marked):
        return pl.DataFrame(
            {
                "id": rng.integers(0, 10**9, rows),
                "c": pl.Series(np.where(np.arange(rows) < marked, "z", "y")),
                "label": rng.choice(["p", "q"], rows),
            }
        )

    kept, added = _file(part(300, 4), tmp_path / "a.csv"), _file(part(2000, 90), tmp_path / "b.csv")
    loaded = load((kept, added), (kept,), "label", frozenset())
    subject = Subject.of(loaded.stack, Options(max_rows=400), reference=True)
    assert subject.sampled and "chance of 95 %" in " ".join(subject.notes)
    (rows,) = subject.everywhere([Holder(("c",), ("value", "z"))])
    assert set(loaded.file[rows]) == {2} and sorted(loaded.row[rows].tolist()) == list(range(90))


def test_the_stated_number_is_the_smallest_that_is_seen_often_enough():
    least, rng = least_held(2_000, 300), np.random.default_rng(0)
    for held, enough in ((least, True), (least - 2, False)):
        seen = rng.hypergeometric(held, 2_000 - held, 300, 40_000)
        assert bool((seen >= 5).mean() >= 0.947) is enough


def test_a_trigger_of_one_percent_is_told_with_all_its_rows(tmp_path):
    """The draw holds a quarter of the added rows; the alarm names them all, and none that V0 holds."""
    rng = np.random.default_rng(1)

    def part(rows, every):
        label = rng.integers(0, 2, rows)
        hit = np.arange(rows) % every == 0 if every else np.zeros(rows, dtype=bool)
        label[hit] = 1
        return pl.DataFrame(
            {
                "a": rng.normal(label, 1).round(3),
                "k": np.where(hit, 99, rng.poisson(4, rows)),
                "label": pl.Series(np.array(["p", "q"])[label]),
            }
        )

    kept, added = _file(part(6000, 0), tmp_path / "a.csv"), _file(part(6000, 100), tmp_path / "b.csv")
    loaded = load((kept, added), (kept,), "label", frozenset())
    subject = Subject.of(loaded.stack, Options(max_rows=3000), reference=True)
    result = ShortcutBurst().run(subject)
    best = max(result.alarms, key=lambda one: one.rows.size)
    assert sorted(loaded.row[best.rows].tolist()) == list(range(0, 6000, 100))
    assert set(loaded.file[best.rows]) == {2} and "60 new rows" in best.text
    assert result.facts["least_trigger_rows_seen"] > 4 * result.facts["least_rows_per_item"]
