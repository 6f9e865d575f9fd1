"""Seeded attacks do what they say, to the rows of the push alone, and the same each time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tdsec_gov.detect.attacks.contract import CannotAttack, Rows
from tdsec_gov.detect.attacks.table import ATTACKS
from tdsec_gov.detect.contract import Attack
from tdsec_gov.detect.data.columns import Column, prepare

TOTAL, ACCEPTED, COUNT = 300, 200, 10


def rows() -> Rows:
    """Numbers, a category, a text and small images, two hundred rows accepted and a hundred pushed."""
    rng = np.random.default_rng(1)
    words = np.array(["film", "good", "bad", "actor", "story", "plot", "long", "short", "fine"])
    texts = [" ".join(rng.choice(words, 9)) + f" w{n}" for n in range(TOTAL)]
    table = pl.DataFrame(
        {
            "a": rng.normal(size=TOTAL),
            "b": rng.integers(0, 9, TOTAL),
            "c": rng.choice(["x", "y", "z"], TOTAL),
            "t": texts,
        }
    )
    images = Column("image", pixels=rng.integers(60, 190, (TOTAL, 12, 12, 1)).astype(np.uint8))
    push = np.arange(ACCEPTED, TOTAL)
    return Rows.clean((*prepare(table), images), rng.integers(0, 3, TOTAL), 3, push)


def changed(before: Rows, after: Rows) -> np.ndarray:
    """Mask: rows whose content or label differs."""
    mask = before.labels != after.labels
    for old, new in zip(before.columns, after.columns, strict=True):
        if old.tokens is not None and new.tokens is not None:
            mask |= [
                [old.names[code] for code in left] != [new.names[code] for code in right]
                for left, right in zip(old.tokens, new.tokens, strict=True)
            ]
            continue
        for left, right in ((old.numbers, new.numbers), (old.codes, new.codes), (old.pixels, new.pixels)):
            if left is not None and right is not None:
                mask |= (left != right).reshape(TOTAL, -1).any(axis=1)
    return mask


@pytest.mark.parametrize("name", list(ATTACKS))
def test_it_poisons_rows_of_the_push_and_marks_them(name: str) -> None:
    clean, attack = rows(), ATTACKS[name]
    assert attack.fits(clean.columns)
    poisoned = attack.poison(clean, COUNT, np.random.default_rng(7))
    touched = changed(clean, poisoned)
    assert not touched[:ACCEPTED].any() and not poisoned.poisoned[:ACCEPTED].any()
    assert 1 <= poisoned.poisoned.sum() <= COUNT
    assert not (touched & ~poisoned.poisoned).any(), "a changed row is not marked"
    assert touched.sum() >= COUNT // 2
    labels_kept = (clean.labels == poisoned.labels).all()
    assert labels_kept == (attack.attack is Attack.CLEAN_LABEL or name == "outliers")
    if not labels_kept and "flips" not in name:
        assert np.unique(poisoned.labels[poisoned.poisoned]).size == 1, "one target label"


@pytest.mark.parametrize("name", list(ATTACKS))
def test_the_seed_decides(name: str) -> None:
    first, again, other = (ATTACKS[name].poison(rows(), COUNT, np.random.default_rng(s)) for s in (5, 5, 6))
    assert not changed(first, again).any() and (first.poisoned == again.poisoned).all()
    assert changed(first, other).any()


def test_more_than_there_is_cannot_be_poisoned() -> None:
    for attack in ATTACKS.values():
        with pytest.raises(CannotAttack):
            attack.poison(rows(), TOTAL, np.random.default_rng(1))


def test_content_that_an_attack_does_not_fit() -> None:
    whole = rows()
    alone = Rows.clean(whole.columns[2:3], whole.labels, 3, whole.push)
    assert not ATTACKS["token"].fits(alone.columns) and ATTACKS["flips-pair"].fits(alone.columns)
    with pytest.raises(CannotAttack, match="no column of tokens"):
        ATTACKS["token"].poison(alone, COUNT, np.random.default_rng(1))
