"""The bench of detection runs, resumes, and its table says what its lines say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bench.detection.answers import Answer, auroc, judged
from bench.detection.book import Book
from bench.detection.cells import Cell, cells, drawn, run
from bench.detection.figures import upper
from bench.detection.sets import Pool, load
from bench.detection.table import markdown

ROWS = 300


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return load("cancer", tmp_path_factory.mktemp("cache"))


def cell(family: str, attack: str = "values-unseen", mode: str = "incremental", rate: float = 0.1) -> Cell:
    return Cell("cancer", ROWS, mode, attack, rate, 0, family)


def test_an_attack_is_in_the_push_only_and_the_same_for_every_method(pool: Pool) -> None:
    first, again = drawn(cell("ours"), pool), drawn(cell("guide"), pool)
    assert first.rows.push.tolist() == list(range(200, ROWS))
    assert np.flatnonzero(first.rows.poisoned).tolist() == np.flatnonzero(again.rows.poisoned).tolist()
    assert first.rows.poisoned[first.rows.push].sum() == 10
    whole = drawn(cell("ours", mode="absolute"), pool)
    assert whole.rows.push.size == ROWS and whole.rows.poisoned.sum() == 30


def test_a_shift_moves_rows_and_poisons_none(pool: Pool) -> None:
    task = drawn(cell("ours", "shift-labels"), pool)
    assert not task.rows.poisoned.any()
    shares = [task.rows.labels[:200].mean(), task.rows.labels[200:].mean()]
    assert abs(shares[0] - shares[1]) > 0.05


def test_ours_and_a_rival_in_one_table_and_a_run_that_goes_on(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    book = Book(path, "v1")
    for one in (cell("ours"), cell("guide"), cell("ours", "clean", rate=0.0)):
        book.add(one, run(one, pool))
    ours, guide, clean = book.lines
    assert ours["verdict"] == "denied" and ours["denying"] == ["shortcut_burst"]
    assert ours["auroc"] > 0.99 and ours["recall"] == 1.0 and ours["precision"] > 0.8
    assert ours["seconds"] > 0 and guide["method"] == "source guide"
    assert clean["auroc"] is None and clean["verdict"] != "denied"
    text = markdown(book.lines)
    assert "|cancer 300|values-unseen|denied|" in text and "source guide" in text
    assert "|cancer 300|clean|incremental|0/1|95.0%|" in text
    with path.open("a") as stream:
        stream.write('{"key": "cut')
    assert Book(path, "v1").keys() == book.keys()
    assert Book(path, "v2").keys() == {guide["key"]}, "other detectors: ours is made anew, theirs is kept"


def test_what_cannot_be_attacked_says_so(pool: Pool) -> None:
    found = run(cell("ours", rate=1.0), pool)
    assert found[0]["not_run"] and "Not run: ours" in markdown(found)


def test_cells_are_those_that_fit(pool: Pool) -> None:
    wanted = ["clean", "token", "flips-random"]
    found = list(cells("cancer", pool, 10**6, wanted, [0.01, 0.05], 2, ["ours"], ["incremental"]))
    assert [(one.attack, one.rate, one.seed) for one in found] == [
        ("clean", 0.0, 0),
        ("flips-random", 0.01, 0),
        ("flips-random", 0.05, 0),
        ("clean", 0.0, 1),
        ("flips-random", 0.01, 1),
        ("flips-random", 0.05, 1),
    ]
    assert {one.rows for one in found} == {569}


def test_figures() -> None:
    truth, scores = np.array([True, False, True, False]), np.array([3.0, 1.0, 1.0, 0.0])
    assert auroc(truth, scores) == pytest.approx(3.5 / 4)
    flagged = np.array([True, True, False, False])
    told = judged(Answer("m", scores, flagged), truth)
    assert (told["recall"], told["precision"], told["flagged"]) == (0.5, 0.5, 0.5)
    assert upper(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
