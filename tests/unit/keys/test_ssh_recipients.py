"""SSH keys as recipients: what is read, what is refused, and that the other side's keys do not open."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys import ssh, ssh_identity
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import hybrid, x25519
from tdsec_gov.keys.age.errors import HeaderInvalid, NoMatchingIdentity
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.wrapping import Identity, wrap_all
from tdsec_gov.keys.recipients import parse_recipient

KEY = bytes(range(16))
P = 2**255 - 19
ED = ssh_identity.Ed25519Identity(bytes(range(32)))
RSA_KEY = rsa.generate_private_key(65537, 2048)
RSA = ssh_identity.RsaIdentity(RSA_KEY)
X = x25519.Identity.generate()
PQ = hybrid.Identity.generate()


def line(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def wire(*fields: bytes) -> str:
    return base64.b64encode(b"".join(len(one).to_bytes(4, "big") + one for one in fields)).decode()


def ed25519_line(raw: bytes) -> str:
    return f"ssh-ed25519 {wire(b'ssh-ed25519', raw)}"


@pytest.mark.parametrize("me", [ED, RSA, X, PQ])
def test_text_and_file_round_trip(me: Identity) -> None:
    text = str(me.recipient)  # type: ignore[attr-defined]
    read = parse_recipient(text)
    assert str(read) == text
    sealed = age_file.encrypt_bytes(b"keyring", [read])
    assert age_file.decrypt_bytes(sealed, [me]) == b"keyring"
    others = [one for one in (ED, RSA, X, PQ) if one is not me]
    with pytest.raises(NoMatchingIdentity):
        age_file.decrypt_bytes(sealed, others)


def test_all_classic_kinds_in_one_file() -> None:
    sealed = age_file.encrypt_bytes(b"x", [parse_recipient(str(one.recipient)) for one in (X, ED, RSA)])
    assert [age_file.decrypt_bytes(sealed, [one]) for one in (X, ED, RSA)] == [b"x"] * 3
    with pytest.raises(UsageError):
        wrap_all(KEY, [ED.recipient, PQ.recipient])


def test_another_key_of_the_same_kind_does_not_open() -> None:
    other = ssh_identity.Ed25519Identity(bytes(32))
    with pytest.raises(NoMatchingIdentity):
        age_file.decrypt_bytes(age_file.encrypt_bytes(b"x", [other.recipient]), [ED])


def test_comments_are_dropped() -> None:
    assert parse_recipient(f"{ED.recipient} alice@laptop of mine") == ED.recipient


def test_the_length_of_a_stanza_is_as_said() -> None:
    assert len(ED.recipient.wrap(KEY)[0].to_bytes()) == ED.recipient.stanza_length


def test_private_keys_do_not_show() -> None:
    assert ED.seed.hex() not in repr(ED) and base64.b64encode(ED.seed).decode() not in f"{ED} {RSA}"


def small_points() -> list[bytes]:
    """Encodings whose X25519 form has a small order: y = -1 (u = 0) and y = 0 (u = 1)."""
    return [(P - 1).to_bytes(32, "little"), bytes(32)]


@pytest.mark.parametrize("raw", small_points())
def test_nothing_is_sealed_to_a_low_order_point(raw: bytes) -> None:
    with pytest.raises(KeyUnavailable):
        parse_recipient(ed25519_line(raw)).wrap(KEY)


@pytest.mark.parametrize(
    "raw",
    [
        (1).to_bytes(32, "little"),  # neutral element
        (2).to_bytes(32, "little"),  # y = 2 has no x
        (P + 3).to_bytes(32, "little"),  # y = 3, not reduced
        bytes(31),
        bytes(33),
        b"\xff" * 32,
    ],
)
def test_what_is_no_point_is_refused(raw: bytes) -> None:
    with pytest.raises(KeyUnavailable):
        parse_recipient(ed25519_line(raw))


def exponent_with_a_zero_too_many() -> str:
    numbers = RSA_KEY.public_key().public_numbers()
    modulus = b"\0" + numbers.n.to_bytes(256, "big")
    exponent = b"\0" + numbers.e.to_bytes(3, "big")
    return f"ssh-rsa {wire(b'ssh-rsa', exponent, modulus)}"


OTHER_TEXT = {
    "empty": "",
    "cut": "age1",
    "foreign": "age2" + str(X.recipient)[4:],
    "secret": str(X),
    "kind only": "ssh-ed25519",
    "no key": "ssh-ed25519 AAAA",
    "dsa": "ssh-dss AAAAB3NzaC1kc3M",
    "ed25519 called rsa": "ssh-rsa " + str(ED.recipient).split()[1],
    "rsa called ed25519": "ssh-ed25519 " + str(RSA.recipient).split()[1],
    "ecdsa": line(ec.generate_private_key(ec.SECP256R1()).public_key()),
    "rsa of 1024 bits": line(rsa.generate_private_key(65537, 1024).public_key()),
    "not canonical": exponent_with_a_zero_too_many(),
    "too long": f"{ED.recipient}AAAA",
    "too short": str(ED.recipient)[:-4],
    "not base64": f"{str(ED.recipient)[:30]}!{str(ED.recipient)[30:]}",
    "not ascii": "ssh-ed25519 \u00e4",
}


@pytest.mark.parametrize("what", OTHER_TEXT)
def test_other_text_is_refused(what: str) -> None:
    text = OTHER_TEXT[what]
    with pytest.raises(KeyUnavailable) as caught:
        parse_recipient(text)
    assert not any(len(word) > 12 and word in caught.value.line() for word in text.split())


def broken(stanza: Stanza) -> list[Stanza]:
    kind, args, body = stanza.type, stanza.args, stanza.body
    return [
        Stanza(kind, (*args, "more"), body),
        Stanza(kind, (), body),
        Stanza(kind, args, body[:-1]),
        Stanza(kind, args, body + b"x"),
        Stanza(kind, args, b""),
    ]


@pytest.mark.parametrize("me", [ED, RSA])
def test_broken_stanzas_are_refused(me: ssh_identity.Ed25519Identity | ssh_identity.RsaIdentity) -> None:
    good = me.recipient.wrap(KEY)[0]
    assert me.unwrap([good]) == KEY
    for stanza in broken(good):
        with pytest.raises(HeaderInvalid):
            me.unwrap([stanza])
    flipped = Stanza(good.type, good.args, bytes([good.body[0] ^ 1]) + good.body[1:])
    assert me.unwrap([flipped]) is None
    assert me.unwrap([flipped, good]) == KEY


@pytest.mark.parametrize("share", [bytes(32), bytes(31)])
def test_broken_shares_are_refused(share: bytes) -> None:
    good = ED.recipient.wrap(KEY)[0]
    coded = base64.b64encode(share).rstrip(b"=").decode()
    with pytest.raises(HeaderInvalid):
        ED.unwrap([Stanza(good.type, (good.args[0], coded), good.body)])


def test_a_file_key_of_another_length_is_refused() -> None:
    good = RSA.recipient.wrap(bytes(17))[0]
    with pytest.raises(HeaderInvalid):
        RSA.unwrap([good])


def test_the_map_of_the_curves_agrees_with_x25519() -> None:
    """The converted public key is the X25519 public key of the SSH key's own scalar, for many keys."""
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    for _ in range(50):
        key = Ed25519PrivateKey.generate()
        scalar = hashlib.sha512(key.private_bytes_raw()).digest()[:32]
        public = X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()
        assert ssh.to_montgomery(key.public_key().public_bytes_raw()) == public
