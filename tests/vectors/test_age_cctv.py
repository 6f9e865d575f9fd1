"""The C2SP CCTV testkit for age: every vector, with its error class and the plaintext it may release.

The vectors are looked for in ``$TDSEC_VECTORS/age/testdata``, else beside the repository in
``../shared/vectors/age/testdata``; they are never copied into it.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tdsec_gov.errors import TdsecError
from tdsec_gov.keys.age import armor, file, scrypt
from tdsec_gov.keys.age.errors import (
    ArmorInvalid,
    HeaderInvalid,
    MacInvalid,
    NoMatchingIdentity,
    PayloadInvalid,
)
from tdsec_gov.keys.age.header import Header
from tdsec_gov.keys.age.identities import parse_identity
from tdsec_gov.keys.age.wrapping import Identity

ROOT = Path(__file__).resolve().parents[2]
BASE = Path(os.environ.get("TDSEC_VECTORS") or ROOT.parent / "shared" / "vectors")
FOLDER = BASE / "age" / "testdata"
EXPECTED = 143
KNOWN_KEYS = {"expect", "compressed", "payload", "identity", "passphrase", "armored", "file key", "comment"}
FAULTS: dict[str, type[TdsecError]] = {
    "no match": NoMatchingIdentity,
    "HMAC failure": MacInvalid,
    "header failure": HeaderInvalid,
    "payload failure": PayloadInvalid,
    "armor failure": ArmorInvalid,
}
NAMES = sorted(path.name for path in FOLDER.iterdir()) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(
    not NAMES,
    reason=f"{EXPECTED} age vectors not run: set TDSEC_VECTORS to the folder that holds age/testdata",
)


@dataclass(frozen=True)
class Vector:
    expect: str
    payload: str | None
    identities: tuple[Identity, ...]
    armored: bool
    data: bytes


def load(name: str) -> Vector:
    head, _, data = (FOLDER / name).read_bytes().partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode().splitlines():
        key, _, value = line.partition(": ")
        fields.setdefault(key, []).append(value)
    assert set(fields) <= KNOWN_KEYS, f"{name} has a key this test does not know"
    if "compressed" in fields:
        assert fields["compressed"] == ["zlib"]
        data = zlib.decompress(data)
    identities: list[Identity] = [parse_identity(text) for text in fields.get("identity", [])]
    identities += [scrypt.Identity(text) for text in fields.get("passphrase", [])]
    return Vector(
        fields["expect"][0], fields.get("payload", [None])[0], tuple(identities), "armored" in fields, data
    )


def test_every_vector_is_there() -> None:
    assert len(NAMES) == EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_vector(name: str) -> None:
    vector = load(name)
    released = bytearray()
    fault: type[TdsecError] | None = None
    try:
        data = armor.decode(vector.data) if vector.armored else vector.data
        file.decrypt_stream(io.BytesIO(data), released.extend, vector.identities)
    except TdsecError as error:
        fault = type(error)
    assert fault is (None if vector.expect == "success" else FAULTS[vector.expect])
    if vector.payload is None:
        assert not released
    else:
        assert hashlib.sha256(released).hexdigest() == vector.payload


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("armor_", "stanza_"))])
def test_seekable_reader_agrees(name: str) -> None:
    """The seekable reader gives the same plaintext for good files and refuses every bad one."""
    vector = load(name)
    read = b""
    fault: type[TdsecError] | None = None
    try:
        read = file.open_seekable(io.BytesIO(vector.data), vector.identities).read()
    except TdsecError as error:
        fault = type(error)
    assert fault is (None if vector.expect == "success" else FAULTS[vector.expect])
    if vector.expect == "success":
        assert hashlib.sha256(read).hexdigest() == vector.payload


def parses(name: str) -> bool:
    return not (FOLDER / name).read_bytes().startswith((b"expect: header failure", b"expect: armor failure"))


@pytest.mark.parametrize("name", [name for name in NAMES if parses(name)])
def test_good_headers_and_armor_are_written_as_they_were_read(name: str) -> None:
    vector = load(name)
    data = armor.decode(vector.data) if vector.armored else vector.data
    end = data.index(b"\n", data.index(b"\n---") + 1) + 1
    assert Header.from_bytes(data[:end]).to_bytes() == data[:end]
    if vector.armored:
        assert armor.encode(data).strip() == vector.data.replace(b"\r\n", b"\n").strip()
