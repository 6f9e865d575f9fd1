"""The keys that must sign for a member, from policies/access.yaml to the envelope, and nowhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

import tdsec_gov
from tdsec_gov.errors import PolicyInvalid, SignerUntrusted
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.access_models import Member
from tdsec_gov.verdicts.trust import member_keys

ALICE, BOB = (Identity.generate(name, post_quantum=True) for name in ("alice", "bob"))
CAROL = Identity.generate("carol")
PACKAGE = Path(tdsec_gov.__file__).parent
READS_KEYS_OF_MEMBERS = {"verdicts/trust.py", "compliance/logcheck.py"}
"""The second reads signed notes of the audit log: Ed25519 alone."""


def member(identity: Identity, signing_pq: str | None = None) -> Member:
    second = identity.verify_keys.ml_dsa
    return Member(
        name=identity.name,
        age=str(identity.age.recipient),
        signing=str(identity.verify_key),
        signing_pq=signing_pq or (None if second is None else str(second)),
    )


def test_the_second_key_is_demanded_of_those_who_have_one() -> None:
    keys = member_keys([member(ALICE), member(CAROL)])
    assert keys == {ALICE.keyid: ALICE.verify_keys, CAROL.keyid: CAROL.verify_keys}
    for who in (ALICE, CAROL):
        assert Envelope.sign(b"x", *who.signers).verified_by(keys) == {who.keyid}
    with pytest.raises(SignerUntrusted, match="only one"):
        Envelope.sign(b"x", ALICE).verified_by(keys)


@pytest.mark.parametrize("size", [0, 32, 1312, 1951, 1953, 2592])
def test_a_malformed_second_key(size: int) -> None:
    text = "ml-dsa-65:" + base64.b64encode(bytes(size or 1)).decode()
    with pytest.raises(PolicyInvalid, match=r"policies/access.yaml: member 'alice': not an ML-DSA-65"):
        member_keys([member(CAROL), member(ALICE, text)])


def test_a_second_key_of_two_members() -> None:
    with pytest.raises(PolicyInvalid, match="two members"):
        member_keys([member(ALICE), member(BOB, str(ALICE.verify_keys.ml_dsa))])


def test_nobody_else_reads_the_signing_keys_of_members() -> None:
    """Who did would verify statements by Ed25519 alone, and the second signature could be stripped."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if ".signing)" in path.read_text() and "VerifyKey.parse(" in path.read_text()
    }
    assert found | {"verdicts/trust.py"} == READS_KEYS_OF_MEMBERS


def test_nobody_signs_a_statement_with_a_part_of_their_keys() -> None:
    """Every ``Envelope.sign`` of the package hands on signers with a star: all that somebody has."""
    calls = [
        (path.relative_to(PACKAGE).as_posix(), line.strip())
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text().splitlines()
        if "Envelope.sign(" in line
    ]
    assert len(calls) >= 4 and all("*" in line for _, line in calls), calls
