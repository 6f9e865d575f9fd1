"""Whatever the table holds, the poisoning checks answer with a result and never with a value."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.checks.poisoning.tables import load
from tdsec_gov.detect.data.diff import RowDiff, row_diff
from tdsec_gov.detect.statistics.strata import cauchy, tail_test
from tdsec_gov.domain.findings import CheckResult

CELL = st.one_of(st.none(), st.integers(-3, 3), st.floats(allow_nan=True), st.text(max_size=6))
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def _file(frame: pl.DataFrame, path: Path, name: str = "t.parquet") -> DataFile:
    frame.write_parquet(path)
    data = path.read_bytes()
    return DataFile(name, path, len(data), hashlib.sha256(data).hexdigest())


def _input(before: pl.DataFrame | None, after: pl.DataFrame, folder: Path) -> CheckInput:
    previous = None if before is None else (_file(before, folder / "v1"),)
    files = (_file(after, folder / "v2"),)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return CheckInput("d", files, previous, None, {"label": "label"}, None, folder, now)


def _diff(asked: CheckInput) -> RowDiff:
    stack = load(asked.files, asked.previous, "label", frozenset()).stack
    return row_diff(stack.content, stack.labels, stack.current)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    height = draw(st.integers(1, 40))
    kinds = [st.none() | st.floats(), st.none() | st.integers(-5, 5), st.none() | st.text(max_size=12)]
    columns = {
        f"f{number}": draw(st.lists(kinds[number], min_size=height, max_size=height)) for number in range(3)
    }
    labels = draw(st.lists(st.none() | st.sampled_from(["p", "q", "r"]), min_size=height, max_size=height))
    return pl.DataFrame(
        {**columns, "label": labels},
        schema={"f0": pl.Float64, "f1": pl.Int64, "f2": pl.String, "label": pl.String},
    )


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(before=st.none() | frames(), after=frames(), copies=st.integers(1, 8))
def test_any_table_gives_a_result(before: pl.DataFrame | None, after: pl.DataFrame, copies: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asked = _input(before, pl.concat([after] * copies), Path(folder))
        for check in (Poisoning(), Poisoning()):
            result = check.run(asked)
            assert CheckResult.from_json(result.as_json()).status is result.status
            assert all(len(one.rows) <= 20 for one in result.findings)


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(frame=frames(), seed=st.integers(0, 99))
def test_diff_does_not_depend_on_order_and_counts_relabels(frame: pl.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    moved = frame[rng.permutation(frame.height)]
    with tempfile.TemporaryDirectory() as folder:
        asked = _input(
            frame.with_columns(label=pl.lit("p")), moved.with_columns(label=pl.lit("p")), Path(folder)
        )
        same = _diff(asked)
        assert not same.added.any() and not same.relabelled.any() and same.removed == 0
        asked = _input(
            frame.with_columns(label=pl.lit("p")), moved.with_columns(label=pl.lit("q")), Path(folder)
        )
        other = _diff(asked)
        assert other.relabelled.sum() == frame.height and not other.added.any()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_cauchy_is_a_probability(p_values: list[float]) -> None:
    assert 0 < cauchy(p_values) <= 1


@given(
    st.lists(st.floats(-5, 5), min_size=1, max_size=30),
    st.lists(st.floats(-5, 5), min_size=1, max_size=30),
    st.sampled_from([0.01, 0.1, 0.5]),
)
def test_tail_test_is_a_probability_of_what_was_seen(
    old: list[float], new: list[float], share: float
) -> None:
    p, seen, excess = tail_test([(np.array(old), np.array(new))], share)
    assert 0 < p <= 1 and 0 <= seen <= len(new) and excess <= seen
