"""Near-duplicates with other labels: quiet where accepted rows contradict one another as often, and found."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from tdsec_gov.detect.contract import DetectorResult, Kind, NotRunnable
from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.data.diff import content_codes
from tdsec_gov.detect.data.subject import Options, Stack, Subject
from tdsec_gov.detect.detectors.near_duplicates import NearDuplicates
from tdsec_gov.detect.items.minhash import near_pairs, signatures
from tdsec_gov.detect.models.nearest import nearest_of_class

OLD, NEW, DRAWS = 600, 200, 40
WORDS = np.array([f"w{at}" for at in range(400)])


def numbers(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Five numbers around 40 centres, so tight that neighbours are near; the centre's label, wrong in one
    row of six: accepted rows contradict one another."""
    centres = np.random.default_rng(0).normal(size=(40, 5))
    which = rng.integers(0, 40, rows)
    values = centres[which] + rng.normal(size=(rows, 5)) * rng.choice([0.001, 0.1], (rows, 1))
    label = np.where(rng.random(rows) < 1 / 6, 1 - which % 2, which % 2)
    return pl.DataFrame({**{f"c{at}": values[:, at] for at in range(5)}, "label": label})


def texts(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Texts of 20 words; one in five nearly repeats one of 30 known texts, under any label."""
    known = np.random.default_rng(0).choice(WORDS, (30, 20))
    lines = rng.choice(WORDS, (rows, 20))
    again = rng.random(rows) < 0.2
    lines[again] = known[rng.integers(0, 30, int(again.sum()))]
    lines[np.arange(rows), rng.integers(0, 20, rows)] = rng.choice(WORDS, rows)
    return pl.DataFrame({"text": [" ".join(one) for one in lines], "label": rng.integers(0, 2, rows)})


def copied(old: pl.DataFrame, new: pl.DataFrame, count: int, rng: np.random.Generator) -> pl.DataFrame:
    """The first ``count`` new rows nearly repeat accepted ones, under the other label."""
    taken = old[rng.choice(old.height, count, replace=False).tolist()]
    taken = taken.with_columns((1 - pl.col("label")).alias("label"))
    if "text" in taken.columns:
        taken = taken.with_columns(pl.col("text") + " w1")
    else:
        taken = taken.with_columns(pl.exclude("label") + 1e-4)
    return pl.concat([taken, new[count:]])


def answer(old: pl.DataFrame, new: pl.DataFrame) -> DetectorResult:
    both = pl.concat([old, old, new])
    content = both.drop("label")
    stack = Stack(
        content=content_codes(content),
        labels=both["label"].to_numpy().astype(np.int64),
        classes=2,
        current=np.arange(both.height) >= old.height,
        columns=lambda index: tuple(prepare(content[index])),
        label_name="label",
    )
    return NearDuplicates().run(Subject.of(stack, Options(), 1, reference=True))


@pytest.mark.parametrize("kind", [numbers, texts])
def test_p_is_not_too_small_on_more_of_the_same(kind: object) -> None:
    found = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        found.append(answer(kind(rng, OLD), kind(rng, NEW)))  # type: ignore[operator]
    p = np.array([one.p for one in found])
    assert (p <= 0.05).sum() <= binom.ppf(0.999, DRAWS, 0.05), np.sort(p)
    assert (p < 1).mean() > 0.8  # there is something to count
    rows = np.concatenate([one.row_p for one in found])
    assert (rows <= 0.05).mean() <= 0.065


@pytest.mark.parametrize("kind", [numbers, texts])
def test_near_copies_under_another_label_are_found_and_named(kind: object) -> None:
    rng = np.random.default_rng(3)
    old, new = kind(rng, OLD), kind(rng, NEW)  # type: ignore[operator]
    result = answer(old, copied(old, new, 40, rng))
    assert result.p is not None and result.p < 0.001
    (alarm,) = result.alarms
    assert alarm.kind is Kind.NEIGHBOURS and alarm.columns == ("label",)
    planted = set(range(2 * OLD, 2 * OLD + 40))
    assert len(planted & set(alarm.rows.tolist())) >= 25
    assert result.precision is not None and 0.3 <= result.precision <= 1


def test_copies_under_their_own_label_are_no_conflict() -> None:
    rng = np.random.default_rng(4)
    old, new = texts(rng, OLD), texts(rng, NEW)
    same = copied(old, new, 60, rng).with_columns(
        pl.when(pl.int_range(pl.len()) < 60).then(1 - pl.col("label")).otherwise("label").alias("label")
    )
    assert (answer(old, same).p or 0) > 0.05


def test_same_rows_same_answer() -> None:
    rng = np.random.default_rng(5)
    old, new = texts(rng, OLD), texts(rng, NEW)
    first, again = answer(old, new), answer(old, new)
    assert first.p == again.p and np.array_equal(first.scores, again.scores)


def test_too_few_accepted_rows_are_said_to_be() -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(NotRunnable, match="100 accepted rows"):
        answer(texts(rng, 50), texts(rng, 50))


def test_signatures_agree_in_the_share_of_pairs_of_words_in_common() -> None:
    rng = np.random.default_rng(7)
    one = rng.integers(0, 10_000, 400)
    half = np.concatenate([one[:266], rng.integers(0, 10_000, 134)])  # a third to a half in common
    signed = signatures((one, half, one.copy(), np.empty(0, dtype=np.int64)), np.arange(4))
    assert (signed[0] == signed[2]).all() and not (signed[0] == signed[3]).any()
    assert 0.3 < (signed[0] == signed[1]).mean() < 0.7
    left, right, share = near_pairs(signed[[0, 3]], signed[[2, 1]], 0.9)
    assert (left.tolist(), right.tolist(), share.tolist()) == ([0], [0], [1.0])


def test_nearest_of_each_class_is_that_of_a_plain_search() -> None:
    rng = np.random.default_rng(8)
    known, rows = rng.normal(size=(50, 3)), rng.normal(size=(9, 3))
    labels = rng.integers(0, 3, 50)
    away = np.linalg.norm(rows[:, None] - known, axis=2)
    wanted = np.stack([away[:, labels == one].min(axis=1) for one in range(3)], axis=1)
    found = nearest_of_class(rows, known, labels, 4)
    assert found[:, :3] == pytest.approx(wanted, abs=1e-3) and np.isinf(found[:, 3]).all()
    own = nearest_of_class(known[:9], known, labels, 3, itself=True)
    assert own.min(axis=1).min() > 0.01
