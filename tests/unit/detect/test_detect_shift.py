"""Shift, label shift, novelty and outliers: quiet on more of the same, and each finds what it is for."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from tdsec_gov.detect.contract import Detector, DetectorResult, Kind, Role
from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.data.diff import content_codes
from tdsec_gov.detect.data.subject import Options, Stack, Subject
from tdsec_gov.detect.detectors.label_shift import LabelShift
from tdsec_gov.detect.detectors.novelty import Novelty
from tdsec_gov.detect.detectors.outliers import Outliers
from tdsec_gov.detect.detectors.shift import DistributionShift
from tdsec_gov.detect.statistics.tails import strangest, tail_p
from tdsec_gov.detect.suite import examine

OLD, NEW, DRAWS = 600, 200, 40
DRIFTS = (DistributionShift, LabelShift, Novelty)


def frame(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Two correlated numbers (one with gaps), a skewed one, a category, a text; the label follows."""
    first = rng.normal(size=rows)
    second = 0.7 * first + rng.normal(size=rows)
    words = np.array(["salt", "sand", "wind", "wave", "rock", "reef", "tide", "dune"])
    return pl.DataFrame(
        {
            "first": first,
            "second": [
                None if gap else value for gap, value in zip(rng.random(rows) < 0.1, second, strict=True)
            ],
            "skewed": rng.lognormal(0.0, 1.0, rows),
            "group": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "text": [" ".join(rng.choice(words, rng.integers(4, 12))) for _ in range(rows)],
            "label": (first + rng.normal(size=rows) > 0).astype(int),
        }
    )


def subject(old: pl.DataFrame, new: pl.DataFrame, drifts: int = 1, *, reference: bool = True) -> Subject:
    return Subject.of(stack(old, new), Options(), 1, drifts, reference=reference)


def stack(old: pl.DataFrame, new: pl.DataFrame) -> Stack:
    both = pl.concat([old, new]) if old.height else new
    content = both.drop("label")
    return Stack(
        content=content_codes(content),
        labels=both["label"].to_numpy().astype(np.int64),
        classes=2,
        current=np.arange(both.height) >= old.height,
        columns=lambda index: tuple(prepare(content[index])),
        label_name="label",
    )


def grown(rng: np.random.Generator, new: pl.DataFrame, old: int = OLD) -> tuple[pl.DataFrame, pl.DataFrame]:
    before = frame(rng, old)
    return before, pl.concat([before, new], how="vertical_relaxed")


def answer(detector: type[Detector], new: pl.DataFrame, seed: int = 5) -> DetectorResult:
    return detector().run(subject(*grown(np.random.default_rng(seed), new)))


@pytest.mark.parametrize("detector", DRIFTS)
def test_p_is_not_too_small_on_more_of_the_same(detector: type[Detector]) -> None:
    found = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(1000 + seed)
        found.append(detector().run(subject(*grown(rng, frame(rng, NEW)))).p)
    small = sum(one is not None and one <= 0.1 for one in found)
    assert small <= binom.ppf(0.999, DRAWS, 0.1), sorted(found)


CHANGES = {
    "one column": lambda rows: rows.with_columns(pl.col("first") + 1.0),
    "spread alone": lambda rows: rows.with_columns(pl.col("first") * 2.5),
    "more gaps": lambda rows: rows.with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then(None).otherwise(pl.col("second")).alias("second")
    ),
    "another category": lambda rows: rows.with_columns(pl.lit("c").alias("group")),
    "longer texts": lambda rows: rows.with_columns(pl.col("text") + " " + pl.col("text")),
    "correlation turned": lambda rows: rows.with_columns(-pl.col("second")),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_shift_of_content_is_found(change: str) -> None:
    result = answer(DistributionShift, CHANGES[change](frame(np.random.default_rng(7), NEW)))
    assert result.p is not None and result.p < 0.001
    assert result.alarms[0].kind is Kind.SHIFT


def test_the_column_that_moved_is_named() -> None:
    result = answer(DistributionShift, CHANGES["one column"](frame(np.random.default_rng(7), NEW)))
    assert result.alarms[0].columns[0] == "first" and "group" not in result.alarms[0].columns


def test_a_turned_correlation_is_told_by_the_rows_as_a_whole() -> None:
    """No column moves by itself; kernel test or classifier must see it."""
    result = answer(DistributionShift, CHANGES["correlation turned"](frame(np.random.default_rng(7), NEW)))
    assert result.facts["columns_that_differ"] == 0
    assert min(result.facts["kernel_p"], result.facts["classifier_p"]) < 0.001  # type: ignore[type-var, operator]


def test_other_shares_of_classes_are_found_and_content_is_not_blamed_for_few() -> None:
    rows = frame(np.random.default_rng(8), NEW * 2)
    result = answer(LabelShift, rows.filter((pl.col("label") == 1) | (pl.int_range(pl.len()) % 4 == 0)))
    assert result.p is not None and result.p < 1e-4 and result.alarms[0].kind is Kind.LABEL_SHIFT


def test_novel_rows_are_the_ones_flagged() -> None:
    rng = np.random.default_rng(9)
    odd = frame(rng, 30).with_columns(
        first=pl.lit(9.0), skewed=pl.lit(400.0), text=pl.lit("lorem ipsum dolor sit amet " * 4)
    )
    result = answer(Novelty, pl.concat([frame(rng, NEW - 30), odd]))
    alarm = result.alarms[0]
    planted = set(range(OLD + OLD + NEW - 30, OLD + OLD + NEW))
    assert alarm.kind is Kind.NOVEL
    held = len(planted & set(alarm.rows.tolist()))
    assert held >= 24 and held >= 0.7 * alarm.rows.size
    assert 0.02 <= float(result.statistic or 0) <= 0.4


@pytest.mark.parametrize("shape", ["normal", "uniform", "lognormal", "exponential", "standard_t", "integers"])
def test_clean_columns_have_next_to_no_outliers(shape: str) -> None:
    flagged = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        draw = {
            "standard_t": lambda r=rng: r.standard_t(3, 3000),
            "integers": lambda r=rng: r.poisson(2.0, 3000),
        }
        values = draw[shape]() if shape in draw else getattr(rng, shape)(size=3000)
        rows = pl.DataFrame({"value": values.astype(float), "label": np.zeros(3000, dtype=int)})
        result = Outliers().run(subject(rows.head(0), rows, reference=False))
        flagged += int(result.facts["outlying_rows"])  # type: ignore[arg-type]
    assert flagged <= 30, flagged  # of 30,000 rows


@pytest.mark.parametrize("reference", [True, False])
def test_gross_outliers_are_found_with_and_without_a_version_before(reference: bool) -> None:
    rng = np.random.default_rng(3)
    wrong = frame(rng, 8).with_columns(pl.col("first") * 1000 + 500)
    new = pl.concat([frame(rng, NEW + 392), wrong])
    old = frame(rng, OLD)
    given = subject(old, pl.concat([old, new])) if reference else subject(old.head(0), new, reference=False)
    alarm = Outliers().run(given).alarms[0]
    last = given.stack.labels.size
    assert alarm.columns[0] == "first"
    assert set(range(last - 8, last)) <= set(alarm.rows.tolist()) and alarm.rows.size <= 12


def test_rows_that_are_odd_only_together_are_found() -> None:
    rng = np.random.default_rng(4)
    base = rng.normal(size=(3000, 1)) + 0.05 * rng.normal(size=(3000, 4))
    base[-6:] = [[2, -2, 2, -2]] * 6
    rows = pl.DataFrame({f"c{at}": base[:, at] for at in range(4)}).with_columns(label=pl.lit(0))
    alarm = Outliers().run(subject(rows.head(0), rows, reference=False)).alarms[0]
    assert set(range(2994, 3000)) <= set(alarm.rows.tolist())


def test_tail_p_is_a_valid_p_value_for_known_tails() -> None:
    rng = np.random.default_rng(6)
    for draw in (rng.normal, rng.standard_exponential, lambda size: rng.pareto(2.0, size)):
        known, new = np.abs(draw(size=5000)), np.abs(draw(size=50_000))
        p = tail_p(new, known)
        for level in (0.05, 0.01, 0.001):
            assert (p <= level).mean() <= level * 1.5


def test_a_backdoor_is_no_shift_and_a_shift_is_no_attack() -> None:
    rng = np.random.default_rng(11)
    marked = frame(rng, 20).with_columns(text=pl.col("text") + " zq", label=pl.lit(1, pl.Int64))
    before, after = grown(rng, pl.concat([frame(rng, 380), marked]), 1200)
    attack = examine(stack(before, after), Options(), reference=True)
    assert min(attack.adjusted(Role.TEST).values()) <= 0.01 < min(attack.adjusted(Role.DRIFT).values())
    longer = CHANGES["longer texts"](frame(rng, 400))
    before, after = grown(rng, longer, 1200)
    shift = examine(stack(before, after), Options(), reference=True)
    assert min(shift.adjusted(Role.DRIFT).values()) <= 0.01 < min(shift.adjusted(Role.TEST).values())


def test_the_strangest_values_are_counted_exactly() -> None:
    """Ten new values above all of ninety known ones: the top ten per cent holds only new ones."""
    found = strangest(np.arange(90.0), np.arange(100.0, 110.0))
    assert found.rows.tolist() == list(range(9, -1, -1)) and found.precision == 1.0
    assert found.p == pytest.approx(3 / 17_310_309_456_440)  # three times one of all ways to draw 10 of 100


def test_ties_never_speak_against_the_new_values() -> None:
    assert strangest(np.zeros(50), np.zeros(50)).p == 1.0
