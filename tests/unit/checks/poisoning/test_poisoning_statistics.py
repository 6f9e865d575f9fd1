"""The p-values are what they claim: against scipy, and uniform enough under their null."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tdsec_gov.detect.models.confident import label_issues
from tdsec_gov.detect.models.label import temperature
from tdsec_gov.detect.statistics.evidence import burst_p, chernoff, fisher, label_p, least_count
from tdsec_gov.detect.statistics.strata import cauchy, class_test, hypergeometric, rank_test, tail_test


def test_hypergeometric_agrees_with_scipy():
    mine = hypergeometric(200, 60, 30)
    assert np.allclose(mine, stats.hypergeom.pmf(np.arange(31), 200, 60, 30), atol=1e-12)
    assert burst_p(20, 30, 60, 200) == pytest.approx(stats.hypergeom.sf(19, 200, 60, 30), rel=1e-9)


def test_fisher_agrees_with_scipy():
    assert fisher(0.03, 0.2) == pytest.approx(stats.combine_pvalues([0.03, 0.2]).pvalue, rel=1e-9)


def test_rank_test_agrees_with_scipy_in_one_stratum():
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=80), rng.normal(0.3, size=60)
    theirs = stats.mannwhitneyu(new, old, alternative="greater", use_continuity=False, method="asymptotic")
    assert rank_test([(old, new)]) == pytest.approx(theirs.pvalue, rel=1e-6)


def test_chernoff_bounds_the_binomial_tail():
    for n, k, p in ((20, 12, 0.2), (50, 50, 0.1), (7, 5, 0.4)):
        bound = float(chernoff(np.array([k]), np.array([n]), np.array([n * p]))[0])
        assert stats.binom.sf(k - 1, n, p) <= bound * (1 + 1e-9)
    assert float(chernoff(np.array([2]), np.array([20]), np.array([4.0]))[0]) == 1.0


def test_tail_test_is_valid_under_the_null_and_strong_off_it():
    rng = np.random.default_rng(1)
    null = [
        tail_test([(rng.normal(size=60), rng.normal(size=40)) for _ in range(3)], 0.1)[0] for _ in range(400)
    ]
    assert np.mean(np.array(null) <= 0.05) <= 0.08
    shifted = np.concatenate([rng.normal(size=30), rng.normal(6, 1, size=10)])
    assert tail_test([(rng.normal(size=60), shifted)], 0.1)[0] < 1e-3


def test_ties_do_not_make_evidence():
    assert tail_test([(np.zeros(50), np.zeros(50))], 0.05)[0] == 1.0
    assert rank_test([(np.zeros(50), np.zeros(50))]) == 1.0


def test_one_strange_class_is_enough():
    rng = np.random.default_rng(2)
    strata = [(rng.normal(size=100), rng.normal(size=50)) for _ in range(9)]
    assert class_test(strata) > 0.01
    strange = np.concatenate([rng.normal(size=40), rng.normal(8, size=10)])
    assert class_test([*strata, (rng.normal(size=100), strange)]) < 0.005


def test_cauchy_keeps_small_values_and_survives_ones():
    assert cauchy([0.5, 0.5]) == pytest.approx(0.5)
    assert cauchy([1e-12, 1.0, 1.0]) == pytest.approx(3e-12, rel=0.01)
    assert cauchy([1.0, 1.0]) > 0.9


def test_label_p_needs_more_than_the_context_gives():
    labels = np.array([1] * 10)
    assert label_p(labels, np.tile([0.1, 0.9], (10, 1)))[0] > 0.1
    p, label, lift = label_p(labels, np.tile([0.9, 0.1], (10, 1)))
    assert p < 1e-8 and label == 1 and lift == pytest.approx(1.0)


def test_least_count_grows_with_the_number_of_items():
    few, many = least_count(0.005, 100, 0.3, 2), least_count(0.005, 1_000_000, 0.3, 2)
    assert 3 <= few < many < 30


def test_confident_learning_finds_the_planted_labels():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 600)
    chances = np.full((600, 3), 0.05)
    chances[np.arange(600), truth] = 0.9
    given = truth.copy()
    given[:30] = (given[:30] + 1) % 3
    assert set(label_issues(chances, given).tolist()) == set(range(30))
    assert label_issues(chances, truth).size == 0


def test_temperature_cools_an_overconfident_model():
    rng = np.random.default_rng(4)
    assert temperature(rng.normal(0, 10, (500, 2)), rng.integers(0, 2, 500)) > 8
    sharp = np.eye(2)[rng.integers(0, 2, 500)] * 6
    assert temperature(sharp, sharp.argmax(axis=1)) == 1.0
