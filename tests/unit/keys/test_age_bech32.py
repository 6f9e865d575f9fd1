"""Bech32 against BIP 173's own strings and age's, and the text forms of keys."""

from __future__ import annotations

import pytest

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import bech32, hybrid, x25519
from tdsec_gov.keys.age.identities import parse_identity, parse_identity_file, parse_recipient

# c2sp.org/age, "The X25519 recipient type" and "The MLKEM768-X25519 ... recipient type".
IDENTITY = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
HYBRID_IDENTITY = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
HYBRID_RECIPIENT_ENDS = ("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9", "3fzv49zc0k")


@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
        "?1ezyfcl",
    ],
)
def test_checksums_of_bip_173(text: str) -> None:
    prefix, data = bech32.decode(text)
    assert bech32.encode(prefix, data) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1qzzfhee",
        "A1G7SGD8",
        "A12uEL5L",
        "a12uel5m",
        "pzry9x0s0muk",
        "x1b4n0q5v",
        "li1dgmt3",
        "de1lg7wt\xff",
        "\x7f1axkwrx",
        "\u212a12uel5l",
        "10a06t8",
    ],
)
def test_what_bip_173_refuses(text: str) -> None:
    with pytest.raises(KeyUnavailable) as refusal:
        bech32.decode(text)
    assert not text or text not in refusal.value.line()


def test_nonzero_padding_is_refused() -> None:
    """One byte takes two words; the low two bits of the second are padding."""
    good = bech32.encode("age", b"\x00")
    assert bech32.decode(good) == ("age", b"\x00")
    words = [0, 1]
    check = bech32._checksum("age", words)
    forged = "age1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[word] for word in words + check)
    with pytest.raises(KeyUnavailable):
        bech32.decode(forged)


def test_x25519_example_of_the_specification() -> None:
    identity = x25519.Identity.parse(IDENTITY)
    assert str(identity) == IDENTITY
    assert identity.raw == b"\x42" * 32
    assert str(identity.recipient) == RECIPIENT
    assert x25519.Recipient.parse(RECIPIENT) == identity.recipient


def test_hybrid_example_of_the_specification() -> None:
    identity = hybrid.Identity.parse(HYBRID_IDENTITY)
    text = str(identity.recipient)
    assert str(identity) == HYBRID_IDENTITY
    assert len(text) == 1959
    assert (text[:39], text[-10:]) == HYBRID_RECIPIENT_ENDS
    assert hybrid.Recipient.parse(text) == identity.recipient


@pytest.mark.parametrize("text", [IDENTITY.lower(), RECIPIENT, IDENTITY + " ", HYBRID_IDENTITY])
def test_x25519_identity_is_read_strictly(text: str) -> None:
    with pytest.raises(KeyUnavailable):
        x25519.Identity.parse(text)


SHORT = bech32.encode("age", b"short")


@pytest.mark.parametrize("text", [RECIPIENT.upper(), IDENTITY, RECIPIENT[:-1], SHORT])
def test_x25519_recipient_is_read_strictly(text: str) -> None:
    with pytest.raises(KeyUnavailable):
        x25519.Recipient.parse(text)


@pytest.mark.parametrize("size", [1215, 1217])
def test_hybrid_recipient_of_the_wrong_length_is_refused(size: int) -> None:
    with pytest.raises(KeyUnavailable):
        hybrid.Recipient.parse(bech32.encode("age1pq", bytes(size)))


def test_hybrid_recipient_outside_the_field_is_refused() -> None:
    with pytest.raises(KeyUnavailable):
        hybrid.Recipient(b"\xff" * 1216)


def test_repr_never_shows_a_secret() -> None:
    for identity in (x25519.Identity.parse(IDENTITY), hybrid.Identity.parse(HYBRID_IDENTITY)):
        shown = f"{identity!r} {[identity]}"
        assert "SECRET" not in shown
        assert repr(identity.raw) not in shown
        assert str(identity.recipient)[:20] in shown


def test_kind_is_told_from_the_text() -> None:
    assert isinstance(parse_identity(IDENTITY), x25519.Identity)
    assert isinstance(parse_identity(HYBRID_IDENTITY), hybrid.Identity)
    assert isinstance(parse_recipient(RECIPIENT), x25519.Recipient)
    assert isinstance(parse_recipient(str(hybrid.Identity.generate().recipient)), hybrid.Recipient)


def test_identity_file() -> None:
    text = f"# created: 2026\n# public key: {RECIPIENT}\n{IDENTITY}\n\n  {HYBRID_IDENTITY}\r\n"
    assert [str(one) for one in parse_identity_file(text)] == [IDENTITY, HYBRID_IDENTITY]


def test_identity_file_names_the_line_and_not_the_key() -> None:
    spoiled = IDENTITY[:-1] + "Q"
    with pytest.raises(KeyUnavailable) as refusal:
        parse_identity_file(f"# fine\n{spoiled}\n")
    assert "line 2" in refusal.value.line()
    assert spoiled not in refusal.value.line()


def test_identity_file_without_identity_is_refused() -> None:
    with pytest.raises(KeyUnavailable):
        parse_identity_file("# nothing here\n")
