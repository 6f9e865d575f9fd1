"""Against the audited version, too: slow drift is told apart from an abrupt change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.domain.findings import Status

ROOT = "a" * 64


def _rows(rng, rows, offset):
    label = rng.integers(0, 2, rows)
    first = rng.normal(offset, 1, rows)
    return pl.DataFrame({"first": first, "second": rng.normal(label, 1), "label": label})


def _steps(offsets, seed=0):
    rng = np.random.default_rng(seed)
    return [_rows(rng, 900, 0.0), *(_rows(rng, 150, offset) for offset in offsets)]


def _run(push, parts):
    """The last part as the new rows; the first alone was audited, all but the last accepted."""
    given = push(pl.concat(parts[:-1]), pl.concat(parts))
    audited = push(None, parts[0])
    return Poisoning().run(replace(given, audited=audited.files, audited_root=ROOT))


def _shifts(result):
    return [one.message for one in result.findings if one.code == "TDS422"]


def test_slow_drift_adds_up(push):
    result = _run(push, _steps([0.2, 0.25, 0.3, 0.35]))
    (told,) = _shifts(result)
    assert told.startswith("little by little since the audited version")
    assert result.facts["distribution_shift"]["p_adjusted"] > 0.005
    assert result.facts["since_audited"]["distribution_shift"]["p_adjusted"] < 0.005


def test_an_abrupt_change_is_told_of_the_last_step(push):
    (told,) = _shifts(_run(push, _steps([0.0, 0.0, 0.0, 1.5])))
    assert told.startswith("new rows are not drawn")


def test_steps_of_one_kind_are_quiet(push):
    for seed in range(3):
        result = _run(push, _steps([0.0, 0.0, 0.0, 0.0], seed))
        assert result.status is Status.PASSED, result
        assert result.facts["accepted"] == {"items": [], "audited": ROOT}
