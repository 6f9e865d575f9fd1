"""Labels changed at random: the likelihood-ratio test, and the judge of labels behind it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.models.conformal import margins
from tdsec_gov.detect.models.judge import Judge
from tdsec_gov.detect.models.texts import TextFeatures
from tdsec_gov.detect.statistics.flips import flip_test
from tdsec_gov.detect.statistics.strata import rank_test


def drawn(rng: np.random.Generator, rows: int = 1000, wrong: int = 0) -> tuple[np.ndarray, ...]:
    """Two classes that a margin tells apart mostly; the last quarter is new, ``wrong`` rows of it flipped."""
    truth = rng.integers(0, 2, rows)
    signal = (2 * truth - 1) * 1.0 + rng.normal(size=rows)
    strange = np.stack([signal, -signal], axis=1)
    labels, new = truth.copy(), np.arange(rows) >= rows * 3 // 4
    labels[rng.choice(np.flatnonzero(new), wrong, replace=False)] ^= 1
    return strange, labels, new


def rank_p(strange: np.ndarray, labels: np.ndarray, new: np.ndarray) -> float:
    own = strange[np.arange(labels.size), labels]
    return rank_test([(own[(labels == c) & ~new], own[(labels == c) & new]) for c in (0, 1)])


def test_p_values_of_clean_rows_are_uniform() -> None:
    rng = np.random.default_rng(3)
    found = np.array([flip_test(*drawn(rng, 400), rng) for _ in range(80)])
    assert (found <= 0.05).sum() <= 10 and (found <= 0.5).mean() == pytest.approx(0.5, abs=0.17)


def test_it_sees_more_than_ranks_do() -> None:
    rng = np.random.default_rng(4)
    cases = [drawn(rng, wrong=20) for _ in range(25)]
    ours = sum(flip_test(*case, rng) <= 0.01 for case in cases)
    ranks = sum(rank_p(*case) <= 0.01 for case in cases)
    assert ours >= 15 and ours > ranks


def test_one_class_alone_cannot_be_judged() -> None:
    rng = np.random.default_rng(5)
    strange = rng.normal(size=(40, 1))
    assert flip_test(strange, np.zeros(40, dtype=np.int64), np.arange(40) >= 30, rng) == 1.0


def test_margin_of_each_label_is_the_best_other_over_it() -> None:
    logits = np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]])
    assert margins(logits) == pytest.approx(np.array([[-1.0, 2.0, 1.0], [0.0, 0.0, 1.0]]))


TEXTS = ["good film and fine actors", "bad film and poor actors", "a fine story", "a poor story"] * 6


def test_words_are_weighed_by_the_training_rows_alone() -> None:
    train = np.arange(12)
    other = [*TEXTS[:12], *("unseen words all over this line",) * 12]
    weighed = []
    for texts in (TEXTS, other):
        columns = prepare(pl.DataFrame({"text": [f"{one} {n}" for n, one in enumerate(texts)]}))
        features = TextFeatures(columns)
        block = features.rows(train, features.weigh(train))[0]
        weighed.append(np.sort(block.data))
    assert weighed[0] == pytest.approx(weighed[1])


def test_a_judge_learns_from_words() -> None:
    columns = prepare(pl.DataFrame({"text": [f"{one} {n}" for n, one in enumerate(TEXTS)]}))
    labels = np.array([0, 1] * 12)
    fitted = Judge(columns, 2).fit(labels, np.arange(16))
    assert (fitted(np.arange(16, 24)).argmax(axis=1) == labels[16:]).all()
