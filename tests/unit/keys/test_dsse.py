"""Envelopes with an Ed25519 and an ML-DSA-65 signature: both count, or none."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable

import pytest
from securesystemslib import dsse
from securesystemslib.signer import SSlibKey

from tdsec_gov.errors import IntegrityError, KeyUnavailable, SignatureInvalid, SignerUntrusted
from tdsec_gov.keys import mldsa
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope, pae
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.members import MemberKeys

ALICE, BOB = (Identity.generate(name, post_quantum=True) for name in ("alice", "bob"))
CAROL = Identity.generate("carol")
TRUSTED = {one.keyid: one.verify_keys for one in (ALICE, BOB, CAROL)}
BOTH = Envelope.sign(b"payload", *ALICE.signers)
(ED, FIRST), (PQ, SECOND) = BOTH.signatures
Pairs = tuple[tuple[str, bytes], ...]


def with_signatures(*pairs: tuple[str, bytes]) -> Envelope:
    return dataclasses.replace(BOTH, signatures=pairs)


def test_both() -> None:
    assert BOTH.verified_by(TRUSTED) == {ALICE.keyid} and (len(FIRST), len(SECOND)) == (64, 3309)
    assert tuple(key.keyid for key in ALICE.verify_keys.required) == (ED, PQ)
    assert Envelope.from_bytes(BOTH.to_bytes()) == BOTH


def test_a_member_without_a_second_key_counts_by_the_first() -> None:
    assert Envelope.sign(b"payload", *CAROL.signers).verified_by(TRUSTED) == {CAROL.keyid}
    old = {ALICE.keyid: MemberKeys(ALICE.verify_key)}
    assert BOTH.verified_by(old) == {ALICE.keyid}, "the second signature is a stranger's there"
    assert BOTH.verified_by({ALICE.keyid: ALICE.verify_key}) == {ALICE.keyid}


def test_order_does_not_matter() -> None:
    assert with_signatures((PQ, SECOND), (ED, FIRST)).verified_by(TRUSTED) == {ALICE.keyid}


@pytest.mark.parametrize("kept", [(ED, FIRST), (PQ, SECOND)])
def test_one_alone(kept: tuple[str, bytes]) -> None:
    with pytest.raises(SignerUntrusted, match="only one of the signer's two keys") as caught:
        with_signatures(kept).verified_by(TRUSTED)
    assert caught.value.exit_code == 11 and "tdsec check --all" in caught.value.hint


def test_one_alone_beside_somebody_who_counts() -> None:
    pair = Envelope.sign(b"payload", CAROL).signatures[0]
    assert with_signatures((ED, FIRST), pair).verified_by(TRUSTED) == {CAROL.keyid}


def bobs(payload: bytes = b"payload") -> Pairs:
    return Envelope.sign(payload, *BOB.signers).signatures


@pytest.mark.parametrize(
    "pairs",
    [
        lambda: ((ED, FIRST), (PQ, bobs()[1][1])),
        lambda: ((ED, bobs()[0][1]), (PQ, SECOND)),
        lambda: ((ED, FIRST), (PQ, Envelope.sign(b"other", *ALICE.signers).signatures[1][1])),
        lambda: ((ED, FIRST), (PQ, FIRST)),
        lambda: ((ED, SECOND), (PQ, SECOND)),
        lambda: ((ED, SECOND), (PQ, FIRST)),
        lambda: ((ED, FIRST), (PQ, SECOND), (PQ, bytes(3309))),
        lambda: ((ED, FIRST), (ED, bytes(64)), (PQ, SECOND)),
        lambda: ((ED, FIRST), (PQ, b"")),
        lambda: ((ED, FIRST), (PQ, SECOND[:-1])),
    ],
)
def test_a_bad_one(pairs: Callable[[], Pairs]) -> None:
    with pytest.raises(SignatureInvalid):
        with_signatures(*pairs()).verified_by(TRUSTED)


def test_anothers_second_signature_under_their_own_name() -> None:
    for pairs in (((ED, FIRST), bobs()[1]), (bobs()[0], (PQ, SECOND))):
        with pytest.raises(SignerUntrusted, match="only one"):
            with_signatures(*pairs).verified_by(TRUSTED)


def test_strangers_are_passed_over() -> None:
    eve = Envelope.sign(b"payload", *Identity.generate("eve", post_quantum=True).signers)
    assert with_signatures(*eve.signatures, *BOTH.signatures).verified_by(TRUSTED) == {ALICE.keyid}
    with pytest.raises(SignerUntrusted, match="nobody trusted"):
        eve.verified_by(TRUSTED)
    with pytest.raises(SignerUntrusted, match="nobody trusted"):
        BOTH.verified_by({})


def test_two_members() -> None:
    every = BOTH.co_sign(*BOB.signers)
    assert every.verified_by(TRUSTED) == {ALICE.keyid, BOB.keyid}
    again = every.co_sign(*ALICE.signers)
    assert len(again.signatures) == 4 and again.verified_by(TRUSTED) == {ALICE.keyid, BOB.keyid}
    assert [keyid for keyid, _ in again.signatures[-2:]] == [ED, PQ]


@pytest.mark.parametrize("length", [0, 63, 65, 71, 256, 3308, 3310, 4627])
def test_no_other_length_is_read(length: int) -> None:
    with pytest.raises(SignatureInvalid, match="wrong length"):
        Envelope.from_bytes(with_signatures((ED, bytes(length))).to_bytes())


def test_loose_bits_of_a_long_signature() -> None:
    """3309 bytes need no padding in base64, 64 do: neither may be written in two ways."""
    body = json.loads(BOTH.to_bytes())
    for number in (0, 1):
        text = body["signatures"][number]["sig"]
        for other in (text + "=", text + "\n", text[:-1], text.replace("=", "")):
            if other == text:
                continue
            changed = json.loads(BOTH.to_bytes())
            changed["signatures"][number]["sig"] = other
            with pytest.raises(IntegrityError):
                Envelope.from_bytes(json.dumps(changed).encode())


def test_securesystemslib_reads_it_and_verifies_the_first() -> None:
    theirs = dsse.Envelope.from_dict(json.loads(BOTH.to_bytes()))
    key = SSlibKey(ALICE.keyid, "ed25519", "ed25519", {"public": ALICE.verify_key.raw.hex()})
    assert theirs.pae() == pae(INTOTO_PAYLOAD_TYPE, b"payload")
    assert set(theirs.verify([key], 1)) == {ALICE.keyid}
    assert set(theirs.signatures) == {ED, PQ}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ml-dsa-65:",
        "ml-dsa-65:AAAA",
        "ed25519:" + base64.b64encode(bytes(1952)).decode(),
        "ml-dsa-44:" + base64.b64encode(bytes(1952)).decode(),
        "ml-dsa-65:" + base64.b64encode(bytes(1951)).decode(),
        "ml-dsa-65:" + base64.b64encode(bytes(1953)).decode(),
        "ml-dsa-65:" + base64.b64encode(bytes(1952)).decode()[:-2] + "B=",
        "ml-dsa-65:" + base64.b64encode(bytes(1952)).decode() + "\n",
        base64.b64encode(bytes(1952)).decode(),
    ],
)
def test_public_key_text(text: str) -> None:
    with pytest.raises(KeyUnavailable, match="ML-DSA-65"):
        mldsa.VerifyKey.parse(text)
    with pytest.raises(KeyUnavailable):
        MemberKeys.parse(str(ALICE.verify_key), text)


def test_keys_as_the_policy_has_them() -> None:
    keys = ALICE.verify_keys
    assert MemberKeys.parse(str(keys.ed25519), str(keys.ml_dsa)) == keys and keys.keyid == ALICE.keyid
    assert MemberKeys.parse(str(keys.ed25519)) == MemberKeys(keys.ed25519)
