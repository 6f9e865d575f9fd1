"""A cluster of two worker processes gives the numbers of one process, on the same files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.poisoning import sources
from tdsec_gov.checks.poisoning.tables import load
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.data.subject import Options
from tdsec_gov.detect.scale.figures.heavy import FrequentValues
from tdsec_gov.detect.scale.figures.kernel import MeanEmbedding
from tdsec_gov.detect.scale.figures.labels import LabelCounts
from tdsec_gov.detect.scale.figures.measure import measure
from tdsec_gov.detect.scale.figures.moments import ClassMoments
from tdsec_gov.detect.scale.figures.quantiles import Quantiles
from tdsec_gov.detect.scale.on_dask import OnDask
from tdsec_gov.detect.scale.serial import Serial
from tdsec_gov.detect.suite import examine

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as running:
        yield running


@pytest.fixture
def backend(cluster):
    with OnDask(cluster.scheduler_address) as joined:
        yield joined


def _frame(rows: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    words = np.array([f"w{one}" for one in range(30)])
    return pl.DataFrame(
        {
            "n": rng.normal(label, 1.0).round(2),
            "k": rng.poisson(3 + label),
            "c": pl.Series([["a", "b", None][one] for one in rng.integers(0, 3, rows)]),
            "t": [" ".join(rng.choice(words, 5)) for _ in range(rows)],
            "label": pl.Series(np.array(["p", "q", "r"])[label]),
        }
    )


def _file(frame: pl.DataFrame, path) -> DataFile:
    if path.suffix == ".parquet":
        frame.write_parquet(path, row_group_size=400)
    else:
        frame.write_csv(path)
    data = path.read_bytes()
    return DataFile(path.name, path, len(data), hashlib.sha256(data).hexdigest())


@pytest.fixture
def versions(tmp_path, monkeypatch):
    """V0 in two files; V1 has one of them as it was, the other with changed labels and fewer rows, and adds
    rows of which some carry a trigger."""
    monkeypatch.setattr(sources, "PART_ROWS", 700)
    first, second, added = _frame(2000, 1), _frame(600, 2), _frame(500, 3)
    changed = second[:550].with_columns(
        label=pl.when(pl.int_range(550) < 4).then(pl.lit("r")).otherwise("label")
    )
    hit = pl.int_range(500) % 10 == 0
    added = added.with_columns(
        k=pl.when(hit).then(77).otherwise("k"), label=pl.when(hit).then(pl.lit("p")).otherwise("label")
    )
    kept = _file(first, tmp_path / "a.parquet")
    old = _file(second, tmp_path / "b.csv")
    new = replace(_file(changed, tmp_path / "b2.csv"), path="b.csv")
    return (kept, new, _file(added, tmp_path / "c.parquet")), (kept, old)


def test_rows_and_verdict_are_the_same(backend, versions):
    files, previous = versions
    here = load(files, previous, "label", frozenset())
    there = load(files, previous, "label", frozenset(), backend)
    assert here.files == there.files
    for name in ("file", "row"):
        assert (getattr(here, name) == getattr(there, name)).all()
    for name in ("content", "labels", "current"):
        assert (getattr(here.stack, name) == getattr(there.stack, name)).all(), name
    for name in ("added", "relabelled", "contradicting", "repeated"):
        assert (getattr(here.stack.diff, name) == getattr(there.stack.diff, name)).all(), name
    assert here.stack.diff.removed == there.stack.diff.removed > 0
    assert here.stack.diff.relabelled.sum() > 0

    def told(loaded):
        done = examine(loaded.stack, Options(max_rows=1500), reference=True)
        return [(one.detector.name, one.result.p, dict(one.result.facts)) for one in done.ran], [
            (alarm.text, alarm.rows.tolist()) for one in done.ran for alarm in one.result.alarms
        ]

    assert told(here) == told(there)
    assert any("one label" in text for text, _ in told(there)[1])


def test_figures_are_the_same(backend, versions):
    files, _ = versions
    tables = [sources.Source(file) for file in files]
    parts = [part for one in tables for part in one.parts(True)]
    assert len(parts) == 5
    plan = Plan.of(("n", "k", "c", "t"), "label", [one.schema for one in tables])
    asked = [LabelCounts(), FrequentValues(50), ClassMoments(), Quantiles(), MeanEmbedding([0, 0], [1, 1])]
    here, there = (measure(asked, parts, plan, one) for one in (Serial(), backend))
    for name in ("labels", "frequent", "quantiles"):
        assert here[name] == there[name], name
    for label, one in here["moments"].items():
        other = there["moments"][label]
        assert one.rows == other.rows and (one.mean == other.mean).all()
        assert (one.scatter == other.scatter).all()
    assert (here["embedding"].total == there["embedding"].total).all()
    assert sum(here["labels"].values()) == 2000 + 550 + 500


def test_work_runs_in_both_workers_and_keeps_its_order(backend):
    assert backend.each(_cube, list(range(30))) == [one**3 for one in range(30)]
    processes = {process for process, _ in backend.each(_where, list(range(40)))}
    assert os.getpid() not in processes and len(processes) == 2


def test_merging_takes_the_same_tree(backend):
    items = list(range(11))
    assert backend.merged(str, _pair, items) == Serial().merged(str, _pair, items)
    assert backend.exchanged(_digits, _total, items, 3) == Serial().exchanged(_digits, _total, items, 3)


def test_faults_of_the_data_come_back_as_they_are(backend, versions, tmp_path):
    files, previous = versions
    damaged = bytearray(files[0].location.read_bytes())
    damaged[200:260] = bytes(60)
    (tmp_path / "d.parquet").write_bytes(damaged)
    bad = replace(files[0], location=tmp_path / "d.parquet")
    with pytest.raises(Unreadable):
        load((bad,), None, "label", frozenset(), backend)
    with pytest.raises(NotRunnable, match="continuous"):
        load(files, previous, "n", frozenset(), backend)


def test_nobody_answers():
    with pytest.raises(NotRunnable, match="no Dask scheduler"):
        OnDask("tcp://127.0.0.1:9", patience=1)


def _cube(number):
    return number**3


def _where(number):
    import time

    time.sleep(0.02)
    return os.getpid(), number


def _pair(left, right):
    return f"({left} {right})"


def _digits(number):
    return [number % 2, number % 3, number % 5]


def _total(pieces):
    return sum(pieces)
