"""Stanzas, headers and armor: one canonical form, everything else refused."""

from __future__ import annotations

import io

import pytest

from tdsec_gov.keys.age import armor, base64raw
from tdsec_gov.keys.age import header as age_header
from tdsec_gov.keys.age.errors import ArmorInvalid, HeaderInvalid, MacInvalid
from tdsec_gov.keys.age.header import MAX_HEADER, Header, Stanza, end_of
from tdsec_gov.keys.age.intake import Intake

KEY = b"YELLOW SUBMARINE"


def sealed(*stanzas: Stanza) -> Header:
    return Header.seal(stanzas, KEY)


@pytest.mark.parametrize("size", [0, 1, 47, 48, 49, 95, 96, 97, 1120])
def test_stanza_bodies_wrap_at_64_columns_and_end_short(size: int) -> None:
    head = sealed(Stanza("test", ("a",), b"x" * size))
    data = head.to_bytes()
    lines = data.decode().split("\n")[2:-2]
    assert all(len(line) == 64 for line in lines[:-1])
    assert len(lines[-1]) < 64
    assert Header.from_bytes(data) == head


@pytest.mark.parametrize("word", ["", " ", "a b", "a\n", "\x7f", "é", "a\x00"])
def test_malformed_arguments_are_refused(word: str) -> None:
    with pytest.raises(HeaderInvalid):
        Stanza(word, (), b"")
    with pytest.raises(HeaderInvalid):
        Stanza("type", (word,), b"")


def test_length_is_arithmetic() -> None:
    stanzas = [Stanza("one", (), b""), Stanza("two", ("x" * 43,), b"y" * 200)]
    assert len(sealed(*stanzas).to_bytes()) == age_header.length(len(one.to_bytes()) for one in stanzas)


def test_mac_covers_every_stanza_and_needs_the_key() -> None:
    head = sealed(Stanza("one", (), b"1"), Stanza("two", (), b"2"))
    head.verify(KEY)
    for other in (
        Header(head.stanzas[:1], head.mac),
        Header(head.stanzas[::-1], head.mac),
        Header((*head.stanzas, Stanza("three", (), b"")), head.mac),
        Header((Stanza("one", (), b"3"), head.stanzas[1]), head.mac),
        Header(head.stanzas, bytes(32)),
    ):
        with pytest.raises(MacInvalid):
            other.verify(KEY)
    with pytest.raises(MacInvalid):
        head.verify(b"yellow submarine")


def test_of_type_keeps_the_order() -> None:
    head = sealed(Stanza("b", (), b"1"), Stanza("a", (), b""), Stanza("b", (), b"2"))
    assert [one.body for one in head.of_type("b")] == [b"1", b"2"]
    assert head.of_type("c") == ()


def test_a_header_needs_a_stanza() -> None:
    data = b"age-encryption.org/v1\n--- " + b"A" * 43 + b"\n"
    with pytest.raises(HeaderInvalid):
        Header.from_bytes(data)


def test_trailing_bytes_are_no_header() -> None:
    data = sealed(Stanza("one", (), b"")).to_bytes()
    for more in (b"\n", b"x", b"x\n", b"-> two\n\n"):
        with pytest.raises(HeaderInvalid):
            Header.from_bytes(data + more)


def test_end_is_found_however_the_bytes_arrive() -> None:
    data = sealed(Stanza("one", ("---",), b"z" * 100)).to_bytes()
    for cut in range(len(data)):
        assert end_of(data[:cut]) is None
        assert end_of(data + b"\n--- payload\n", cut) == len(data)


def test_a_foreign_file_is_refused_at_once() -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1, /) -> bytes:
            self.taken += size
            return b"\x80" * size

    source = Endless()
    with pytest.raises(HeaderInvalid):
        Intake(source).read_header()
    assert source.taken <= 4096


@pytest.mark.parametrize("tail", [b"", b"\n--- "])
def test_an_endless_header_is_refused_within_its_limit(tail: bytes) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            first = b"age-encryption.org/v1\n" + tail if not self.given else b""
            self.given += size
            return (first + b"-> x\n\n" * size)[:size] if not tail else (first + b"A" * size)[:size]

    source = Endless()
    with pytest.raises(HeaderInvalid):
        Intake(source).read_header()
    assert source.given <= MAX_HEADER + 8192


@pytest.mark.parametrize("text", ["A", "AB", "QQ==", "QR", "Q Q", "QQ\n", "Q-", "é"])
def test_base64_must_be_canonical(text: str) -> None:
    with pytest.raises(HeaderInvalid):
        base64raw.decode(text)


def test_base64_of_the_wrong_length_is_refused() -> None:
    assert base64raw.decode("QUI", 2) == b"AB"
    with pytest.raises(HeaderInvalid):
        base64raw.decode("QUI", 3)


@pytest.mark.parametrize("size", [0, 1, 47, 48, 49, 96, 500])
def test_armor_round_trip(size: int) -> None:
    data = bytes(range(256)) * 2
    text = armor.encode(data[:size])
    assert armor.is_armored(text)
    assert armor.decode(text) == data[:size]
    assert armor.decode(b"\n \n" + text.replace(b"\n", b"\r\n") + b" \n") == data[:size]


@pytest.mark.parametrize("before", [b" ", b"\n ", b"\t", b"x\n"])
def test_armor_begins_at_the_start_of_a_line(before: bytes) -> None:
    with pytest.raises(ArmorInvalid):
        armor.decode(before + armor.encode(b"secret"))


@pytest.mark.parametrize("change", [b" ", b"x", b"=", b"\n"])
def test_armor_refuses_an_inserted_byte_anywhere_inside(change: bytes) -> None:
    text = armor.encode(b"secret" * 20)
    for at in range(1, len(text) - 1):
        with pytest.raises(ArmorInvalid):
            armor.decode(text[:at] + change + text[at:])
