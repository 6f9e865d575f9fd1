"""What a script will read, hashed as it lies there, and which datasets a path stands for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tdsec_gov.domain.dataset import FileEntry, Manifest
from tdsec_gov.errors import ConfigurationError, DataTampered, Unverified
from tdsec_gov.lineage.examine import Hashed
from tdsec_gov.lineage.stage import stage_dependencies
from tdsec_gov.lineage.used import Used, from_variable, to_variable, tracking
from tdsec_gov.lineage.workspace import workspace_manifest
from tdsec_gov.repo.pointers import Pointer

OID = "a" * 32


def entry(path: str, data: bytes) -> FileEntry:
    return FileEntry(path, len(data), hashlib.sha256(data).hexdigest(), hashlib.md5(data).hexdigest())


def test_file_and_folder_have_the_manifest_that_the_gate_builds(tmp_path: Path) -> None:
    (tmp_path / "data/deep").mkdir(parents=True)
    (tmp_path / "data/b.csv").write_bytes(b"b")
    (tmp_path / "data/deep/a.csv").write_bytes(b"aa")
    folder = Manifest.of([entry("b.csv", b"b"), entry("deep/a.csv", b"aa")])
    assert workspace_manifest(tmp_path, "data") == folder
    assert workspace_manifest(tmp_path, "data/b.csv") == Manifest.of([entry("b.csv", b"b")])


def test_one_more_file_or_a_linked_folder_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/b.csv").write_bytes(b"b")
    before = workspace_manifest(tmp_path, "data").root
    (tmp_path / "data/.hidden").write_bytes(b"")
    assert workspace_manifest(tmp_path, "data").root != before
    (tmp_path / "data/link").symlink_to(tmp_path)
    with pytest.raises(DataTampered):
        workspace_manifest(tmp_path, "data")


def test_linked_files_are_followed_and_missing_data_is_unverified(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(b"b")
    (tmp_path / "b.csv").symlink_to(tmp_path / "object")
    assert workspace_manifest(tmp_path, "b.csv").entries == (entry("b.csv", b"b"),)
    with pytest.raises(Unverified):
        workspace_manifest(tmp_path, "other.csv")


def test_hashed_again_only_when_changed_and_never_stale(tmp_path: Path) -> None:
    path, hashed = tmp_path / "b.csv", Hashed()
    path.write_bytes(b"one")
    first = hashed.root(tmp_path, "b.csv")
    assert hashed.root(tmp_path, "b.csv") == first == workspace_manifest(tmp_path, "b.csv").root
    path.write_bytes(b"two")
    assert hashed.root(tmp_path, "b.csv") != first


def test_a_path_stands_for_its_dataset(tmp_path: Path) -> None:
    pointers = [
        Pointer("data/train", OID, "data/train.dvc"),
        Pointer("data/val.csv", OID, "data/val.csv.dvc"),
    ]

    def named(path: str) -> list[str]:
        return [one.name for one in tracking(tmp_path / path, tmp_path, pointers)]

    assert named("data/train/x/1.png") == ["data/train"]
    assert named("data/val.csv") == named("data/val.csv.dvc") == ["data/val.csv"]
    assert named("data") == ["data/train", "data/val.csv"]
    assert named("data/trainer") == named("../data/train") == named("data/val.csv2") == []


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '[{"name":"a"}]', '[{"name":1,"oid":"x","root":"y"}]', "[{]", "null", "[" * 9999],
)
def test_tdsec_data_is_parsed_strictly(text: str) -> None:
    with pytest.raises(ConfigurationError):
        from_variable(text)


def test_tdsec_data_there_and_back() -> None:
    used = [Used("data/é.csv", OID, "tdsec run", "b" * 64)]
    assert from_variable(to_variable(used)) == used


def test_stage_dependencies_plain_wdir_and_with_params(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  fit:\n    cmd: x\n    wdir: sub\n    deps: [../data/a.csv, {b.csv: {}}, https://x/y]\n"
    )
    found = stage_dependencies({"DVC_STAGE": "fit", "DVC_ROOT": str(tmp_path)}, tmp_path)
    assert [path.resolve() for path in found] == [tmp_path / "data/a.csv", tmp_path / "sub/b.csv"]
    assert stage_dependencies({"DVC_STAGE": "fit", "DVC_ROOT": "/elsewhere"}, tmp_path) == []
    assert stage_dependencies({}, tmp_path) == []


def test_a_stage_without_dvc_yaml_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError):
        stage_dependencies({"DVC_STAGE": "p/dvc.yaml:fit", "DVC_ROOT": str(tmp_path)}, tmp_path)


def test_a_templated_stage_is_resolved_by_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc.repo import Repo

    monkeypatch.chdir(tmp_path)
    Repo.init(str(tmp_path), no_scm=True).close()
    (tmp_path / "dvc.yaml").write_text(
        "stages:\n  fit:\n    foreach: [a, b]\n    do:\n      cmd: x\n      deps: ['data/${item}.csv']\n"
    )
    found = stage_dependencies({"DVC_STAGE": "fit@b", "DVC_ROOT": str(tmp_path)}, tmp_path)
    assert found == [tmp_path / "data/b.csv"]
    with pytest.raises(ConfigurationError):
        stage_dependencies({"DVC_STAGE": "nothere", "DVC_ROOT": str(tmp_path)}, tmp_path)
