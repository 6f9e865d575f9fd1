"""The joint: every kind of recipient and identity keeps the same contract."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys.age import base64raw, file, hybrid, scrypt, x25519
from tdsec_gov.keys.age.errors import HeaderInvalid, MacInvalid, NoMatchingIdentity
from tdsec_gov.keys.age.header import Header, Stanza
from tdsec_gov.keys.age.wrapping import Identity, SizedRecipient, unwrap_any, wrap_all

KEY = b"YELLOW SUBMARINE"
X = x25519.Identity(b"\x01" * 32)
OTHER_X = x25519.Identity(b"\x02" * 32)
PQ = hybrid.Identity(b"\x03" * 32)
OTHER_PQ = hybrid.Identity(b"\x04" * 32)
PAIRS: list[tuple[SizedRecipient, Identity, Identity]] = [
    (X.recipient, X, OTHER_X),
    (PQ.recipient, PQ, OTHER_PQ),
    (scrypt.Recipient("correct", 4), scrypt.Identity("correct"), scrypt.Identity("wrong")),
]
EXTRA = Stanza("tdsec-gov.dev/object-v1", ("A" * 43,), b"")


@pytest.mark.parametrize(("recipient", "mine", "other"), PAIRS)
def test_contract(recipient: SizedRecipient, mine: Identity, other: Identity) -> None:
    first, second = recipient.wrap(KEY), recipient.wrap(KEY)
    assert mine.unwrap(first) == KEY
    assert other.unwrap(first) is None
    assert mine.unwrap([]) is None
    assert mine.unwrap([Stanza("something-else", (), b"")]) is None
    assert first != second, "every wrapping is fresh"
    assert sum(len(stanza.to_bytes()) for stanza in first) == recipient.stanza_length


@pytest.mark.parametrize(("recipient", "mine", "other"), PAIRS)
def test_malformed_stanzas_are_fatal(recipient: SizedRecipient, mine: Identity, other: Identity) -> None:
    good = recipient.wrap(KEY)[0]
    long_share = base64raw.encode(base64raw.decode(good.args[0]) + b"\0")
    for stanza in (
        Stanza(good.type, (), good.body),
        Stanza(good.type, (*good.args, "1"), good.body),
        Stanza(good.type, (long_share, *good.args[1:]), good.body),
        Stanza(good.type, (good.args[0] + "=", *good.args[1:]), good.body),
        Stanza(good.type, good.args, good.body + b"\0"),
        Stanza(good.type, good.args, b""),
    ):
        with pytest.raises(HeaderInvalid):
            mine.unwrap([stanza])
        with pytest.raises(HeaderInvalid):
            unwrap_any(Header.seal([stanza], KEY), [other, mine])


def test_low_order_points_are_refused_on_both_sides() -> None:
    for point in (bytes(32), b"\x01" + bytes(31)):
        with pytest.raises(KeyUnavailable):
            x25519.Recipient(point).wrap(KEY)
        with pytest.raises(HeaderInvalid):
            X.unwrap([Stanza("X25519", (base64raw.encode(point),), bytes(32))])
        with pytest.raises(KeyUnavailable):
            hybrid.Recipient(PQ.recipient.raw[:1184] + point).wrap(KEY)
        with pytest.raises(HeaderInvalid):
            enc = base64raw.decode(PQ.recipient.wrap(KEY)[0].args[0])[:1088] + point
            PQ.unwrap([Stanza("mlkem768x25519", (base64raw.encode(enc),), bytes(32))])


def test_any_reader_opens_and_nobody_else() -> None:
    head = wrap_all(KEY, [X.recipient, OTHER_X.recipient], [EXTRA])
    assert unwrap_any(head, [X]) == unwrap_any(head, [OTHER_X]) == KEY
    assert unwrap_any(head, [PQ, x25519.Identity(b"\x09" * 32), OTHER_X]) == KEY
    with pytest.raises(NoMatchingIdentity):
        unwrap_any(head, [PQ, x25519.Identity(b"\x09" * 32)])
    with pytest.raises(NoMatchingIdentity):
        unwrap_any(head, [])


def test_stripped_or_edited_extra_stanza_is_noticed() -> None:
    head = wrap_all(KEY, [X.recipient], [EXTRA])
    other = Stanza(EXTRA.type, ("B" * 43,), b"")
    for stanzas in (head.stanzas[:1], (head.stanzas[0], other), (*head.stanzas, EXTRA)):
        with pytest.raises(MacInvalid):
            unwrap_any(Header(stanzas, head.mac), [X])


def test_recipients_that_cannot_be_combined() -> None:
    secret = scrypt.Recipient("correct", 4)
    for recipients, extra in (
        ([], []),
        ([secret, secret], []),
        ([secret, X.recipient], []),
        ([secret], [EXTRA]),
        ([X.recipient], [Stanza("scrypt", (), b"")]),
        ([X.recipient, PQ.recipient], []),
    ):
        with pytest.raises(UsageError):
            wrap_all(KEY, recipients, extra)


def test_a_passphrase_beside_anything_is_refused_when_reading() -> None:
    secret = scrypt.Recipient("correct", 4).wrap(KEY)[0]
    head = Header.seal([secret, EXTRA], KEY)
    for identity in (scrypt.Identity("correct"), X):
        with pytest.raises(HeaderInvalid):
            unwrap_any(head, [identity])
    with pytest.raises(HeaderInvalid):
        scrypt.Identity("correct").unwrap(head.stanzas)


def test_work_factor_is_capped_by_the_caller() -> None:
    data = file.encrypt_bytes(b"identity", [scrypt.Recipient("correct", 6)])
    assert file.decrypt_bytes(data, [scrypt.Identity("correct", 6)]) == b"identity"
    with pytest.raises(HeaderInvalid):
        file.decrypt_bytes(data, [scrypt.Identity("correct", 5)])
    for factor in (0, 21, -1):
        with pytest.raises(UsageError):
            scrypt.Identity("correct", factor)
        with pytest.raises(UsageError):
            scrypt.Recipient("correct", factor)
    assert scrypt.Identity("correct", 20).max_log_n == 20
    assert scrypt.Identity("correct").max_log_n == scrypt.Recipient("correct").log_n == 18


@pytest.mark.parametrize("factor", ["0", "01", "+5", "5 ", "0x5", "99", "9" * 5000, "٥"])
def test_malformed_work_factors_are_refused(factor: str) -> None:
    with pytest.raises(HeaderInvalid):
        scrypt.Identity("correct").unwrap([Stanza("scrypt", ("A" * 22, factor), bytes(32))])


@pytest.mark.parametrize("passphrase", ["", "\ud800"])
def test_passphrase_must_be_text(passphrase: str) -> None:
    with pytest.raises(UsageError):
        scrypt.Identity(passphrase)


def test_passphrase_is_never_shown() -> None:
    shown = f"{scrypt.Identity('hunter2')!r} {scrypt.Recipient('hunter2')!r} {scrypt.Identity('hunter2')}"
    assert "hunter2" not in shown


def test_a_lying_identity_cannot_open_a_file() -> None:
    class Liar:
        def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
            return KEY

    data = file.encrypt_bytes(b"x", [X.recipient])
    with pytest.raises(MacInvalid):
        file.decrypt_stream(io.BytesIO(data), lambda view: None, [Liar()])
