"""Figures from parts are those of the whole, however it was cut, and keep their bounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.scale.figures.heavy import FrequentValues
from tdsec_gov.detect.scale.figures.kernel import MeanEmbedding, squared_mmd
from tdsec_gov.detect.scale.figures.labels import LabelCounts
from tdsec_gov.detect.scale.figures.measure import measure
from tdsec_gov.detect.scale.figures.moments import ClassMoments
from tdsec_gov.detect.scale.figures.quantiles import Quantiles, quantile
from tdsec_gov.detect.scale.serial import Serial

COLUMNS = ("a", "b", "c")


@dataclass(frozen=True)
class Held:
    frame: pl.DataFrame
    batch: int = 1000

    def batches(self):
        yield from (self.frame[at : at + self.batch] for at in range(0, self.frame.height, self.batch))


def _frame(rows=3000, seed=0, shift=0.0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    return pl.DataFrame(
        {
            "a": rng.lognormal(0, 2, rows) * rng.choice([-1, 1], rows) + shift,
            "b": rng.normal(label, 1, rows) + shift,
            "c": [f"v{one}" for one in rng.zipf(1.6, rows)],
            "label": pl.Series([["p", "q", None][one] for one in label]),
        }
    )


def _measured(frame, cuts, *statistics):
    borders = [0, *cuts, frame.height]
    parts = [Held(frame[low:high], 170) for low, high in pairwise(borders)]
    return measure(statistics, parts, Plan.of(COLUMNS, "label", [frame.schema]), Serial())


CUTS = ([], [1500], [1, 2, 999, 2900])


@pytest.mark.parametrize("cuts", CUTS)
def test_label_counts_are_exact(cuts):
    frame = _frame()
    assert _measured(frame, cuts, LabelCounts())["labels"] == Counter(frame["label"].to_list())


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("kept", [10_000, 40, 3])
def test_frequent_values_keep_their_bound(cuts, kept):
    frame = _frame()
    found = _measured(frame, cuts, FrequentValues(kept))["frequent"]["c"]
    true = Counter(zip(frame["c"].to_list(), frame["label"].to_list(), strict=True))
    assert found.missed <= frame.height / (kept + 1)
    assert len(found.counts) <= kept
    assert all(count - found.missed <= found.counts[pair] <= count for pair, count in true.items())
    assert (found.missed == 0) == (kept == 10_000)


@pytest.mark.parametrize("cuts", CUTS)
def test_moments_are_those_of_numpy(cuts):
    frame = _frame()
    found = _measured(frame, cuts, ClassMoments())["moments"]
    assert set(found) == {"p", "q", None}
    for label, one in found.items():
        here = frame.filter(pl.col("label").eq_missing(label)).select("a", "b").to_numpy()
        assert one.rows == here.shape[0]
        assert np.allclose(one.mean, here.mean(axis=0)) and np.allclose(one.covariance, np.cov(here.T))


@pytest.mark.parametrize("cuts", CUTS)
def test_quantiles_are_within_one_percent(cuts):
    frame = _frame()
    found = _measured(frame, cuts, Quantiles())["quantiles"]
    assert set(found) == {"a", "b"}
    for share in (0.001, 0.05, 0.25, 0.6, 0.99):
        true = float(np.quantile(frame["a"].to_numpy(), share, method="lower"))
        assert quantile(found["a"], share) == pytest.approx(true, rel=0.0101)


def test_a_sketch_knows_zero_and_nothing():
    frame = pl.DataFrame({"a": [0.0, 0.0, 1.0], "b": [None] * 3, "c": ["x"] * 3, "label": ["p"] * 3})
    frame = frame.with_columns(pl.col("b").cast(pl.Float64))
    found = _measured(frame, [], Quantiles())["quantiles"]
    assert quantile(found["a"], 0.0) == 0.0 and np.isnan(quantile(found["b"], 0.5))


def test_same_data_lie_together_and_moved_data_apart():
    ask = MeanEmbedding([0.0, 0.0], [3.0, 1.0])
    base = _measured(_frame(seed=1), [700], ask)["embedding"]
    same = [squared_mmd(base, _measured(_frame(seed=one), [9], ask)["embedding"]) for one in range(2, 12)]
    moved = squared_mmd(base, _measured(_frame(seed=2, shift=0.5), [9], ask)["embedding"])
    assert abs(np.mean(same)) < 3 * np.std(same) and moved > 10 * max(map(abs, same))


def test_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        measure([LabelCounts()], [], Plan.of(COLUMNS, "label", [_frame().schema]), Serial())
