"""What is remembered of cache objects, when it is believed, and that it never shows in a manifest."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.dataset import MANIFEST_FORMAT
from tdsec_gov.errors import DataTampered, UsageError
from tdsec_gov.repo import digests, hashers, versions
from tdsec_gov.repo.cache import Cache, parse_dir_object
from tdsec_gov.repo.digests import Digests
from tdsec_gov.repo.git import shared_folder
from tdsec_gov.repo.hashing import digest_of
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.rows import private_folder
from tdsec_gov.repo.versions import build_manifest


class Place:
    """A cache folder with one folder dataset of ``count`` files, and a memory beside it."""

    def __init__(self, root: Path, count: int) -> None:
        self.cache, self.memory = Cache(root / "cache"), root / "memory"
        self.oids = [self.put(b"file %d" % n) for n in range(count)]
        listing = [{"md5": oid, "relpath": f"d/{n}.txt"} for n, oid in enumerate(self.oids)]
        self.pointer = Pointer("data/set", self.put(json.dumps(listing).encode(), ".dir"), "")

    def put(self, data: bytes, suffix: str = "") -> str:
        oid = hashlib.md5(data).hexdigest() + suffix
        place = self.cache.location(oid)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return oid

    def root(self) -> str:
        """As the gate builds it."""
        with Digests(self.memory, self.cache) as known:
            return build_manifest(self.pointer, self.cache, known=known).root

    def honest(self) -> str:
        return build_manifest(self.pointer, self.cache).root


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(digests, "SETTLED_NS", -1_000_000_000)  # the files below are new
    return Place(tmp_path, 20)


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files that are hashed from now on."""
    read: list[str] = []

    def noting(path: str) -> hashers.Hashed:
        read.append(path)
        return digest_of(path)

    monkeypatch.setattr(versions, "digest_of", noting)
    return read


def test_what_did_not_change_is_not_read_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.root() == place.honest()
    read = reads(monkeypatch)
    assert place.root() == place.honest() and len(read) == 20, "only the honest one reads"
    place.cache.location(place.oids[3]).write_bytes(b"other")
    del read[:]
    changed = place.root()
    assert read == [str(place.cache.location(place.oids[3]))]
    assert changed == place.honest()


def test_every_kind_of_change_is_noticed(place: Place) -> None:
    seen = {place.root()}
    first = place.cache.location(place.oids[0])
    size, found = len(first.read_bytes()), first.stat()

    def same_size_and_time() -> None:
        first.write_bytes(b"x" * size)
        os.utime(first, ns=(found.st_atime_ns, found.st_mtime_ns))

    def another_file_under_the_name() -> None:
        other = first.with_name("other")
        other.write_bytes(b"y" * size)
        os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
        other.replace(first)

    def in_place() -> None:
        with first.open("r+b") as stream:
            stream.write(b"z")

    for change in (same_size_and_time, another_file_under_the_name, in_place):
        time.sleep(0.03)  # times move in ticks of up to 10 ms, and the two seconds are off here
        change()
        assert place.root() == place.honest() not in seen, change.__name__
        seen.add(place.honest())


def test_a_file_that_changed_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    place = Place(tmp_path, 3)
    place.root()
    with Digests(place.memory, place.cache) as known:
        assert known.recall(place.oids) == {}


def test_another_cache_and_another_clone_know_nothing(place: Place, tmp_path: Path) -> None:
    place.root()
    with Digests(place.memory, Cache(tmp_path / "elsewhere")) as known:
        assert known.recall(place.oids) == {}
    copied = tmp_path / "copied"
    copied.mkdir()
    (copied / "digests.sqlite").write_bytes((place.memory / "digests.sqlite").read_bytes())
    with Digests(copied, place.cache) as known:
        assert known.recall(place.oids) == {}, "authenticated with the other clone's key"
    with Digests(place.memory, place.cache) as known:
        assert len(known.recall(place.oids)) == 20


def test_many_small_files_by_processes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "WORTH", 2)
    monkeypatch.setattr(versions, "cores", lambda: 2)
    made: list[hashers.Hashers] = []
    monkeypatch.setattr(versions, "Hashers", lambda count: made.append(hashers.Hashers(count)) or made[-1])
    first = place.root()
    assert len(made) == 1
    with Digests(place.memory, place.cache) as known:
        assert len(known.recall(place.oids)) == 20
    monkeypatch.undo()
    assert first == place.honest()


def test_processes_that_end_or_cannot_read_are_done_without(place: Place) -> None:
    paths = [str(place.cache.location(oid)) for oid in place.oids]
    team = hashers.Hashers(1)
    try:
        expected = [digest_of(path)[:2] for path in paths]
        assert [one[:2] for one in team.digests(paths)] == expected
        with pytest.raises(FileNotFoundError):
            team.digests([paths[0], paths[0] + "gone"])
        for process in team._all:
            process.kill()
            process.wait()
        assert [one[:2] for one in team.digests(paths)] == expected
    finally:
        team.close()


def test_a_file_that_is_gone_names_the_command_whoever_reads(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.cache.location(place.oids[7]).unlink()
    for worth in (2, 1000):
        monkeypatch.setattr(versions, "WORTH", worth)
        with pytest.raises(UsageError, match="dvc fetch data/set"):
            place.root()


def test_a_manifest_in_pieces_is_the_manifest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = build_manifest(place.pointer, place.cache)
    whole = canonical_bytes({"format": MANIFEST_FORMAT, "files": [one.as_json() for one in manifest.entries]})
    for piece in (1, 7, 20, 1000):
        monkeypatch.setattr("tdsec_gov.domain.dataset._PIECE", piece)
        assert manifest.to_bytes() == whole
        assert manifest.root == hashlib.sha256(whole).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "[]]",
        "[ ]",
        '{"md5": "0", "relpath": "a"}',
        '[{"md5": "%s", "relpath": "a"}' % ("0" * 32),
        '[{"md5": "%s", "relpath": "a"}, ]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "a", "size": 1}]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "\\u0061"}]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "\\/"}]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "\\u00E4"}]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "\u00e4"}]' % ("0" * 32),
        '[{"relpath": "a", "md5": "%s"}]' % ("0" * 32),
        ' [{"md5": "%s", "relpath": "a"}]' % ("0" * 32),
        '[{"md5": "%s", "relpath": "a"}]\n' % ("0" * 32),
    ],
)
def test_only_dvcs_own_form_of_a_listing(text: str) -> None:
    with pytest.raises(DataTampered):
        parse_dir_object(text.encode(), "set")


def test_work_trees_of_one_clone_share(tmp_path: Path) -> None:
    main, linked = tmp_path / "main", tmp_path / "linked"
    own = main / ".git" / "worktrees" / "linked"
    own.mkdir(parents=True)
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {own}\n")
    (own / "commondir").write_text("../..\n")
    assert shared_folder(linked) == shared_folder(main) == main / ".git"
    assert private_folder(tmp_path) is None
