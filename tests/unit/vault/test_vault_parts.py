"""Names, objects, keyrings and guards of a vault, one by one and in memory."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator

import pytest

from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.domain.findings import Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import (
    ConfigurationError,
    DataTampered,
    InternalError,
    KeyUnavailable,
    TdsecError,
)
from tdsec_gov.keys.identity import Identity
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.objects.guards import Allowed, PlaintextGuard, WatchedSource
from tdsec_gov.vault.plugin.wiring import vault_of
from tdsec_gov.vault.storage.cover import Covered
from tdsec_gov.verdicts.verify import Verified

OID = "0123456789abcdef" * 2
NAMES = Names(bytes(range(64)))
ALICE, BOB, EVE = (Identity.generate(name) for name in ("alice", "bob", "eve"))
WRITERS = {ALICE.keyid: ALICE.verify_key}


# -- names ---------------------------------------------------------------------------------------


def test_names_are_keyed_and_reversible() -> None:
    for oid in (OID, f"{OID}.dir"):
        name = NAMES.of_oid(oid)
        assert NAMES.to_oid(name) == oid and len(name) == 66 and OID not in name
        assert Names(bytes(64)).of_oid(oid) != name and Names(bytes(64)).to_oid(name) is None
    assert NAMES.of_oid(OID) != NAMES.of_oid(f"{OID}.dir")


@pytest.mark.parametrize("name", ["", "zz", "00" * 33, "AB", ".tmp123", "0" * 65])
def test_foreign_names_are_nobodys(name: str) -> None:
    assert NAMES.to_oid(name) is None


def test_a_manifest_is_no_object() -> None:
    name = NAMES.of_manifest("a" * 64)
    assert NAMES.to_oid(name) is None and len(name) == 98


@pytest.mark.parametrize("oid", ["", "x" * 32, OID.upper(), f"{OID}.DIR", f"{OID}\n"])
def test_only_oids_have_names(oid: str) -> None:
    with pytest.raises(InternalError):
        NAMES.of_oid(oid)


# -- objects -------------------------------------------------------------------------------------


def sealed(ring: Keyring, name: str, data: bytes) -> bytes:
    return objects.seal(io.BytesIO(data), ring, name).readall()


def opened(data: bytes, rings: list[Keyring], name: str) -> bytes:
    plain = bytearray()
    objects.unseal(io.BytesIO(data), plain.extend, rings, name)
    return bytes(plain)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3_000_000])
def test_object_round_trip_and_size(size: int) -> None:
    ring, data = Keyring.generate("store"), bytes(size)
    body = sealed(ring, "ab" * 33, data)
    assert len(body) == objects.sealed_size(size, ring) and objects.opened_size(len(body), ring) == size
    assert opened(body, [ring], "ab" * 33) == data


def test_object_is_bound_to_its_place() -> None:
    ring = Keyring.generate("store")
    body = sealed(ring, "ab" * 33, b"data")
    for rings, name in (
        ([ring], "cd" * 33),
        ([dataclasses.replace(ring, epoch=2)], "ab" * 33),
        ([dataclasses.replace(ring, vault="other")], "ab" * 33),
    ):
        with pytest.raises(DataTampered):
            opened(body, rings, name)
    with pytest.raises(KeyUnavailable):
        opened(body, [Keyring.generate("store")], "ab" * 33)
    newer = dataclasses.replace(Keyring.generate("store"), epoch=2)
    assert opened(body, [newer, ring], "ab" * 33) == b"data", "old epochs stay readable"


def test_every_damaged_byte_of_an_object_is_refused() -> None:
    ring = Keyring.generate("store")
    body = sealed(ring, "ab" * 33, b"some plaintext")
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 0x10
        with pytest.raises(TdsecError):
            opened(bytes(changed), [ring], "ab" * 33)
    for cut in range(len(body)):
        with pytest.raises(TdsecError):
            opened(body[:cut], [ring], "ab" * 33)


# -- guards --------------------------------------------------------------------------------------


def guarding(contents: list[bytes]) -> PlaintextGuard:
    return PlaintextGuard(Allowed({(len(one), hashlib.sha256(one).hexdigest()) for one in contents}, "x"))


def covered(data: bytes) -> Covered:
    digest = hashlib.sha256(data).hexdigest()
    version = DatasetVersion("data/x", "a" * 64, OID, 1, len(data), digest)
    verdict = Verdict(version, Status.PASSED, "", "", "t", "p", "**", ())
    return Covered(Verified(verdict, (), ""), digest, len(data))


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[n : n + size] for n in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_guard_lets_the_signed_bytes_pass_only(size: int) -> None:
    good = b"the signed bytes"
    guard = guarding([good])
    for piece in pieces(good, size):
        guard(piece)
    guard.finish()
    for bad in (b"the Signed bytes", good + b"x", good[:-1], b""):
        guard = guarding([good])
        with pytest.raises(DataTampered):
            for piece in pieces(bad, size):
                guard(piece)
            guard.finish()


def test_guard_takes_either_of_two_contents() -> None:
    both = [b"short", b"a longer one"]
    for good in (b"short", b"a longer one"):
        guard = guarding(both)
        guard(good)
        guard.finish()


@pytest.mark.parametrize("bad", [b"", b"the signed byte", b"the signed bytes!", b"the sIgned bytes"])
def test_watched_source_never_comes_to_a_wrong_end(bad: bytes) -> None:
    guard = guarding([b"the signed bytes"])
    source = WatchedSource(io.BytesIO(bad), guard)
    with pytest.raises(DataTampered):
        while source.read(7):
            pass
    good = WatchedSource(io.BytesIO(b"the signed bytes"), guarding([b"the signed bytes"]))
    assert b"".join(iter(lambda: good.read(5), b"")) == b"the signed bytes"


def test_listing_is_the_signed_one() -> None:
    manifest = Manifest.of([FileEntry("a", 1, "b" * 64, OID), FileEntry("c", 1, "d" * 64, OID)])
    one = dataclasses.replace(covered(b""), manifest=manifest)
    items = [{"md5": OID, "relpath": "c"}, {"md5": OID, "relpath": "a"}]
    one.require_listing(json.dumps(items).encode())
    for wrong in (items[:1], [*items, {"md5": OID, "relpath": "e"}], [*items, items[0]], []):
        with pytest.raises(DataTampered):
            one.require_listing(json.dumps(wrong).encode())


# -- URLs ----------------------------------------------------------------------------------------


def test_vault_urls() -> None:
    assert vault_of("tdsec://store") == ("store", "")
    assert vault_of("tdsec://store/a/b/") == ("store", "a/b")
    assert vault_of("tdsec://store/../../x") == ("store", "x"), "a sub-folder never leaves the vault"
    for url in ("tdsec:///x", "tdsec:x", "s3://store", ""):
        with pytest.raises(ConfigurationError):
            vault_of(url)
