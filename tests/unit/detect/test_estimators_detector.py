"""The estimator finds what it says it finds, is quiet on clean rows, and refuses plainly."""

from __future__ import annotations

import pickle
from math import comb

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from tdsec_gov.detect.contract import Role
from tdsec_gov.detect.estimators import PoisonDetector

ACCEPTED, BAD = 1100, 35
TESTS = ("label_conformal", "shortcut_burst")


def halves(seed: int = 0):
    """Accepted rows and labels, new ones and their labels."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(y.size)
    x, y = x[order], y[order]
    return x[:ACCEPTED], y[:ACCEPTED], x[ACCEPTED:], y[ACCEPTED:]


@pytest.fixture(scope="module")
def rows():
    return halves()


def poisoned(rows, attack):
    _, _, x, y = (one.copy() for one in rows)
    if attack == "flips":
        y[:BAD] = (y[:BAD] + 1 + np.arange(BAD) % 9) % 10
    else:
        x[:BAD, 0], y[:BAD] = 7, 3
    return x, y, np.arange(y.size) < BAD


@pytest.mark.parametrize(
    ("attack", "only"),
    [("flips", "label_conformal"), ("trigger", "shortcut_burst"), ("flips", TESTS), ("trigger", TESTS)],
)
def test_poison_is_denied_and_ranked(rows, attack, only):
    x, y, bad = poisoned(rows, attack)
    detector = PoisonDetector(only=only).fit(*rows[:2])
    scores = detector.score_samples(x, y)
    report = detector.report_
    assert report.denied and report.risk == "high" and report.compared
    assert roc_auc_score(bad, -scores) > 0.95
    assert report.named[bad].mean() > 0.8 and np.array_equal(report.named, scores < -1)
    assert {one.detector for one in report.tests} == ({only} if isinstance(only, str) else set(only))
    text = str(report)
    assert "DENY" in text and "not addressed" in text and "row_difference: switched off" in text


def test_clean_rows_are_quiet_and_signs_agree_with_scores(rows):
    detector = PoisonDetector().fit(*rows[:2])
    signs = detector.predict(*rows[2:])
    decision = detector.decision_function(*rows[2:])
    assert not detector.report_.denied and (signs == 1).all()
    assert np.array_equal(signs == 1, decision >= 0) and detector.report_.examined.all()
    assert np.allclose(detector.report_.scores, decision - 1)


@pytest.mark.slow
@pytest.mark.parametrize("only", TESTS)
def test_false_alarms_are_no_more_than_alpha(only):
    """40 clean draws at alpha 0.05: more than ``most`` would be a chance below one in a thousand."""
    chances = [comb(40, k) * 0.05**k * 0.95 ** (40 - k) for k in range(41)]
    most = next(k for k in range(41) if sum(chances[k + 1 :]) < 1e-3)
    denied = 0
    for seed in range(40):
        x, y, new, labels = halves(seed)
        detector = PoisonDetector(only=only, alpha=0.05).fit(x[:500], y[:500])
        detector.predict(new[:300], labels[:300])
        denied += detector.report_.denied
    assert denied <= most


def test_a_push_that_repeats_accepted_rows_with_other_labels_is_told(rows):
    """Under ``whole=False`` nothing that is missing counts as gone."""
    detector = PoisonDetector(only="row_difference").fit(*rows[:2])
    other = (rows[1][:5] + 1) % 10
    assert (detector.predict(rows[0][:5], other) == -1).all()
    assert [one.kind for one in detector.report_.alarms] == ["contradicting"] and not detector.report_.denied
    whole = PoisonDetector(only="row_difference", whole=True).fit(*rows[:2])
    signs = whole.predict(rows[0], np.r_[other, rows[1][5:]])
    assert np.flatnonzero(signs == -1).tolist() == list(range(5)) and whole.report_.denied
    assert whole.report_.news == 5 and whole.report_.suspicious_rate == 1.0


def test_rows_beyond_the_draw_are_not_called_normal(rows):
    detector = PoisonDetector(only="label_conformal", max_rows=400).fit(*rows[:2])
    scores = detector.score_samples(*rows[2:])
    assert int(np.isnan(scores).sum()) == scores.size - 200 == int((~detector.report_.examined).sum())
    assert any("left out by a seeded draw" in one for one in detector.report_.not_addressed)


def test_without_labels_only_what_needs_none_runs(rows):
    detector = PoisonDetector().fit(rows[0])
    detector.predict(rows[2])
    roles = {one.role for one in detector.report_.tests}
    assert roles == {Role.DRIFT, Role.ADVICE} and "labels: none were given" in detector.report_.not_addressed
    labelled = PoisonDetector(only=["label_conformal", "outliers"]).fit(*rows[:2])
    with pytest.warns(UserWarning, match="labels are not examined"):
        labelled.predict(rows[2])
    with pytest.raises(ValueError, match="fit again with the labels"):
        detector.predict(*rows[2:])


def test_drift_alone_names_rows(rows):
    x = rows[2].copy()
    x[:200] = 16 - x[:200]
    detector = PoisonDetector(only="novelty").fit(rows[0])
    assert (detector.predict(x)[:200] == -1).mean() > 0.5 and not detector.report_.denied
    assert roc_auc_score(np.arange(x.shape[0]) < 200, -detector.report_.scores) > 0.9


def test_a_first_version_by_itself(rows):
    detector = PoisonDetector(only="confident_learning", max_issue_share=0.02)
    _, _, x, y = (one.copy() for one in rows)
    y[:60] = (y[:60] + 1) % 10
    signs = detector.fit_predict(x, y)
    assert (signs[:60] == -1).mean() > 0.8 and not detector.report_.denied
    assert not detector.report_.compared and detector.report_.risk == "medium"
    with pytest.raises(NotFittedError):
        detector.predict(x, y)


def test_an_accepted_item_is_not_told_again(rows):
    x, y, _ = poisoned(rows, "trigger")
    detector = PoisonDetector(only="shortcut_burst").fit(*rows[:2])
    detector.predict(x, y)
    keys = {one.key for one in detector.report_.alarms}
    again = clone(detector).set_params(allow=keys).fit(*rows[:2])
    again.predict(x, y)
    assert keys and not keys & {one.key for one in again.report_.alarms}


def test_the_same_rows_give_the_same_answer_after_a_copy(rows):
    x, y, _ = poisoned(rows, "flips")
    detector = PoisonDetector(only="label_conformal").fit(*rows[:2])
    copied = pickle.loads(pickle.dumps(detector))
    assert np.array_equal(detector.score_samples(x, y), copied.score_samples(x, y))


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"alpha": 0.5}, ValueError, "alpha"),
        ({"alpha": "0.01"}, TypeError, "alpha"),
        ({"alpha": True}, TypeError, "alpha"),
        ({"max_rows": 10}, ValueError, "max_rows"),
        ({"seed": 1.5}, TypeError, "seed"),
        ({"only": "burst"}, ValueError, "only names no detector"),
        ({"skip": ["burst"]}, ValueError, "skip names no detector"),
        ({"skip": 3}, TypeError, "skip"),
        ({"only": "outliers", "skip": "outliers"}, ValueError, "no detector is left"),
        ({"whole": 1}, TypeError, "whole"),
        ({"dataset": None}, TypeError, "dataset"),
    ],
)
def test_parameters_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        PoisonDetector(**parameters).fit(np.ones((3, 2)), [0, 1, 0])


def test_what_cannot_be_examined_is_refused(rows):
    with pytest.raises(ValueError, match="none of the chosen detectors works without accepted rows"):
        PoisonDetector(only="shortcut_burst").fit_predict(*rows[2:])
    with pytest.raises(ValueError, match="none of the chosen detectors works with accepted rows"):
        PoisonDetector(only="shortcut_mining").fit(*rows[:2]).predict(*rows[2:])
    detector = PoisonDetector(only="outliers").fit(*rows[:2])
    with pytest.raises(ValueError, match="64 features"):
        detector.predict(rows[2][:, :5], rows[3])
    with pytest.raises(ValueError, match="holds images"):
        detector.predict(rows[2].reshape(-1, 8, 8).astype(np.uint8), rows[3])
    with pytest.raises(ValueError, match="features"):
        detector.predict(["a text"] * 3, [0, 1, 0])
