"""Every type a table can have is read, or named as not examined."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.checks.poisoning.tables import NotRunnable, load


def _many_types(n: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    start = dt.datetime(2024, 1, 1)
    hours = [dt.timedelta(hours=int(one)) for one in rng.integers(0, 9999, n)]
    return pl.DataFrame(
        {
            "date": [(start + one).date() for one in hours],
            "stamp": [start + one for one in hours],
            "length": hours,
            "clock": [dt.time(int(one)) for one in rng.integers(0, 23, n)],
            "flag": rng.random(n) < 0.5,
            "exact": [Decimal(int(one)) / 10 for one in rng.integers(0, 99, n)],
            "kind": pl.Series(rng.choice(["a", "b"], n)).cast(pl.Categorical),
            "list": [[1, 2]] * n,
            "bytes": [b"x"] * n,
            "empty": [None] * n,
            "const": [1] * n,
            "label": rng.random(n) < 0.5,
        }
    )


def _file(frame: pl.DataFrame, path: Path) -> DataFile:
    frame.write_parquet(path)
    data = path.read_bytes()
    return DataFile("t.parquet", path, len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("column", ["date", "length", "flag", "const"])
def test_all_types_and_a_type_that_changed(push, tmp_path, column):
    after = _many_types()
    before = after[:80].with_columns(pl.lit("other").alias(column))
    given = replace(
        push(None, pl.DataFrame({"label": [0]})),
        files=(_file(after, tmp_path / "v2"),),
        previous=(_file(before, tmp_path / "v1"),),
    )
    for check, gap in ((Poisoning(), "TDS419"), (Poisoning(), "TDS419")):
        codes = [one.code for one in check.run(given).findings]
        assert gap in codes
    facts = Poisoning().run(given).facts
    assert facts["row_difference"]["rows_added"] == 120 and facts["row_difference"]["rows_removed"] == 80


def test_the_same_types_give_the_same_rows(push, tmp_path):
    frame = _many_types()
    file = _file(frame, tmp_path / "v")
    rows = load((file,), (file,), "label", frozenset({"const"}))
    names = {one.name for one in rows.stack.columns(np.arange(2))}
    assert not {"const", "list"} & names
    assert rows.stack.classes == 2 and rows.stack.current.sum() == frame.height
    assert len(rows.stack.gaps) == 1 and "ignores" in rows.stack.notes[0]


def test_nothing_left_to_look_at_is_not_run(tmp_path):
    file = _file(_many_types().select("list", "label"), tmp_path / "v")
    with pytest.raises(NotRunnable):
        load((file,), None, "label", frozenset())
