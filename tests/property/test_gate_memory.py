"""Whatever lies in the private memory, answers are the same as without it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.gate.memory import Partials
from tdsec_gov.repo import rows
from tdsec_gov.repo.rows import Rows

KEYS = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(30)]
TRUTH: dict[str, JsonValue] = {key: {"n": n, "words": ["a"] * n} for n, key in enumerate(KEYS)}


def filled(folder: Path) -> Path:
    memory = Partials(folder)
    memory.remember(TRUTH)
    assert memory.recall(KEYS) == TRUTH
    memory.close()
    with sqlite3.connect(folder / "partials.sqlite") as database:
        database.execute("PRAGMA journal_mode=DELETE")
    database.close()
    return folder / "partials.sqlite"


def holds(folder: Path) -> dict[str, JsonValue]:
    """What is remembered: nothing but the truth; and what was not remembered can be."""
    memory = Partials(folder)
    found = memory.recall(KEYS)
    assert all(TRUTH[key] == one for key, one in found.items())
    memory.remember({KEYS[0]: TRUTH[KEYS[0]]})
    assert memory.recall(KEYS[:1]) in ({}, {KEYS[0]: TRUTH[KEYS[0]]})
    memory.close()
    return found


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 1 << 20), st.booleans())
def test_garbage_in_the_file_is_never_believed(garbage: bytes, where: int, cut: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = filled(Path(name))
        data = bytearray(path.read_bytes())
        at = where % len(data)
        data[at : at + len(garbage)] = garbage
        path.write_bytes(bytes(data[: at + len(garbage)] if cut else data))
        holds(Path(name))


@settings(max_examples=60)
@given(
    st.sampled_from(KEYS),
    st.one_of(st.binary(max_size=40), st.text(max_size=20), st.integers(-9, 9), st.just(b'{"n":0}')),
    st.one_of(st.binary(max_size=20), st.text(max_size=5), st.none().map(lambda _: "keep")),
)
def test_a_planted_row_is_not_known(key: str, body: object, tag: object) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = filled(Path(name))
        with sqlite3.connect(path) as database:
            row = bytes.fromhex(key)
            database.execute("UPDATE rows SET body = ? WHERE name = ?", (body, row))
            if tag != "keep":
                database.execute("UPDATE rows SET tag = ? WHERE name = ?", (tag, row))
        database.close()
        assert key not in holds(Path(name))


def test_rows_moved_to_another_name_or_kind_are_not_known(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with sqlite3.connect(path) as database:
        one, two = (bytes.fromhex(key) for key in KEYS[:2])
        database.execute("DELETE FROM rows WHERE name = ?", (two,))
        database.execute("UPDATE rows SET name = ? WHERE name = ?", (two, one))
    database.close()
    assert not set(KEYS[:2]) & set(holds(tmp_path))
    (tmp_path / "digests.sqlite").write_bytes(path.read_bytes())
    other = Rows(tmp_path, "digests")
    assert other.get([bytes.fromhex(key) for key in KEYS]) == {}


def replaced_key(folder: Path) -> None:
    (folder / "key").write_bytes(b"k" * 32)


def short_key(folder: Path) -> None:
    (folder / "key").write_bytes(b"k")


def open_key(folder: Path) -> None:
    (folder / "key").chmod(0o644)


def linked_key(folder: Path) -> None:
    (folder / "key").rename(folder / "other")
    (folder / "key").symlink_to(folder / "other")


def a_trigger(folder: Path) -> None:
    with sqlite3.connect(folder / "partials.sqlite") as database:
        text = "CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM rows WHERE name <> NEW.name; END"
        database.execute(text)
    database.close()


def a_view(folder: Path) -> None:
    with sqlite3.connect(folder / "partials.sqlite") as database:
        database.execute("ALTER TABLE rows RENAME TO lines")
        database.execute("CREATE VIEW rows AS SELECT * FROM lines")
    database.close()


def a_folder(folder: Path) -> None:
    (folder / "partials.sqlite").unlink()
    (folder / "partials.sqlite").mkdir()


@pytest.mark.parametrize("harm", [replaced_key, short_key, open_key, linked_key, a_trigger, a_view, a_folder])
def test_what_is_not_ours_is_no_memory(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    filled(tmp_path)
    harm(tmp_path)
    assert holds(tmp_path) == {}


def test_it_is_private_and_a_file_in_the_way_of_the_folder_is_no_error(tmp_path: Path) -> None:
    filled(tmp_path / "memory")
    assert (tmp_path / "memory").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "memory" / "key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_bytes(b"")
    memory = Partials(tmp_path / "file")
    memory.remember(TRUTH)
    assert memory.recall(KEYS) == {}


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 20_000 * 86400.0
    monkeypatch.setattr(rows.time, "time", lambda: day)
    kept = Rows(tmp_path, "k", limit=400_000)
    names = [hashlib.sha256(b"%d" % n).digest() for n in range(1000)]
    kept.put({name: os.urandom(300) for name in names[:300]})
    day += 86400
    assert len(kept.get(names[:20])) == 20
    for start in range(300, 1000, 50):
        kept.put({name: os.urandom(300) for name in names[start : start + 50]})
    assert (tmp_path / "k.sqlite").stat().st_size < 2 * 400_000
    left = set(kept.get(names))
    gone = set(names) - left
    assert gone and gone <= set(names[20:300]), "the old ones that nobody asked for"


def write(folder: str, number: int) -> None:
    memory = Partials(Path(folder))
    for start in range(0, 30, 3):
        memory.remember({key: TRUTH[key] for key in KEYS[start : start + 3]})
    os._exit(0 if number else 9)


def test_several_processes_at_once(tmp_path: Path) -> None:
    context = get_context("spawn")
    team = [context.Process(target=write, args=(str(tmp_path), number)) for number in range(3)]
    for one in team:
        one.start()
    for one in team:
        one.join()
    assert Partials(tmp_path).recall(KEYS) == TRUTH
