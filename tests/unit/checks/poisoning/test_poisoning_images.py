"""The check on image folders: the folder is the class, bytes tell what is new, triggers are denied."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.poisoning.check import Poisoning
from tdsec_gov.checks.poisoning.images import SIDE, load_images
from tdsec_gov.detect.data.diff import row_diff
from tdsec_gov.domain.findings import CheckResult, Status

ACCEPTED, ALL = 900, 1300


def png(pixels: np.ndarray) -> bytes:
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


def pictures(stamp: int = 0, flips: int = 0) -> list[tuple[int, bytes]]:
    """Class and file of each digit, twice as large; the last ``stamp`` bear a trigger and class 3."""
    found = load_digits()
    order = np.random.default_rng(2).permutation(found.target.size)[:ALL]
    rows = []
    for place, at in enumerate(order):
        pixels = (np.kron(found.images[at], np.ones((2, 2))) * 15).astype(np.uint8)
        label = int(found.target[at])
        if place >= ALL - stamp:
            pixels[12:15, 1:4], label = [[0, 255, 0], [255, 0, 255], [0, 255, 0]], 3
        if ACCEPTED <= place < ACCEPTED + flips:
            label = (label + 1 + place % 9) % 10
        rows.append((label, png(pixels)))
    return rows


def files(folder: Path, rows: list[tuple[int, bytes]], top: str = "") -> list[DataFile]:
    found = []
    for number, (label, data) in enumerate(rows):
        digest = hashlib.sha256(data).hexdigest()
        location = folder / digest
        location.write_bytes(data)
        found.append(DataFile(f"{top}c{label}/{number}.png", location, len(data), digest))
    return found


def judged(folder: Path, rows: list[tuple[int, bytes]]) -> CheckResult:
    whole = files(folder, rows)
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    params = {"labels_from": "folder"}
    return Poisoning().run(CheckInput("d", whole, whole[:ACCEPTED], "0" * 64, params, None, folder, now))


def test_clean_growth_passes(tmp_path: Path) -> None:
    result = judged(tmp_path, pictures())
    assert result.status is Status.PASSED, [one.message for one in result.findings]
    assert any(f"{SIDE} x {SIDE}" in one for one in result.not_checked)


def test_a_trigger_in_twenty_images_denies_and_names_a_file(tmp_path: Path) -> None:
    result = judged(tmp_path, pictures(stamp=20))
    assert result.status is Status.FAILED
    (burst,) = [one for one in result.findings if one.code == "TDS432"]
    assert burst.column == "image" and burst.count == 20 and str(burst.file).startswith("c3/")


def test_wrong_folders_deny(tmp_path: Path) -> None:
    result = judged(tmp_path, pictures(flips=60))
    assert result.status is Status.FAILED
    assert "TDS413" in {one.code for one in result.findings}


def test_an_image_moved_to_another_folder_is_relabelled(tmp_path: Path) -> None:
    rows = pictures()[:100]
    before = files(tmp_path, rows)
    moved = [((label + 1) % 10, data) for label, data in rows[:5]]
    after = files(tmp_path, [*moved, *rows[5:]])
    loaded = load_images(after, before)
    diff = row_diff(loaded.stack.content, loaded.stack.labels, loaded.stack.current)
    assert diff.relabelled.sum() == 5 and diff.added.sum() == 0


@pytest.mark.parametrize("size", [(8, 8), (300, 200), (5, 90)])
def test_other_sizes_and_colours_meet(tmp_path: Path, size: tuple[int, int]) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (20, 20)).astype(np.uint8)
    colour = np.random.default_rng(2).integers(0, 256, (*size, 3)).astype(np.uint8)
    loaded = load_images(files(tmp_path, [(0, png(grey)), (1, png(colour))]), None)
    (column,) = loaded.stack.columns(np.arange(2))
    assert column.pixels is not None and column.pixels.shape == (2, SIDE, SIDE, 3)


def test_a_damaged_image_denies_without_its_bytes(tmp_path: Path) -> None:
    rows = pictures()
    rows[-1] = (3, rows[-1][1][:60])
    result = judged(tmp_path, rows)
    assert result.status.denies and "cannot be decoded" in result.findings[0].message


def test_images_in_no_folder(tmp_path: Path) -> None:
    alone = [DataFile("a.png", tmp_path, 1, "0" * 64)]
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    given = CheckInput("d", alone, None, None, {"labels_from": "folder"}, None, tmp_path, now)
    assert Poisoning().run(given).status.denies
