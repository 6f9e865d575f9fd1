"""Check label_issues on real sets: clean growth passes, wrong labels are denied."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tdsec_gov.checks.contract import Check
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.domain.findings import Severity, Status
from tdsec_gov.errors import PolicyInvalid


def _split(frame, seed, share=2 / 3):
    order = np.random.default_rng(seed).permutation(frame.height)
    cut = round(frame.height * share)
    return frame[order[:cut]], frame[order[cut:]]


def _flip(frame, rate, seed, classes):
    rng = np.random.default_rng(seed)
    labels = frame["label"].to_numpy().copy()
    rows = rng.choice(frame.height, round(rate * frame.height), replace=False)
    labels[rows] = (labels[rows] + rng.integers(1, classes, rows.size)) % classes
    return frame.with_columns(label=pl.Series(labels)), rows


def _codes(result, severity=Severity.DENY):
    return {finding.code for finding in result.findings if finding.severity is severity}


def test_it_is_a_check():
    assert isinstance(Poisoning(), Check)


@pytest.mark.parametrize("seed", range(15))
def test_clean_growth_of_cancer_passes(push, cancer, seed):
    before, rest = _split(cancer, seed)
    result = Poisoning().run(push(before, pl.concat([before, rest])))
    assert result.status is Status.PASSED, result
    assert result.facts["row_difference"]["rows_added"] == rest.height


@pytest.mark.parametrize("seed", range(5))
def test_clean_growth_of_digits_passes(push, digits, seed):
    before, rest = _split(digits, seed)
    assert Poisoning().run(push(before, pl.concat([before, rest]))).status is Status.PASSED


@pytest.mark.parametrize(("rate", "seed"), [(0.05, 0), (0.05, 1), (0.1, 2)])
def test_flipped_digits_are_denied_and_listed(push, digits, rate, seed):
    before, rest = _split(digits, seed)
    bad, rows = _flip(rest, rate, seed, 10)
    result = Poisoning().run(push(before, pl.concat([before, bad])))
    assert _codes(result) - {"TDS426"} == {"TDS413"}  # a flipped digit may nearly repeat another digit
    shown = result.findings[0].rows
    assert 10 <= len(shown) <= 20
    assert len(set(shown) & {int(row) + before.height for row in rows}) >= 0.75 * len(shown)


@pytest.mark.parametrize("seed", range(3))
def test_a_tenth_of_flipped_cancer_is_denied(push, cancer, seed):
    before, rest = _split(cancer, seed)
    bad, _ = _flip(rest, 0.1, seed, 2)
    assert Poisoning().run(push(before, pl.concat([before, bad]))).status is Status.FAILED


def test_one_class_turned_into_one_other_is_denied(push, digits):
    before, rest = _split(digits, 5)
    bad = rest.with_columns(label=pl.when(pl.col("label") == 4).then(9).otherwise(pl.col("label")))
    assert Poisoning().run(push(before, pl.concat([before, bad]))).status is Status.FAILED


def test_labels_changed_in_place_are_counted_exactly(push, cancer):
    bad, rows = _flip(cancer, 0.01, 3, 2)
    result = Poisoning().run(push(cancer, bad))
    (finding,) = [one for one in result.findings if one.code == "TDS412"]
    assert finding.severity is Severity.DENY and finding.count == rows.size == 6
    assert set(finding.rows) == set(rows.tolist())
    assert result.facts["row_difference"]["rows_added"] == 0


def test_two_mended_labels_warn_and_the_policy_can_bear_more(push, cancer):
    labels = cancer["label"].to_numpy().copy()
    labels[:2] = 1 - labels[:2]
    two = Poisoning().run(push(cancer, cancer.with_columns(label=pl.Series(labels))))
    assert two.status is Status.WARNED and two.findings[0].rows == (0, 1)
    labels[2] = 1 - labels[2]
    three = cancer.with_columns(label=pl.Series(labels))
    assert "TDS412" in _codes(Poisoning().run(push(cancer, three)))
    assert "TDS412" not in _codes(Poisoning().run(push(cancer, three, max_label_changes=0.01)))


def test_another_hand_is_told_from_wrong_labels(push, digits):
    """The digits come ordered by writer: the tail is of another kind, with right labels."""
    given = push(digits[:1200], digits)
    assert _codes(Poisoning().run(given)) == {"TDS420"}
    lenient = Poisoning().run(push(digits[:1200], digits, drift="warn"))
    assert lenient.status is Status.WARNED


def test_a_label_nobody_accepted_is_denied(push, cancer):
    before, rest = _split(cancer, 1)
    odd = rest.with_columns(label=pl.when(pl.int_range(pl.len()) < 4).then(7).otherwise(pl.col("label")))
    result = Poisoning().run(push(before, pl.concat([before, odd])))
    assert _codes(result) == {"TDS415"}
    assert Poisoning().run(push(before, pl.concat([before, odd]), new_labels="warn")).status is Status.WARNED


def test_nothing_new_passes(push, cancer):
    result = Poisoning().run(push(cancer, cancer.reverse()))
    assert result.status is Status.PASSED and result.metric is None
    assert result.facts["shortcut_burst"]["not_run"] == "no row was added"


def test_first_version_says_what_it_cannot_tell(push, digits, cancer):
    for frame in (digits, cancer):
        result = Poisoning().run(push(None, frame))
        assert result.status is Status.PASSED
        assert any("without an accepted version" in note for note in result.not_checked)


def test_first_version_with_many_wrong_labels_warns_or_denies(push, cancer):
    bad, _ = _flip(cancer, 0.2, 1, 2)
    assert _codes(Poisoning().run(push(None, bad)), Severity.WARN) == {"TDS418"}
    assert _codes(Poisoning().run(push(None, bad, first_version="deny"))) == {"TDS418"}


def test_conflicting_copies_are_exact(push, cancer):
    copies = cancer[:10].with_columns(label=1 - pl.col("label"))
    result = Poisoning().run(push(None, pl.concat([cancer, copies])))
    assert "TDS417" in _codes(result, Severity.WARN)
    assert result.facts["row_difference"]["rows_in_label_conflict"] == 20


def test_copies_under_another_label_are_named(push, cancer):
    copies = cancer[:10].with_columns(label=1 - pl.col("label"))
    result = Poisoning().run(push(cancer, pl.concat([cancer, copies])))
    (finding,) = [one for one in result.findings if one.code == "TDS414"]
    assert finding.rows == tuple(range(cancer.height, cancer.height + 10))
    assert result.status is Status.FAILED


@pytest.mark.parametrize("params", [{"label": ""}, {"label": "nosuch"}])
def test_without_a_label_column_the_check_denies(push, cancer, params):
    result = Poisoning().run(push(cancer, cancer, **params))
    assert _codes(result) == {"TDS410"} and "NOT RUN" in result.findings[0].message


def test_a_continuous_target_is_not_run(push, cancer):
    target = cancer.with_columns(label=pl.col("c00") * 1.5)
    assert _codes(Poisoning().run(push(None, target))) == {"TDS410"}


def test_a_lost_label_column_is_not_forgotten(push, cancer):
    parts = [cancer[:300], cancer[300:]]
    result = Poisoning().run(push(parts, [parts[0], parts[1].drop("label")]))
    assert _codes(result) == {"TDS410"}


def test_an_accepted_version_without_labels_is_no_reference(push, cancer):
    assert _codes(Poisoning().run(push(cancer.drop("label"), cancer))) == {"TDS410"}


def test_damage_denies(push, cancer):
    given = push(cancer, cancer)
    given.files[0].location.write_bytes(b'a,label\n"1,2')
    assert _codes(Poisoning().run(given)) == {"TDS411"}


def test_new_columns_are_named_as_not_examined(push, cancer):
    result = Poisoning().run(push(cancer, cancer.with_columns(extra=pl.lit(1))))
    assert _codes(result, Severity.WARN) == {"TDS419"}


def test_settings_are_strict(push, cancer):
    with pytest.raises(PolicyInvalid) as caught:
        Poisoning().run(push(cancer, cancer, alpha=2, colour="red", drift="perhaps"))
    for word in ("alpha", "colour", "drift"):
        assert word in str(caught.value)


def test_sampling_is_named_and_repeatable(push, digits):
    before, rest = _split(digits, 1)
    given = push(before, pl.concat([before, rest]), max_rows=800)
    one, two = Poisoning().run(given), Poisoning().run(given)
    assert one == two
    assert any("max_rows" in note for note in one.not_checked)
