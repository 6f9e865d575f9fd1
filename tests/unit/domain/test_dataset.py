"""Manifests and versions: what the root covers, and what never gets in."""

from __future__ import annotations

import hashlib

import pytest

from tdsec_gov.domain.canonical import canonical_bytes, parse_json
from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest, is_oid, is_sha256
from tdsec_gov.errors import IntegrityError, InternalError

OID, SHA = "0" * 32, "a" * 64


def entry(path: str = "a.csv", size: int = 1, sha256: str = SHA, oid: str = OID) -> FileEntry:
    return FileEntry(path, size, sha256, oid)


def test_root_is_the_sha256_of_the_canonical_manifest() -> None:
    manifest = Manifest.of([entry("b"), entry("a")])
    one, two = (f'{{"md5":"{OID}","path":"{path}","sha256":"{SHA}","size":1}}' for path in "ab")
    text = f'{{"files":[{one},{two}],"format":"tdsec-manifest/v1"}}'
    assert manifest.to_bytes() == text.encode()
    assert manifest.root == hashlib.sha256(text.encode()).hexdigest()


def test_every_field_moves_the_root() -> None:
    changes = [entry("b"), entry(size=2), entry(sha256="b" * 64), entry(oid="1" * 32)]
    assert len({Manifest.of([one]).root for one in [entry(), *changes]}) == 5


@pytest.mark.parametrize("path", ["", "/a", "a/../b", "..", ".", "a//b", "a/", "a\0b", "a\\b", "./a"])
def test_unsafe_paths(path: str) -> None:
    with pytest.raises(IntegrityError):
        entry(path)


def test_malformed_entries_and_order() -> None:
    for bad in ({"size": -1}, {"sha256": "x"}, {"sha256": SHA.upper()}, {"oid": "x"}, {"oid": OID + "\n"}):
        with pytest.raises(IntegrityError):
            entry(**bad)  # type: ignore[arg-type]
    for entries in ((entry("b"), entry("a")), (entry("a"), entry("a"))):
        with pytest.raises(IntegrityError):
            Manifest(entries)
    with pytest.raises(IntegrityError):
        Manifest.of([entry("a"), entry("a", 2)])


def test_only_the_canonical_form_is_read() -> None:
    data = Manifest.of([entry()]).to_bytes()
    for other in (data + b"\n", data.replace(b":", b": ", 1), data.replace(b"v1", b"v2"), data[:-1]):
        with pytest.raises(IntegrityError):
            Manifest.from_bytes(other)


def test_version_of_a_file_and_of_a_folder() -> None:
    file = DatasetVersion.of("data/a.csv", OID, Manifest.of([entry(size=7)]))
    assert (file.content, file.files, file.size, file.is_folder) == (SHA, 1, 7, False)
    folder = DatasetVersion.of("data", f"{OID}.dir", Manifest.of([entry("x", 2), entry("y", 3)]))
    assert (folder.content, folder.files, folder.size, folder.is_folder) == (None, 2, 5, True)
    assert folder.short == f"data@{folder.root[:12]}"


def test_digest_shapes() -> None:
    assert is_sha256(SHA) and is_oid(OID) and is_oid(f"{OID}.dir")
    for bad in (SHA + "\n", SHA.upper(), SHA[:-1], None, 5):
        assert not is_sha256(bad)
    for bad in (OID + "\n", f"{OID}.dirx", f"{OID}.DIR", None):
        assert not is_oid(bad)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "[Infinity]", '{"a":1,"a":2}', "1 2", "\ufeff1", "[" * 10**5]
)
def test_strict_json(text: str) -> None:
    with pytest.raises(IntegrityError):
        parse_json(text)
    with pytest.raises(IntegrityError):
        parse_json(b"\xff")


def test_values_without_a_canonical_form() -> None:
    for bad in (float("nan"), float("inf"), 2**53 + 1, 1e300, {"a": [float("-inf")]}, "\ud800"):
        with pytest.raises(InternalError):
            canonical_bytes(bad)  # type: ignore[arg-type]
    assert (
        canonical_bytes({"b": 1, "a": [1.5, True, None, "\u00e9"]})
        == '{"a":[1.5,true,null,"é"],"b":1}'.encode()
    )
