"""A small network's second opinion: quiet on clean growth, loud on poison, and only where it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tdsec_gov.detect.contract import Role
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.memory import grown
from tdsec_gov.detect.data.subject import Options
from tdsec_gov.detect.suite import DETECTORS, SECOND_OPINIONS, examine, load

OTHERS = frozenset(DETECTORS) - SECOND_OPINIONS


def _rows(seed: int, count: int = 900) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    values = rng.normal(size=(count, 6))
    values[:, 0] += 3 * labels
    values[:, 1] -= 2 * labels
    return values, labels


def _ran(values: np.ndarray, labels: np.ndarray, skip: frozenset[str] = OTHERS):
    columns = tuple(Column(f"c{at}", numbers=values[:, at]) for at in range(values.shape[1]))
    stack = grown(columns, labels, 2, np.arange(600), np.arange(600, labels.size))
    found = examine(stack, Options(), reference=True, skip=skip, second=True)
    return {one.detector.name: one.result for one in found.ran}


def test_they_run_only_where_they_are_asked_for():
    values, labels = _rows(0)
    columns = (Column("c", numbers=values[:, 0]),)
    stack = grown(columns, labels, 2, np.arange(600), np.arange(600, 900))
    usual = examine(stack, Options(), reference=True)
    assert not SECOND_OPINIONS & {one.detector.name for one in usual.ran}
    assert {load(name).role for name in SECOND_OPINIONS} == {Role.ADVICE}


def test_clean_growth_is_quiet():
    alarms = [name for seed in range(8) for name, one in _ran(*_rows(seed)).items() if one.alarms]
    assert alarms == []


def test_p_values_are_not_too_small():
    found = [one.p for seed in range(20) for one in _ran(*_rows(100 + seed)).values()]
    assert len(found) == 80
    assert sum(p <= 0.05 for p in found) <= 10  # binomial(80, 0.05): more in one of 400 draws


@pytest.mark.parametrize("name", ["gradient_norm", "deep_neighbours"])
def test_wrong_labels_pull_and_lie_among_others(name):
    values, labels = _rows(1)
    wrong = np.arange(600, 900, 10)
    labels[wrong] = 1 - labels[wrong]
    result = _ran(values, labels)[name]
    assert result.alarms and result.p < 1e-4
    (alarm,) = result.alarms
    named = set((alarm.rows - 600).tolist())
    assert len(named & set(wrong.tolist())) >= 20
    scores = np.zeros(900)
    scores[result.index - 600] = result.scores
    assert np.median(scores[wrong]) > np.quantile(scores[600:], 0.85)


@pytest.mark.parametrize("name", ["spectral_signatures", "activation_clusters"])
def test_a_backdoor_in_images_stands_apart(name):
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 900)
    pixels = rng.integers(0, 120, (900, 12, 12, 1))
    pixels[labels == 1, :6] += 60
    pixels[labels == 0, 6:] += 60
    victims = 600 + np.flatnonzero(labels[600:] == 0)[:30]
    pixels[victims, 1:4, 1:4] = 255
    labels[victims] = 1
    columns = (Column("image", pixels=pixels.astype(np.uint8)),)
    stack = grown(columns, labels, 2, np.arange(600), np.arange(600, 900))
    found = examine(stack, Options(), reference=True, skip=OTHERS, second=True)
    result = {one.detector.name: one.result for one in found.ran}[name]
    named = set((result.alarms[0].rows - 600).tolist())
    assert len(named & set(victims.tolist())) >= 25 and len(named - set(victims.tolist())) <= 5


def test_it_is_repeatable():
    first, again = (_ran(*_rows(3)) for _ in range(2))
    assert {name: one.p for name, one in first.items()} == {name: one.p for name, one in again.items()}
