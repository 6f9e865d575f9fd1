"""An envelope with two signatures: any change to either, or to what they cover, is refused."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.errors import IntegrityError, SignatureInvalid, SignerUntrusted, TdsecError
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity

ALICE, BOB, EVE = (Identity.generate(name, post_quantum=True) for name in ("alice", "bob", "eve"))
TRUSTED = {one.keyid: one.verify_keys for one in (ALICE, BOB)}
PAYLOAD = b"what both signed"
BOTH = Envelope.sign(PAYLOAD, *ALICE.signers)
POOL = [pair for one in (ALICE, BOB, EVE) for pair in Envelope.sign(PAYLOAD, *one.signers).signatures]
WHO = {ALICE.keyid: set(POOL[:2]), BOB.keyid: set(POOL[2:4])}


@given(st.integers(0, 1), st.integers(0, 3308), st.integers(1, 255))
@settings(max_examples=300)
def test_any_byte_of_either_signature(which: int, place: int, mask: int) -> None:
    keyid, signature = BOTH.signatures[which]
    changed = bytearray(signature)
    changed[place % len(signature)] ^= mask
    pairs = list(BOTH.signatures)
    pairs[which] = (keyid, bytes(changed))
    with pytest.raises(SignatureInvalid):
        dataclasses.replace(BOTH, signatures=tuple(pairs)).verified_by(TRUSTED)


@given(st.integers(0, 7), st.data())
def test_any_byte_of_the_payload_or_its_type(kind: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(PAYLOAD) - 1))
    changed = bytearray(PAYLOAD)
    changed[place] ^= 1 << kind
    with pytest.raises(SignatureInvalid):
        dataclasses.replace(BOTH, payload=bytes(changed)).verified_by(TRUSTED)
    with pytest.raises(SignatureInvalid):
        dataclasses.replace(BOTH, payload_type=BOTH.payload_type + "x").verified_by(TRUSTED)


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=150)
def test_any_byte_of_the_file(place: int, mask: int) -> None:
    """What the file says afterwards is the same payload by the same member, or it is refused."""
    data = bytearray(BOTH.to_bytes())
    data[place % len(data)] ^= mask
    try:
        envelope = Envelope.from_bytes(bytes(data))
        assert envelope.verified_by(TRUSTED) == {ALICE.keyid} and envelope.payload == PAYLOAD
    except (IntegrityError, SignerUntrusted):
        pass


@pytest.mark.parametrize("count", range(1, 5))
def test_every_choice_of_good_signatures(count: int) -> None:
    """Exactly those count who have both of theirs in it, in whatever order, whatever else is there."""
    for pairs in itertools.permutations(POOL, count):
        envelope = Envelope("application/vnd.in-toto+json", PAYLOAD, pairs)
        expected = {keyid for keyid, needed in WHO.items() if needed <= set(pairs)}
        try:
            found = envelope.verified_by(TRUSTED)
        except SignerUntrusted:
            found = frozenset()
        assert found == expected


@given(
    st.lists(
        st.tuples(st.sampled_from([k for k, _ in POOL]), st.sampled_from([s for _, s in POOL])), max_size=5
    )
)
@settings(max_examples=150)
def test_signatures_under_any_names(pairs: list[tuple[str, bytes]]) -> None:
    """Nobody counts whose two genuine signatures are not both there."""
    try:
        found = Envelope("application/vnd.in-toto+json", PAYLOAD, tuple(pairs)).verified_by(TRUSTED)
    except TdsecError:
        return
    assert found and all(WHO[keyid] <= set(pairs) for keyid in found)
