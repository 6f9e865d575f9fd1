"""From bytes in a cache folder to a manifest, and the private copies of manifests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import ConfigurationError, DataTampered, IntegrityError, UsageError
from tdsec_gov.repo.cache import Cache, dvc_config
from tdsec_gov.repo.manifests import FOLDER, LocalManifests, checked, of_single_file
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.versions import build_manifest, hash_file

FILES = {"a.csv": b"1\n", "deep/b.csv": b"22\n", "empty": b"", "same": b"1\n"}


def put(root: Path, data: bytes, suffix: str = "") -> str:
    oid = hashlib.md5(data).hexdigest() + suffix
    place = Cache(root / ".dvc/cache").location(oid)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return oid


@pytest.fixture
def folder(tmp_path: Path) -> Pointer:
    (tmp_path / ".dvc").mkdir()
    listing = [{"md5": put(tmp_path, data), "relpath": path} for path, data in reversed(FILES.items())]
    return Pointer("data/set", put(tmp_path, json.dumps(listing).encode(), ".dir"), "data/set.dvc")


def test_manifest_of_a_folder(folder: Pointer, tmp_path: Path) -> None:
    seen: list[int] = []
    manifest = build_manifest(folder, Cache.of(tmp_path), seen.append)
    assert {one.path: one.sha256 for one in manifest.entries} == {
        path: hashlib.sha256(data).hexdigest() for path, data in FILES.items()
    }
    assert sum(seen) == manifest.size == sum(map(len, FILES.values()))


def test_bytes_that_changed_change_the_root_although_the_oid_stays(folder: Pointer, tmp_path: Path) -> None:
    before = build_manifest(folder, Cache.of(tmp_path))
    Cache.of(tmp_path).location(before.entries[0].oid).write_bytes(b"9\n")
    after = build_manifest(folder, Cache.of(tmp_path))
    assert after.root != before.root and [e.oid for e in after.entries] == [e.oid for e in before.entries]


def test_a_missing_member_names_the_command(folder: Pointer, tmp_path: Path) -> None:
    put_away = Cache.of(tmp_path).location(hashlib.md5(b"22\n").hexdigest())
    put_away.unlink()
    with pytest.raises(UsageError, match="dvc fetch data/set"):
        build_manifest(folder, Cache.of(tmp_path))


def test_private_copies_are_worth_their_digest(folder: Pointer, tmp_path: Path) -> None:
    manifest = build_manifest(folder, Cache.of(tmp_path))
    version = DatasetVersion.of(folder.name, folder.oid, manifest)
    local = LocalManifests(tmp_path)
    assert local.load(version) is None and local.rebuild(version) == manifest
    local.save(manifest)
    assert local.load(version) == manifest
    path = tmp_path / FOLDER / f"{version.root}.json"
    path.write_bytes(path.read_bytes().replace(b'"size":2', b'"size":3'))
    assert local.load(version) is None
    with pytest.raises(DataTampered):
        checked(path.read_bytes(), version)
    Cache.of(tmp_path).location(manifest.entries[0].oid).write_bytes(b"9\n")
    assert local.rebuild(version) is None


def test_manifest_of_a_single_file_is_rebuilt_from_its_verdict(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    pointer = Pointer("data/x.csv", put(tmp_path, b"1\n"), "data/x.csv.dvc")
    manifest = build_manifest(pointer, Cache.of(tmp_path))
    version = DatasetVersion.of(pointer.name, pointer.oid, manifest)
    assert of_single_file(version) == manifest
    with pytest.raises(IntegrityError):
        of_single_file(DatasetVersion("data/y.csv", version.root, version.oid, 1, 2, version.content))


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "global"))
    with pytest.raises(ConfigurationError, match="dvc init"):
        Cache.of(tmp_path)
    dvc = tmp_path / ".dvc"
    dvc.mkdir()
    assert Cache.of(tmp_path).folder == dvc / "cache"
    (dvc / "config").write_text("[cache]\n    dir = ../elsewhere\n['remote \"store\"']\n    url = /a;b\n")
    assert Cache.of(tmp_path).folder == tmp_path / "elsewhere"
    (dvc / "config.local").write_text("[cache]\n    dir = /absolute\n")
    assert Cache.of(tmp_path).folder == Path("/absolute")
    assert dvc_config(dvc)['remote "store"']["url"] == "/a;b"


def test_hash_file(tmp_path: Path) -> None:
    data = b"x" * (3 << 20) + b"y"
    (tmp_path / "f").write_bytes(data)
    assert hash_file(tmp_path / "f") == (hashlib.sha256(data).hexdigest(), len(data))
    for wrong in (tmp_path, tmp_path / "gone"):
        with pytest.raises(Exception, match="cannot be read"):
            hash_file(wrong)


def test_manifest_survives_its_bytes(folder: Pointer, tmp_path: Path) -> None:
    manifest = build_manifest(folder, Cache.of(tmp_path))
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
