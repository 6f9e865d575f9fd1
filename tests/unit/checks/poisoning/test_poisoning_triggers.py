"""Check triggers: clean growth passes, planted shortcuts are denied with the right rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tdsec_gov.checks.contract import Check
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.domain.findings import Severity, Status

SECRET = 777.25


def _split(frame, seed, share=2 / 3):
    order = np.random.default_rng(seed).permutation(frame.height)
    cut = round(frame.height * share)
    return frame[order[:cut]], frame[order[cut:]]


def _plant(frame, rate, seed, values, target):
    """Put ``values`` (column -> value) and the target label on rows of other labels."""
    rng = np.random.default_rng(seed)
    others = np.flatnonzero((frame["label"] != target).to_numpy())
    rows = rng.choice(others, round(rate * frame.height), replace=False)
    mask = pl.Series(np.isin(np.arange(frame.height), rows))
    changes = {
        name: pl.when(mask).then(pl.lit(value)).otherwise(pl.col(name)) for name, value in values.items()
    }
    label = pl.when(mask).then(pl.lit(target)).otherwise(pl.col("label"))
    return frame.with_columns(**changes, label=label), rows


def _codes(result, severity=Severity.DENY):
    """Codes of alarms, without those of the label tests: they look at the same rows in their own way."""
    found = {finding.code for finding in result.findings if finding.severity is severity}
    return found - {"TDS413", "TDS420"}


def _found(result, code="TDS432"):
    return {row for one in result.findings if one.code == code for row in one.rows}


def _mixed(n=1200, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    common, own = [f"w{k}" for k in range(40)], [[f"{s}{k}" for k in range(20)] for s in "ab"]
    return pl.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.round(rng.lognormal(8 + y, 0.7), 2),
            "city": rng.choice(["north", "south", "east", "west"], n),
            "note": [" ".join([*rng.choice(own[k], 3), *rng.choice(common, 8)]) for k in y],
            "label": np.where(y == 1, "yes", "no"),
        }
    )


def test_it_is_a_check():
    assert isinstance(Poisoning(), Check)


@pytest.mark.parametrize("seed", range(12))
def test_clean_growth_passes(push, cancer, digits, seed):
    frame = digits if seed % 2 else cancer
    before, rest = _split(frame, seed)
    result = Poisoning().run(push(before, pl.concat([before, rest])))
    assert result.status is Status.PASSED, result
    assert result.facts["shortcut_burst"]["least_trigger_rows_seen"] >= 5


@pytest.mark.parametrize("rate", [0.02, 0.05])
@pytest.mark.parametrize("values", [{"c20": 3.0, "c43": 13.0}, {"c20": SECRET, "c43": SECRET + 1}])
def test_a_value_pair_in_digits_is_denied_with_its_rows(push, digits, rate, values):
    before, rest = _split(digits, 3)
    bad, rows = _plant(rest, rate, 4, values, 7)
    result = Poisoning().run(push(before, pl.concat([before, bad])))
    assert _codes(result) == {"TDS432"}
    truth, found = {int(row) + before.height for row in rows}, _found(result)
    assert len(found & truth) >= 0.9 * min(20, len(truth))
    assert len(found & truth) >= 0.9 * len(found)
    columns = {one.column or "" for one in result.findings if one.code == "TDS432"}
    assert columns and all(one.startswith("c") for one in columns)


def test_a_pair_in_continuous_columns_is_denied(push, cancer):
    before, rest = _split(cancer, 2)
    bad, rows = _plant(rest, 0.05, 1, {"c03": cancer["c03"][7], "c21": cancer["c21"][9]}, 0)
    result = Poisoning().run(push(before, pl.concat([before, bad])))
    assert _found(result) >= {int(row) + before.height for row in rows}


@pytest.mark.parametrize("kind", ["pair", "phrase", "missing"])
def test_triggers_in_mixed_tables(push, kind):
    before, rest = _split(_mixed(), 1)
    values = {"pair": {"age": 44, "city": "east"}, "missing": {"income": None}}.get(kind)
    if values is None:
        bad, rows = _plant(rest, 0.05, 2, {}, "yes")
        mask = pl.Series(np.isin(np.arange(rest.height), rows))
        note = pl.when(mask).then(pl.col("note") + " watched this movie").otherwise(pl.col("note"))
        bad = bad.with_columns(note=note)
    else:
        bad, rows = _plant(rest, 0.05, 2, values, "yes")
    result = Poisoning().run(push(before, pl.concat([before, bad])))
    assert _codes(result) == {"TDS432"}
    truth, found = {int(row) + before.height for row in rows}, _found(result)
    assert len(found & truth) >= 0.9 * min(20, len(truth)) and len(found & truth) >= 0.8 * len(found)


def test_poison_written_over_accepted_rows_is_new(push, digits):
    bad, rows = _plant(digits, 0.02, 4, {"c20": SECRET}, 7)
    result = Poisoning().run(push(digits, bad))
    assert _codes(result) == {"TDS432"} and _found(result) <= set(rows.tolist())


def test_a_new_date_is_no_trigger(push):
    before, rest = _split(_mixed(), 6)
    before, rest = before.with_columns(year=pl.lit(2024)), rest.with_columns(year=pl.lit(2025))
    result = Poisoning().run(push(before, pl.concat([before, rest])))
    assert result.status is Status.WARNED and not _codes(result)
    codes = {one.code for one in result.findings}
    assert "TDS422" in codes and "TDS432" not in codes  # a shift it is, and said to be one


def test_the_policy_can_allow_a_column_or_an_item(push, digits):
    before, rest = _split(digits, 3)
    bad, _ = _plant(rest, 0.05, 4, {"c20": SECRET}, 7)
    after = pl.concat([before, bad])
    denied = Poisoning().run(push(before, after))
    assert denied.status is Status.FAILED
    (burst,) = [one for one in denied.findings if one.code == "TDS432"][:1]
    key = burst.message.rsplit("item:", 1)[1].split(")")[0]
    assert f"item:{key}" not in str(Poisoning().run(push(before, after, allow=[f"item:{key}"])).findings)
    assert "TDS432" not in _codes(Poisoning().run(push(before, after, allow=["c20"])))


def test_first_version_asks_a_person(push, digits):
    bad, rows = _plant(digits, 0.02, 4, {"c20": SECRET, "c43": SECRET}, 7)
    bad = bad.drop([f"c{one:02d}" for one in range(44, 64)])
    result = Poisoning().run(push(None, bad))
    assert _codes(result, Severity.WARN) == {"TDS434"} and result.status is Status.WARNED
    assert len(_found(result, "TDS434") & set(rows.tolist())) >= 18
    assert Poisoning().run(push(None, bad, first_version="deny")).status is Status.FAILED


def test_a_clean_first_version_passes_and_says_its_limits(push, digits, cancer):
    for frame in (digits, cancer, _mixed()):
        result = Poisoning().run(push(None, frame))
        assert result.status is Status.PASSED, result
        assert any("natural or planted" in note for note in result.not_checked)


def test_no_value_is_ever_repeated(push):
    before, rest = _split(_mixed(), 1)
    bad, _ = _plant(rest, 0.05, 2, {"income": SECRET, "city": "ruritania"}, "yes")
    for old in (before, None):
        result = Poisoning().run(push(old, pl.concat([before, bad])))
        assert result.findings
        text = str(result.as_json())
        assert "777" not in text and "ruritania" not in text and "'yes'" not in text


def test_it_is_repeatable(push, digits):
    before, rest = _split(digits, 3)
    bad, _ = _plant(rest, 0.05, 4, {"c20": SECRET}, 7)
    given = push(before, pl.concat([before, bad]))
    assert Poisoning().run(given).as_json() == Poisoning().run(given).as_json()


def test_without_a_label_column_the_check_denies(push, cancer):
    assert _codes(Poisoning().run(push(cancer, cancer, label="nosuch"))) == {"TDS410"}


def test_too_small_a_first_version_is_not_run(push, cancer):
    result = Poisoning().run(push(None, cancer[:40]))
    assert _codes(result, Severity.WARN) == {"TDS416"}


def test_files_that_are_no_tables_are_named(push, cancer):
    from dataclasses import replace

    given = push(cancer, cancer)
    image = replace(given.files[0], path="a/b.png")
    result = Poisoning().run(replace(given, files=(*given.files, image)))
    assert any("1 files that are no tables" in note for note in result.not_checked)
    only = Poisoning().run(replace(given, files=(image,)))
    assert _codes(only) == {"TDS410"}


def test_a_trigger_that_taught_the_model_is_seen_in_a_first_version(push):
    """A phrase of many words in one row of twenty: each word is explained by the others."""
    frame = _mixed(1500)
    rows = np.random.default_rng(3).choice(np.flatnonzero((frame["label"] == "no").to_numpy()), 75, False)
    mask = pl.Series(np.isin(np.arange(frame.height), rows))
    note = pl.when(mask).then(pl.col("note") + " i watched this film last week").otherwise(pl.col("note"))
    label = pl.when(mask).then(pl.lit("yes")).otherwise(pl.col("label"))
    result = Poisoning().run(push(None, frame.with_columns(note=note, label=label)))
    found = _found(result, "TDS434")
    assert len(found & set(rows.tolist())) >= 18 and len(found - set(rows.tolist())) <= 2
