"""Padme sizes, sealed path names, placements, addresses; and that listing loads no policies."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.errors import DataTampered, IntegrityError, SignerUntrusted, UsageError
from tdsec_gov.keys.identity import Identity
from tdsec_gov.vault.keyrings.naming import LONGEST_PART, Names
from tdsec_gov.vault.objects.padding import ContentOnly, padme, without_padding
from tdsec_gov.vault.storage.addresses import Address
from tdsec_gov.vault.storage.placement import Placement

NAMES = Names(os.urandom(64))
PART = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=30
)
PATHS = st.lists(PART.filter(lambda part: part not in (".", "..")), min_size=1, max_size=4)
ALICE, BOB = Identity.generate("alice"), Identity.generate("bob")
WORD = Placement("store", "models/a.bin", "models/a.bin", "ab" * 32, 7, 12345, "reviewed elsewhere")


@given(st.integers(0, 2**40))
def test_padme_grows_by_at_most_an_eighth_and_keeps_order(size: int) -> None:
    assert size <= padme(size) <= size + max(0, size * 12 // 100 + 1)
    assert padme(padme(size)) == padme(size) <= padme(size + 1)


@given(st.binary(max_size=600))
def test_padding_comes_off_and_nothing_else_does(data: bytes) -> None:
    padded = data.ljust(padme(len(data)), b"\0")
    assert without_padding(padded, len(data)) == data
    assert without_padding(padded + b"x", len(data)) == padded + b"x"


@pytest.mark.parametrize("tail", [b"x", bytes(1), bytes(500), bytes(23) + b"x"])
def test_what_is_no_padding_is_refused(tail: bytes) -> None:
    content = ContentOnly(1000, "here", lambda view: None)
    with pytest.raises(DataTampered):
        content(memoryview(bytes(1000) + tail))
        content.finish()


@given(PATHS)
def test_path_names_come_back_part_by_part(parts: list[str]) -> None:
    sealed, parent = NAMES.of_path("/".join(parts)).split("/"), ""
    for part, name in zip(parts, sealed, strict=True):
        assert NAMES.to_part(parent, name) == part and len(name) <= 255
        assert Names(bytes(64)).to_part(parent, name) is None
        assert NAMES.to_part(f"{parent}x", name) is None, "a name belongs to its folder"
        parent = f"{parent}/{part}" if parent else part


def test_a_long_name_is_refused() -> None:
    assert len(NAMES.of_path("x" * LONGEST_PART)) == 255
    with pytest.raises(UsageError, match="too long"):
        NAMES.of_path("x" * (LONGEST_PART + 1))


def test_placement_is_believed_from_a_writer_only() -> None:
    data = WORD.signed(ALICE)
    assert Placement.verified(data, {ALICE.keyid: ALICE.verify_key}) == WORD
    with pytest.raises(SignerUntrusted):
        Placement.verified(data, {BOB.keyid: BOB.verify_key})
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises((IntegrityError, SignerUntrusted)):
            Placement.verified(bytes(changed), {ALICE.keyid: ALICE.verify_key})


@pytest.mark.parametrize(
    "other", [{"label": "other"}, {"name": "models/b.bin"}, {"size": 8}, {"sha256": "cd" * 32}]
)
def test_placement_speaks_of_one_object(other: dict[str, object]) -> None:
    WORD.require("store", "models/a.bin", 7, "ab" * 32)
    with pytest.raises(DataTampered):
        dataclasses.replace(WORD, **other).require("store", "models/a.bin", 7, "ab" * 32)  # type: ignore[arg-type]


def test_addresses() -> None:
    oid = "0123456789abcdef0123456789abcdef"
    assert Address.of(f"store/files/md5/01/{oid[2:]}").oid == oid
    assert Address.of(f"store/a/b/files/md5/01/{oid[2:]}.dir").sub == "a/b"
    assert Address.of("store/files/md5/01/nothing").oid is None
    assert Address.of("store/x.csv?versionId=7").version == "7"
    with pytest.raises(UsageError, match="leaves the vault"):
        Address.of("store/../other")


def test_listing_loads_neither_policies_nor_the_log() -> None:
    code = (
        "import sys, tdsec_gov.vault.plugin.filesystem; "
        "print([m for m in ('pydantic', 'sqlalchemy', 'yaml', 'tdsec_gov.audit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['yaml']"), done.stdout
