"""Triggers in images, against an accepted version: found with their rows; clean growth is not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tdsec_gov.detect.attacks.contract import Rows
from tdsec_gov.detect.attacks.table import ATTACKS
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import LEAST
from tdsec_gov.detect.items.patches import picture_items, places_anywhere
from tdsec_gov.detect.mining.burst import Mined, mine_bursts
from tdsec_gov.detect.models.label import fit

ACCEPTED, ALL = 1300, 1797


def digits(seed: int) -> Rows:
    found, rng = load_digits(), np.random.default_rng(seed)
    order = rng.permutation(ALL)
    pixels = np.repeat(np.repeat(found.images, 2, axis=1), 2, axis=2)[order, :, :, None] * 15
    return Rows.clean(
        (Column("image", pixels=pixels.astype(np.uint8)),),
        found.target[order].astype(np.int64),
        10,
        np.arange(ACCEPTED, ALL),
    )


def mined(rows: Rows) -> Mined:
    return mine_bursts(
        rows.columns,
        rows.labels,
        10,
        np.arange(ACCEPTED),
        rows.push,
        level=0.005,
        dataset="d",
        allow=frozenset(),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clean_growth_is_no_burst(seed: int) -> None:
    assert not mined(digits(seed)).found


@pytest.mark.parametrize(
    ("name", "kind"), [("patch", "patch"), ("patch-moving", "anywhere"), ("blended", "")]
)
def test_a_trigger_is_found_with_its_rows(name: str, kind: str) -> None:
    poisoned = ATTACKS[name].poison(digits(4), 25, np.random.default_rng(4))
    found = mined(poisoned).found
    told = np.zeros(ALL, dtype=np.bool_)
    for item in found:
        told[item.rows] = True
    assert found and (found[0].kind == kind or not kind)
    assert (told & poisoned.poisoned).sum() >= 20 and poisoned.poisoned[told].mean() >= 0.8


def test_an_accepted_trigger_is_not_asked_about_again() -> None:
    poisoned = ATTACKS["patch"].poison(digits(5), 25, np.random.default_rng(5))
    (first, *_) = mined(poisoned).found
    again = mine_bursts(
        poisoned.columns,
        poisoned.labels,
        10,
        np.arange(ACCEPTED),
        poisoned.push,
        level=0.005,
        dataset="d",
        allow=frozenset({first.key}),
    )
    assert first.key not in {one.key for one in again.found}


def test_items_hold_the_rows_that_have_them() -> None:
    rows = digits(6)
    pixels = rows.columns[0].pixels
    assert pixels is not None
    pixels[40:50, 2:5, 3:6] = np.array([[0, 255, 0], [255, 0, 255], [0, 255, 0]], dtype=np.uint8)[:, :, None]
    taken = np.arange(ALL)
    groups = [one.codes() for one in picture_items(rows.columns, taken)]
    stamped = [
        codes for codes in groups if (codes[40:50] == codes[40]).all() and (codes == codes[40]).sum() == 10
    ]
    assert stamped, "no coding tells the stamped rows from all others"
    (bag,) = places_anywhere(rows.columns, taken)
    holders = [bag.members(one) for one in range(bag.codes.size)]
    assert min(one.size for one in holders) >= LEAST
    assert any(np.array_equal(one, np.arange(40, 50)) for one in holders)


def test_a_label_model_reads_images() -> None:
    rows = digits(7)
    model = fit(rows.columns, rows.labels, 10, np.arange(ACCEPTED))
    right = model.logits(rows.push).argmax(axis=1) == rows.labels[rows.push]
    assert right.mean() > 0.9
