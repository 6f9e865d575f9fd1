"""Pointers, folder objects and manifests under any bytes: a value, or a TdsecError."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.errors import ConfigurationError, DataTampered
from tdsec_gov.repo.cache import parse_dir_object
from tdsec_gov.repo.pointers import is_pointer_file, parse_pointers

OID = st.from_regex(r"\A[0-9a-f]{32}(\.dir)?\Z")
NAME = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=12)
SAFE = NAME.filter(lambda one: "/" not in one and one not in (".", "..") and "://" not in one)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=6), one, max_size=3)
)


@given(st.binary(max_size=200), st.sampled_from(["a.dvc", "d/e.dvc", "dvc.lock", "d/dvc.lock"]))
@example(b"[" * 5000, "a.dvc")
@example(b"outs: {a: 1}", "a.dvc")
@example(b"stages: {a: {outs: 5}}", "dvc.lock")
@example(b"stages: {a: {outs: {b: 1}}}", "dvc.lock")
@example(b"wdir: [1]\nouts: []", "a.dvc")
@example(b"a: &a [*a]", "a.dvc")
def test_arbitrary_bytes(text: bytes, file: str) -> None:
    try:
        parse_pointers(text, file)
    except ConfigurationError as exc:
        assert file in exc.line()


@given(st.dictionaries(st.sampled_from(["outs", "wdir", "deps", "stages", "md5"]), VALUES, max_size=4))
def test_any_shape_of_a_pointer(body: dict[str, object]) -> None:
    for file in ("d/a.dvc", "dvc.lock"):
        try:
            pointers = parse_pointers(yaml.safe_dump(body).encode("utf-8", "replace"), file)
        except ConfigurationError:
            continue
        assert all(is_oid(one.oid) and ".." not in one.name.split("/") for one in pointers)


@given(SAFE, OID, st.sampled_from(["", "data", "data/deep"]))
def test_what_dvc_writes_is_found(name: str, oid: str, folder: str) -> None:
    body = {"outs": [{"md5": oid, "size": 1, "hash": "md5", "path": name}]}
    file = f"{folder}/x.dvc".lstrip("/")
    (pointer,) = parse_pointers(yaml.safe_dump(body, allow_unicode=True).encode(), file)
    assert (pointer.name, pointer.oid, pointer.file) == (f"{folder}/{name}".lstrip("/"), oid, file)
    lock = {"schema": "2.0", "stages": {"s": {"cmd": "x", "outs": body["outs"]}}}
    (again,) = parse_pointers(
        yaml.safe_dump(lock, allow_unicode=True).encode(), f"{folder}/dvc.lock".lstrip("/")
    )
    assert (again.name, again.oid) == (pointer.name, pointer.oid)


@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(b"{}")
@example(b'"text"')
@example(b"1")
@example(b"\xff")
def test_arbitrary_folder_object(data: bytes) -> None:
    try:
        items = parse_dir_object(data, "set")
    except DataTampered:
        return
    assert json.loads(data) == [] or all(is_oid(oid) for _, oid in items)


@given(
    st.lists(st.dictionaries(st.sampled_from(["md5", "relpath", "x"]), VALUES | OID, max_size=3), max_size=3)
)
def test_any_shape_of_a_folder_object(items: list[dict[str, object]]) -> None:
    try:
        found = parse_dir_object(json.dumps(items).encode(), "set")
    except DataTampered:
        return
    assert len(found) == len(items)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((name, True) for name in ("a.dvc", "d/a.csv.dvc", "dvc.lock", "d/dvc.lock")),
        *((name, False) for name in (".dvc", "d/.dvc", "dvc.yaml", "a.dvc.orig", "xdvc.lock")),
    ],
)
def test_pointer_files(name: str, is_one: bool) -> None:
    assert is_pointer_file(name) is is_one
