"""Keyrings and their statements: who opens what, and every way a file can be another's."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.canonical import canonical_bytes, sha256_hex
from tdsec_gov.errors import (
    AccessDenied,
    IntegrityError,
    KeyUnavailable,
    PolicyInvalid,
    SignerUntrusted,
    TdsecError,
    Unverified,
)
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import hybrid, x25519
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile
from tdsec_gov.vault.keyrings.circle import Circle, require_circle
from tdsec_gov.vault.keyrings.keyring import (
    Keyring,
    epochs,
    keyring_name,
    keyring_statement,
    names_name,
    open_keyrings,
    open_names,
    statement_name,
    statements,
)
from tdsec_gov.vault.keyrings.sealing import seal_keyrings, write_files
from tdsec_gov.vault.keyrings.statement import KeyringStatement

ALICE, BOB, CAROL, EVE = (Identity.generate(name) for name in ("alice", "bob", "carol", "eve"))
OFFLINE = x25519.Identity.generate()
WRITERS = {ALICE.keyid: ALICE.verify_key}


def circle(*readers: Identity, writers: tuple[Identity, ...] = (), recovery: bool = False) -> Circle:
    def keys(people: tuple[Identity, ...]) -> dict[str, str]:
        return {one.name: str(one.age.recipient) for one in people}

    return Circle(keys(readers), keys(writers), str(OFFLINE.recipient) if recovery else None)


def written(
    root: Path,
    people: Circle,
    *rings: Keyring,
    signer: Identity = ALICE,
    last: KeyringStatement | None = None,
) -> None:
    write_files(root, seal_keyrings(rings, people, signer, last))


def resign(root: Path, epoch: int = 1, by: Identity = ALICE, **changes: object) -> None:
    """Edit a statement's predicate and sign it again."""
    path = root / statement_name("store", epoch)
    body = json.loads(Envelope.from_bytes(path.read_bytes()).payload)
    body["predicate"] |= changes
    path.write_bytes(Envelope.sign(canonical_bytes(body), by).to_bytes())


# -- who opens -----------------------------------------------------------------------------------


def test_readers_and_the_recovery_key_open_it(tmp_path: Path) -> None:
    ring, tree = Keyring.generate("store"), WorkTree(tmp_path)
    written(tmp_path, circle(ALICE, BOB, recovery=True), ring)
    assert epochs(tree, "store") == [1]
    for reader in (ALICE, BOB, dataclasses.replace(EVE, age=OFFLINE)):
        assert open_keyrings(tree, "store", reader, WRITERS) == [ring]
        assert open_names(tree, "store", reader) == ring.name_key
    said = keyring_statement(tree, "store", 1, WRITERS)
    assert (said.sequence, said.previous, said.recovery) == (1, None, str(OFFLINE.recipient))
    assert said.readers == {who.name: str(who.age.recipient) for who in (ALICE, BOB)}
    assert said.data_recipient == str(ring.recipient) and said.algorithm == "x25519"


def test_a_stranger_is_told_whose_key_would_fit(tmp_path: Path) -> None:
    written(tmp_path, circle(ALICE, BOB, writers=(CAROL,)), Keyring.generate("store"))
    tree = WorkTree(tmp_path)
    for opening in (
        lambda: open_keyrings(tree, "store", EVE, WRITERS),
        lambda: open_names(tree, "store", EVE),
    ):
        with pytest.raises(KeyUnavailable, match="alice, bob, carol") as refused:
            opening()
        assert refused.value.exit_code == 13
    with pytest.raises(KeyUnavailable, match="tdsec init"):
        open_keyrings(tree, "other", ALICE, WRITERS)


def test_write_only_member_seals_and_names_and_does_not_read(tmp_path: Path) -> None:
    ring, tree = Keyring.generate("store"), WorkTree(tmp_path)
    written(tmp_path, circle(ALICE, writers=(BOB,)), ring)
    (mine,) = open_keyrings(tree, "store", BOB, WRITERS)
    assert mine == dataclasses.replace(ring, data=None)
    assert open_names(tree, "store", BOB) == ring.name_key
    with pytest.raises(AccessDenied, match="may write vault 'store' and not read it"):
        _ = mine.opener
    sealed = (tmp_path / keyring_name("store", 1)).read_bytes()
    with pytest.raises(KeyUnavailable):
        age_file.decrypt_bytes(sealed, BOB.age_identities)
    names = age_file.decrypt_bytes((tmp_path / names_name("store", 1)).read_bytes(), BOB.age_identities)
    assert b"AGE-SECRET" not in names
    with pytest.raises(IntegrityError):
        Keyring.from_bytes(names)


def test_compartments_are_labels_of_their_own(tmp_path: Path) -> None:
    outer, inner, tree = Keyring.generate("store"), Keyring.generate("store/patients"), WorkTree(tmp_path)
    written(tmp_path, circle(ALICE, BOB), outer)
    written(tmp_path, circle(ALICE), dataclasses.replace(inner.successor(), name_key=inner.name_key), inner)
    assert epochs(tree, "store") == [1] and epochs(tree, "store/patients") == [2, 1]
    assert open_keyrings(tree, "store", BOB, WRITERS) == [outer]
    with pytest.raises(KeyUnavailable):
        open_keyrings(tree, "store/patients", BOB, WRITERS)


def test_rotation_keeps_names_and_old_epochs(tmp_path: Path) -> None:
    first, tree = Keyring.generate("store"), WorkTree(tmp_path)
    written(tmp_path, circle(ALICE, BOB), first)
    last = statements(tree, "store", WRITERS)[0]
    second = first.successor()
    written(tmp_path, circle(ALICE), first, second, last=last)
    assert open_keyrings(tree, "store", ALICE, WRITERS) == [second, first]
    assert second.name_key == first.name_key and second.data != first.data
    newest, older = statements(tree, "store", WRITERS)
    assert (newest.sequence, older.sequence) == (3, 2)
    assert (newest.previous, older.previous) == (older.digest, last.digest)


def test_post_quantum_keyrings(tmp_path: Path) -> None:
    ring, tree = Keyring.generate("store", post_quantum=True), WorkTree(tmp_path)
    mine = hybrid.Identity.generate()
    alice = dataclasses.replace(ALICE, age=mine)
    written(tmp_path, Circle({"alice": str(mine.recipient)}, {}), ring)
    assert open_keyrings(tree, "store", alice, WRITERS) == [ring]
    assert keyring_statement(tree, "store", 1, WRITERS).algorithm == "mlkem768x25519"
    assert b"-> X25519" not in (tmp_path / keyring_name("store", 1)).read_bytes()


# -- attacks -------------------------------------------------------------------------------------


def replaced(root: Path) -> None:
    """A keyring under another's statement."""
    other = root / "other"
    written(other, circle(ALICE), Keyring.generate("store"))
    name = keyring_name("store", 1)
    (root / name).write_bytes((other / name).read_bytes())


def of_another_vault(root: Path) -> None:
    written(root, circle(ALICE), Keyring.generate("backup"))
    for name in (keyring_name, statement_name):
        (root / name("store", 1)).write_bytes((root / name("backup", 1)).read_bytes())


def of_a_compartment(root: Path) -> None:
    written(root, circle(ALICE), Keyring.generate("store/patients"))
    for name in (keyring_name, statement_name):
        (root / name("store", 1)).write_bytes((root / name("store/patients", 1)).read_bytes())


def of_another_epoch(root: Path) -> None:
    for name in (keyring_name, statement_name):
        (root / name("store", 2)).write_bytes((root / name("store", 1)).read_bytes())


def names_swapped(root: Path) -> None:
    forged = age_file.encrypt_bytes(Keyring.generate("store").names_to_bytes(), [BOB.age.recipient])
    (root / names_name("store", 1)).write_bytes(forged)


def names_gone(root: Path) -> None:
    (root / names_name("store", 1)).unlink()


def unknown_key(root: Path) -> None:
    resign(root, surprise=1)


def unknown_format(root: Path) -> None:
    resign(root, format=3)


def sequence_zero(root: Path) -> None:
    resign(root, sequence=0)


def sequence_a_text(root: Path) -> None:
    resign(root, sequence="7")


def another_data_key(root: Path) -> None:
    resign(root, data_recipient=str(OFFLINE.recipient))


def fewer_readers_than_it_is_sealed_to(root: Path) -> None:
    """A writer hides a reader: the file says how many keys open it."""
    resign(root, readers={"alice": str(ALICE.age.recipient)}, recovery=None)


def recovery_taken_out_by_hand(root: Path) -> None:
    path = root / statement_name("store", 1)
    envelope = Envelope.from_bytes(path.read_bytes())
    body = json.loads(envelope.payload)
    body["predicate"]["recovery"] = None
    path.write_bytes(dataclasses.replace(envelope, payload=canonical_bytes(body)).to_bytes())


def loose_json(root: Path) -> None:
    path = root / statement_name("store", 1)
    body = json.loads(Envelope.from_bytes(path.read_bytes()).payload)
    path.write_bytes(Envelope.sign(json.dumps(body, indent=1).encode(), ALICE).to_bytes())


@pytest.mark.parametrize(
    "attack",
    [
        *(replaced, of_another_vault, of_a_compartment, of_another_epoch, names_swapped, names_gone),
        *(unknown_key, unknown_format, sequence_zero, sequence_a_text, another_data_key, loose_json),
        *(fewer_readers_than_it_is_sealed_to, recovery_taken_out_by_hand),
    ],
)
def test_keyring_that_is_not_as_signed(tmp_path: Path, attack: Callable[[Path], None]) -> None:
    written(tmp_path, circle(ALICE, CAROL, writers=(BOB,), recovery=True), Keyring.generate("store"))
    assert open_keyrings(WorkTree(tmp_path), "store", ALICE, WRITERS)
    attack(tmp_path)
    with pytest.raises(IntegrityError):
        open_keyrings(WorkTree(tmp_path), "store", ALICE, WRITERS)


def test_statement_by_somebody_who_may_not_write(tmp_path: Path) -> None:
    written(tmp_path, circle(ALICE), Keyring.generate("store"), signer=EVE)
    with pytest.raises(SignerUntrusted):
        open_keyrings(WorkTree(tmp_path), "store", ALICE, WRITERS)


def test_statement_that_is_gone(tmp_path: Path) -> None:
    written(tmp_path, circle(ALICE), Keyring.generate("store"))
    (tmp_path / statement_name("store", 1)).unlink()
    with pytest.raises(Unverified, match="no signed statement"):
        open_keyrings(WorkTree(tmp_path), "store", ALICE, WRITERS)


def test_newest_epoch_put_back_to_an_earlier_keyring(tmp_path: Path) -> None:
    """Within one tree, an older file under the newest name has too low a number."""
    tree, first = WorkTree(tmp_path), Keyring.generate("store")
    second = first.successor()
    written(tmp_path, circle(ALICE, BOB), first, second)
    old = {
        name: (tmp_path / name).read_bytes()
        for name in (keyring_name("store", 2), statement_name("store", 2))
    }
    written(tmp_path, circle(ALICE), first, second, last=statements(tree, "store", WRITERS)[0])
    assert len(open_keyrings(tree, "store", ALICE, WRITERS)) == 2
    write_files(tmp_path, old)
    with pytest.raises(IntegrityError, match="older keyring lies in the place"):
        open_keyrings(tree, "store", ALICE, WRITERS)


# -- format 1 ------------------------------------------------------------------------------------


def first_format(root: Path, ring: Keyring, *readers: Identity) -> None:
    """What tdsec-gov 0.1 wrote."""
    name = keyring_name(ring.vault, ring.epoch)
    sealed = age_file.encrypt_bytes(ring.to_bytes(), [one.age.recipient for one in readers])
    body = canonical_bytes(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": sha256_hex(sealed)}}],
            "predicateType": "urn:tdsec-gov:vault-keyring:v1",
            "predicate": {
                "format": 1,
                "vault": ring.vault,
                "epoch": ring.epoch,
                "readers": {one.name: str(one.age.recipient) for one in readers},
                "data_recipient": str(ring.recipient),
            },
        }
    )
    statement = Envelope.sign(body, ALICE).to_bytes()
    write_files(root, {name: sealed, statement_name(ring.vault, ring.epoch): statement})


def test_first_format_is_read_and_followed(tmp_path: Path) -> None:
    ring, tree = Keyring.generate("store"), WorkTree(tmp_path)
    first_format(tmp_path, ring, ALICE, BOB)
    assert open_keyrings(tree, "store", BOB, WRITERS) == [ring]
    last = statements(tree, "store", WRITERS)[0]
    assert (last.format, last.sequence) == (1, 0)
    written(tmp_path, circle(ALICE), ring, last=last)
    (said,) = statements(tree, "store", WRITERS)
    assert (said.format, said.sequence, said.previous) == (2, 1, last.digest)


def test_first_format_over_the_newest_epoch(tmp_path: Path) -> None:
    tree, first = WorkTree(tmp_path), Keyring.generate("store")
    second = first.successor()
    written(tmp_path, circle(ALICE), first, second)
    first_format(tmp_path, second, ALICE, EVE)
    with pytest.raises(IntegrityError, match="older keyring lies in the place"):
        open_keyrings(tree, "store", ALICE, WRITERS)


# -- the circle ----------------------------------------------------------------------------------


def access(**store: object) -> Access:
    members = [
        {
            "name": one.name,
            "age": str(one.age.recipient),
            "signing": str(one.verify_key),
            "roles": list(roles),
        }
        for one, roles in ((ALICE, ["admin"]), (BOB, ["ingest"]), (CAROL, []))
    ]
    roles = {"admin": {"read_all": True, "write_all": True}, "ingest": {"write_all": True}}
    body = {"format": 1, "members": members, "roles": roles, "vaults": {"store": store}}
    return Access.of(AccessFile.model_validate(body), "test")


def test_circle_of_the_policy() -> None:
    room = {"name": "patients", "match": ["a/**"], "readers": ["carol"]}
    policy = access(recovery=str(OFFLINE.recipient), compartments=[room])
    assert set(Circle.of(policy, "store").readers) == {"alice"}
    assert set(Circle.of(policy, "store").writers) == {"bob"}
    inner = Circle.of(policy, "store/patients")
    assert set(inner.readers) == {"alice", "carol"} and inner.recovery == str(OFFLINE.recipient)


def test_post_quantum_circle_names_who_has_no_key() -> None:
    with pytest.raises(PolicyInvalid, match="none for alice, bob, the recovery key"):
        Circle.of(access(post_quantum=True, recovery=str(OFFLINE.recipient)), "store")


@pytest.mark.parametrize(
    ("sealed", "refused"),
    [
        (circle(ALICE, writers=(BOB,), recovery=True), None),
        (circle(ALICE, CAROL, writers=(BOB,), recovery=True), "carol"),
        (circle(ALICE, writers=(BOB, EVE), recovery=True), "eve"),
        (circle(ALICE, writers=(BOB,)), "not sealed to the recovery key"),
        (dataclasses.replace(circle(ALICE), recovery=str(EVE.age.recipient)), "another recovery key"),
    ],
    ids=["as-the-policy", "reader-too-many", "writer-too-many", "no-recovery", "another-recovery"],
)
def test_nothing_is_sealed_for_strangers(tmp_path: Path, sealed: Circle, refused: str | None) -> None:
    written(tmp_path, sealed, Keyring.generate("store"))
    (said,) = statements(WorkTree(tmp_path), "store", WRITERS)
    policy = access(recovery=str(OFFLINE.recipient))
    if refused is None:
        require_circle(policy, said)
        return
    with pytest.raises(AccessDenied, match=refused):
        require_circle(policy, said)


# -- broken --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"a\nb\nc", b"# x\n# {}\nAGE-SECRET-KEY-1\n", b"# tdsec vault keyring v1\n# {\n\n"],
)
def test_broken_keyring(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        Keyring.from_bytes(data)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_statement(data: bytes) -> None:
    with pytest.raises(TdsecError):
        KeyringStatement.parse(data)


def test_every_key_of_a_statement_counts(tmp_path: Path) -> None:
    """Whatever value of the predicate is replaced by another kind of value, it is refused or differs."""
    written(tmp_path, circle(ALICE, writers=(BOB,)), Keyring.generate("store"))
    payload = Envelope.from_bytes((tmp_path / statement_name("store", 1)).read_bytes()).payload
    good = KeyringStatement.parse(payload)
    for key in json.loads(payload)["predicate"]:
        for value in (None, [], {}, "", -1, 1.5, True, {"a": 1}, [1]):
            body = json.loads(payload)
            if body["predicate"][key] == value and type(body["predicate"][key]) is type(value):
                continue
            body["predicate"][key] = value
            try:
                assert KeyringStatement.parse(canonical_bytes(body)) != good
            except IntegrityError:
                continue
