"""Several files as one change: what is left in the middle goes on, and meets no surprise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.errors import IntegrityError
from tdsec_gov.vault.keyrings import change
from tdsec_gov.vault.keyrings.rotate import Unfinished, pending, unfinished
from tdsec_gov.vault.upkeep.reencrypt import storage_name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "b").write_bytes(b"old")
    (tmp_path / "c").write_bytes(b"goes")
    return tmp_path


FILES = {"a/new": b"1", "b": b"2", "c": None}


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_all_of_it(root: Path) -> None:
    assert change.apply(root, FILES) == ["a/new", "b", "c"]
    assert contents(root) == {"a/new": b"1", "b": b"2"}
    assert not change.intent_path(root).exists() and change.finish(root) == []


@pytest.mark.parametrize("written", range(4))
def test_left_after_any_file(root: Path, written: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine goes down after so many files; the next command finishes."""

    def down(root: Path, files: dict[str, bytes | None]) -> list[str]:
        change_some(root, dict(list(files.items())[:written]))
        raise KeyboardInterrupt

    change_some = change.write_files
    with monkeypatch.context() as patched:
        patched.setattr(change, "write_files", down)
        with pytest.raises(KeyboardInterrupt):
            change.apply(root, FILES)
    assert unfinished(root)
    change.finish(root)
    assert contents(root) == {"a/new": b"1", "b": b"2"} and not unfinished(root)


def test_a_file_that_somebody_else_changed_meanwhile(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(change, "write_files", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            change.apply(root, FILES)
    (root / "b").write_bytes(b"mine")
    with pytest.raises(IntegrityError, match="changed since"):
        change.finish(root)
    assert (root / "b").read_bytes() == b"mine" and unfinished(root)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{}", b'{"files":1}', b'{"files":[1]}', b'{"files":[{"name":"a"}]}'),
        canonical_bytes({"files": [{"name": "a", "before": None, "after": "%"}]}),
    ],
)
def test_a_broken_intent_is_no_intent(root: Path, data: bytes) -> None:
    change.intent_path(root).write_bytes(data)
    with pytest.raises(IntegrityError, match="unfinished change is broken"):
        change.finish(root)


def test_a_journal_without_its_change_is_forgotten(root: Path) -> None:
    Unfinished({"store": 2}, (".tdsec/vaults/store/keyring-2.age",), False).write(root)
    assert unfinished(root) and pending(root) is None and not unfinished(root)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format":1,"epochs":{"a":"2"},"files":[],"applied":true}'])
def test_a_broken_journal_is_not_forgotten(root: Path, data: bytes) -> None:
    (root / ".git/tdsec-rotation").write_bytes(data)
    with pytest.raises(IntegrityError, match="journal of an unfinished rotation is broken"):
        pending(root)


@pytest.mark.parametrize(
    ("below", "name"),
    [
        ("objects/ab/cdef", "abcdef"),
        ("manifests/ab/cdef", "abcdef"),
        ("1f2e/placements/ab/cdef", "abcdef"),
        ("sub/77aa/objects/ab/cdef", "abcdef"),
        ("paths/aa11/bb22/cc33", "aa11/bb22/cc33"),
        ("1f2e/paths/aa11", "aa11"),
        ("objects/ab/.0123456789abcdef.tmp", None),
        ("objects/ab", None),
        ("objects/ab/cd/ef", None),
        ("stray", None),
        ("paths", None),
    ],
)
def test_what_an_object_is_bound_to(below: str, name: str | None) -> None:
    assert storage_name(below) == name
