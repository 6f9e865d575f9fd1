"""Parts of verify and gc that need no vault: work side by side, times of storages, progress on disk."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tdsec_gov.vault.upkeep.listing import Kind, Stored, changed
from tdsec_gov.vault.upkeep.progress import BELIEVED_DAYS, Progress, kept_in
from tdsec_gov.vault.upkeep.sidebyside import side_by_side

MOMENT = 1_700_000_000.0


def test_results_come_in_order_and_little_is_read_ahead() -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    found = side_by_side(lambda number: number * 2, items(), jobs=2)
    assert [next(found) for _ in range(3)] == [(0, 0), (1, 2), (2, 4)]
    assert len(read) < 20
    assert [result for _, result in found] == [number * 2 for number in range(3, 1000)]


def test_work_is_really_side_by_side() -> None:
    meet = threading.Barrier(3, timeout=20)
    assert len(list(side_by_side(lambda _: meet.wait(), range(3), jobs=3))) == 3


def test_what_work_raises_is_raised_and_the_rest_is_dropped() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 3:
            raise ValueError("three")
        done.append(number)

    with pytest.raises(ValueError, match="three"):
        list(side_by_side(work, range(10_000), jobs=1))
    assert done[:3] == [0, 1, 2] and len(done) < 20


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"mtime": MOMENT}, MOMENT),
        ({"mtime": int(MOMENT)}, MOMENT),
        ({"LastModified": dt.datetime.fromtimestamp(MOMENT, dt.UTC)}, MOMENT),
        ({"modified": dt.datetime.fromtimestamp(MOMENT, dt.UTC).isoformat()}, MOMENT),
        ({"updated": "2023-11-14T22:13:20Z"}, MOMENT),
        ({"modified": "yesterday"}, None),
        ({"size": 5}, None),
        ({}, None),
    ],
)
def test_times_of_storages(info: dict[str, object], expected: float | None) -> None:
    assert changed(info) == expected


def one(size: int = 5, when: float = MOMENT, tag: str = "") -> Stored:
    return Stored(Kind.OBJECT, "base/objects/ab/cd", "abcd", "a" * 32, size, when, tag)


def test_progress_believes_the_same_object_under_the_same_evidence(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    with kept_in(path, resume=False) as kept:
        kept.held(one(), "evidence")
    with kept_in(path, resume=True) as kept:
        assert kept.holds(one(), "evidence")
        others = [(one(6), "evidence"), (one(5, MOMENT + 1), "evidence"), (one(tag="x"), "evidence")]
        assert not any(kept.holds(*other) for other in [*others, (one(), "other")])
        kept.forget(one())
        assert not kept.holds(one(), "evidence")
    with kept_in(path, resume=False) as kept:
        kept.held(one(), "evidence")
    with kept_in(path, resume=False) as kept:
        assert not kept.holds(one(), "evidence")


def test_progress_is_not_believed_for_ever(tmp_path: Path) -> None:
    with kept_in(tmp_path / "progress.db", resume=False) as kept:
        kept.held(one(), "evidence")
        now, database = time.time(), kept._database
        day = 86400.0
        assert Progress(database, now + (BELIEVED_DAYS - 1) * day).holds(one(), "evidence")
        assert not Progress(database, now + (BELIEVED_DAYS + 1) * day).holds(one(), "evidence")
        assert not Progress(database, now - day).holds(one(), "evidence"), "from the future"


def test_what_was_listed_is_forgotten_with_the_run(tmp_path: Path) -> None:
    path = tmp_path / "progress.db"
    with kept_in(path, resume=False) as kept:
        kept.saw("abcd")
        kept.saw("abcd")
        assert kept.has("abcd") and not kept.has("abce")
    with kept_in(path, resume=True) as kept:
        assert not kept.has("abcd")
