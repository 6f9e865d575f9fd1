"""Who may read, write and sign, and what access.yaml must not say."""

from __future__ import annotations

import base64

import pytest

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.policy.models import Signers

ALICE, BOB, CAROL = (Identity.generate(name) for name in ("alice", "bob", "carol"))


def member(identity: Identity, *roles: str, signing: str | None = None) -> dict[str, object]:
    key = signing or str(identity.verify_key)
    return {"name": identity.name, "age": str(identity.age.recipient), "signing": key, "roles": list(roles)}


def access(*members: dict[str, object], **more: object) -> Access:
    roles = {"admin": {"read_all": True, "write_all": True}, "reader": {"read_all": True}, "steward": {}}
    body = {"format": 1, "roles": roles, "members": list(members), **more}
    return Access.of(AccessFile.model_validate(body), "policies/access.yaml")


def test_roles_and_grants() -> None:
    book = access(
        member(ALICE, "admin"),
        member(BOB, "reader"),
        member(CAROL),
        vaults={"store": {"readers": [], "writers": ["carol"]}},
    )
    alice, bob, carol = book.file.members
    assert [book.may_read(one, "store") for one in (alice, bob, carol)] == [True, True, False]
    assert [book.may_write(one, "store") for one in (alice, bob, carol)] == [True, False, True]
    assert not book.may_write(carol, "other") and book.may_write(carol)
    assert book.readers("store") == (alice, bob)
    assert book.signing_members(Signers()) == (alice, carol)
    assert book.member(ALICE.keyid) == alice and book.member("0" * 64) is None
    assert book.name_of("0" * 64) == "key 000000000000"


def test_signers_by_role_only() -> None:
    book = access(member(ALICE, "admin"), member(BOB, "steward"), member(CAROL))
    assert [one.name for one in book.signing_members(Signers(roles=("steward",)))] == ["bob"]
    assert book.signing_members(Signers(roles=("nobody-has-it",))) == ()


def test_all_faults_at_once() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        access(member(ALICE, "gone"), member(ALICE), vaults={"v": {"readers": ["eve"]}})
    for words in ("'alice' stands twice", "'gone' is not defined", "'eve' is not defined", "two members"):
        assert words in caught.value.line()


def test_one_key_written_in_two_ways_is_one_key() -> None:
    """The last character before base64's '=' has two loose bits: four texts, one key."""
    text = str(ALICE.verify_key)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    loose = text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="
    assert base64.b64decode(loose[8:]) == base64.b64decode(text[8:])
    with pytest.raises(PolicyInvalid):
        access(member(ALICE), member(BOB, signing=loose))
