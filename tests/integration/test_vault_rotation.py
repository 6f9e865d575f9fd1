"""New epochs, readers who leave, members who may only write, compartments and the recovery key."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from workshops import FOLDER, ROWS, Workshop, isolated

from tdsec_gov.errors import KeyUnavailable, TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity, save_identity
from tdsec_gov.policy.load import policies_from
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.rotate import pending
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.plugin.wiring import open_storage

ACCESS = "policies/access.yaml"


@dataclass(frozen=True)
class Person:
    """A second person with a home of their own."""

    identity: Identity
    env: dict[str, str]


def person(shop: Workshop, name: str, identity: Identity | None = None) -> Person:
    one = identity or Identity.generate(name)
    env = isolated(shop.base, name)
    Path(env["HOME"]).mkdir()
    save_identity(one, Path(env["TDSEC_HOME"]) / "identity")
    return Person(one, env)


@contextmanager
def being(who: Person) -> Iterator[None]:
    """This process, for a while, with that person's identity."""
    before = os.environ["TDSEC_HOME"]
    os.environ["TDSEC_HOME"] = who.env["TDSEC_HOME"]
    try:
        yield
    finally:
        os.environ["TDSEC_HOME"] = before


def let_in(shop: Workshop, name: str, *options: str, commit: bool = True) -> Person:
    who = person(shop, name)
    keys = ("--age", str(who.identity.age.recipient), "--signing", str(who.identity.verify_key))
    added = shop.tdsec("vault", "add-reader", name, *keys, *options)
    assert added.code == 0, added.err
    assert not commit or shop.commit(f"{name} is in").code == 0
    return who


def opened(shop: Workshop, root: Path | None = None) -> OpenedVault:
    folder = root or shop.root
    return OpenedVault("store", WorkTree(folder), folder)


def sealed_epochs(shop: Workshop, label: str = "store") -> dict[int, int]:
    """How many objects, of every kind, each epoch has sealed: by what their headers are bound to."""
    found: dict[int, int] = {}
    base = shop.storage / "tdsec-v1"
    for path in (one for one in base.rglob("*") if one.is_file()):
        name = "".join(path.parts[-2:])
        data = path.read_bytes()
        for epoch in range(1, 9):
            if objects.binding(label, epoch, name).to_bytes() in data[:4096]:
                found[epoch] = found.get(epoch, 0) + 1
    return found


def pulls(shop: Workshop, name: str, env: dict[str, str] | None = None) -> Path:
    clone = shop.clone(name)
    answer = shop.dvc("pull", folder=clone, env=env)
    assert answer.code == 0, answer.err
    assert (clone / "data/rows.csv").read_bytes() == ROWS
    return clone


# -- removal -------------------------------------------------------------------------------------


def test_lazy_removal_says_what_stays_and_shuts_the_new_epoch(pushed: Workshop) -> None:
    bob = let_in(pushed, "bob")
    stale = pulls(pushed, "of-bob", bob.env)
    gone = pushed.tdsec("vault", "remove-reader", "bob", "--lazy")
    assert gone.code == 0, gone.err
    count = len(pushed.objects())
    assert f"store: {count} objects of epochs < 2 remain readable by 'bob'" in gone.out
    assert "'bob' keeps what they pulled" in gone.out
    assert "bob" not in (pushed.root / ACCESS).read_text()
    assert "# Public keys only; a new colleague prints this entry" in (pushed.root / ACCESS).read_text()
    staged = pushed.git("diff", "--cached", "--name-only").out.split()
    assert {ACCESS, ".tdsec/vaults/store/keyring-2.age", ".tdsec/vaults/store/keyring-1.age"} <= set(staged)
    assert pushed.commit("bob is out").code == 0

    pushed.track("data/later.csv", b"id\n7\n")
    assert pushed.tdsec("check", "data/later.csv").code == 0 and pushed.commit("later").code == 0
    sent = pushed.dvc("push")
    assert sent.code == 0, sent.err
    assert sealed_epochs(pushed) == {1: count + 1, 2: 1}
    pulls(pushed, "of-alice")

    with being(bob):
        assert [ring.epoch for ring in opened(pushed, stale).keyrings] == [1]
        with pytest.raises(KeyUnavailable) as refused:
            _ = opened(pushed).keyrings
    assert refused.value.exit_code == 13 and "alice" in refused.value.line()
    assert pushed.git("pull", "-q", folder=stale).code == 0
    pulled = pushed.dvc("pull", "data/later.csv", folder=stale, env=bob.env)
    assert pulled.code != 0 and "'bob'" in pulled.err and "store" in pulled.err
    assert not (stale / "data/later.csv").exists()


def test_eager_removal_takes_the_old_objects_too(pushed: Workshop) -> None:
    bob = let_in(pushed, "bob")
    stale = pushed.clone("of-bob")
    before = sum(sealed_epochs(pushed).values())
    gone = pushed.tdsec("--json", "vault", "remove-reader", "bob", "--eager")
    assert gone.code == 0, gone.err
    assert json.loads(gone.out)["counts"]["renewed"] == before
    assert sealed_epochs(pushed) == {2: before}
    assert pushed.commit("bob is out").code == 0
    clone = pulls(pushed, "of-alice")
    assert {p.name for p in (clone / "data/folder").iterdir()} == {name.split("/")[0] for name in FOLDER}
    assert pushed.tdsec("vault", "verify").code == 0
    assert pending(pushed.root) is None

    with being(bob):
        storage = open_storage(stale, "store")
        with pytest.raises(KeyUnavailable) as refused:
            storage.check(pushed.store(ROWS))
        assert refused.value.exit_code == 13
    pulled = pushed.dvc("pull", "data/rows.csv", folder=stale, env=bob.env)
    assert pulled.code != 0 and not (stale / "data/rows.csv").exists()


def test_stock_age_opens_what_was_sealed_anew(pushed: Workshop) -> None:
    assert pushed.tdsec("vault", "rotate", "--eager").code == 0
    identity = Path(os.environ["TDSEC_HOME"]) / "identity"
    ring = pushed.root / ".tdsec/vaults/store/keyring-2.age"
    secret = pushed.base / "k"
    secret.write_bytes(
        subprocess.run(["age", "-d", "-i", identity, ring], capture_output=True, check=True).stdout
    )
    found = {
        subprocess.run(["age", "-d", "-i", secret, path], capture_output=True, check=True).stdout
        for path in pushed.objects()
    }
    assert {ROWS, *FOLDER.values()} < found


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nobody", "--lazy"), 2, "'nobody' is not a member"),
        (("alice", "--lazy"), 2, "nobody takes out themselves"),
        (("bob",), 2, "--lazy or --eager"),
    ],
)
def test_removals_that_make_no_sense(
    pushed: Workshop, arguments: tuple[str, ...], code: int, words: str
) -> None:
    let_in(pushed, "bob")
    before = {
        path: path.read_bytes() for path in (pushed.root / ".tdsec/vaults").rglob("*") if path.is_file()
    }
    refused = pushed.tdsec("vault", "remove-reader", *arguments)
    assert refused.code == code and words in refused.err
    assert pushed.git("status", "--porcelain").out == ""
    assert all(path.read_bytes() == data for path, data in before.items())


def test_last_reader_and_recovery_key_stay(pushed: Workshop) -> None:
    """Ingest may write and not read; alice is the only reader."""
    bob = let_in(pushed, "bob")
    text = (pushed.root / ACCESS).read_text()
    recovery = str(bob.identity.age.recipient)
    changed = text.replace("readers: [], writers: []", f"readers: [], writers: [], recovery: {recovery}")
    (pushed.root / ACCESS).write_text(changed)
    assert pushed.tdsec("vault", "rewrap").code == 0 and pushed.commit("recovery").code == 0
    refused = pushed.tdsec("vault", "remove-reader", "bob", "--lazy")
    assert refused.code == 1 and "is the recovery key of 'store'" in refused.err
    assert pushed.git("status", "--porcelain").out == ""


def test_the_last_reader_of_a_compartment_stays(pushed: Workshop) -> None:
    """Alice writes everything and reads the vault; only carol reads the compartment."""
    carol = let_in(pushed, "carol", commit=False)
    text = (pushed.root / ACCESS).read_text()
    room = '{name: patients, match: ["data/patients/**"], readers: [carol], writers: [carol]}'
    text = text.replace("readers: [], writers: []", f"readers: [alice], writers: [], compartments: [{room}]")
    text = text.replace("read_all: true, write_all: true", "write_all: true")
    (pushed.root / ACCESS).write_text(text)
    with being(carol):
        made = pushed.tdsec("vault", "rewrap")
        assert made.code == 0, made.err
    assert pushed.commit("divided").code == 0
    assert opened(pushed).keyrings_of("store/patients")[0].data is None
    refused = pushed.tdsec("vault", "remove-reader", "carol", "--eager")
    assert refused.code == 1 and "'carol' is the last reader of 'store/patients'" in refused.err
    stuck = pushed.tdsec("vault", "rotate")
    assert stuck.code == 1 and "expected one of carol" in stuck.err
    assert pushed.git("status", "--porcelain").out == ""


def test_a_leaver_whose_signature_carries_verdicts(pushed: Workshop) -> None:
    bob = let_in(pushed, "bob", "--role", "admin")
    with being(bob):
        pushed.track("data/of-bob.csv", b"id\n1\n")
        assert pushed.tdsec("check", "data/of-bob.csv").code == 0
        assert pushed.tdsec("vault", "rewrap").code == 0, "the keyrings are signed by bob now"
        assert pushed.commit("by bob").code == 0
    kept = pushed.tdsec("vault", "remove-reader", "bob", "--lazy", "--keep-signer")
    assert kept.code == 0 and "verdicts that rested" not in kept.err
    member = policies_from(WorkTree(pushed.root)).access.file.members[1]
    assert (member.name, member.roles) == ("bob", ("writer",))
    assert pushed.tdsec("verify", "data/of-bob.csv").code == 0
    with being(bob):
        ring = opened(pushed).keyrings[0]
        assert ring.epoch == 2 and ring.data is None, "he pushes under the new epoch and opens nothing of it"
    assert pushed.commit("bob writes only").code == 0

    gone = pushed.tdsec("vault", "remove-reader", "bob", "--lazy")
    assert gone.code == 0 and "1 datasets have verdicts that rested on the signature of 'bob'" in gone.err
    assert "data/of-bob.csv" in gone.err and "must be pushed again by somebody else" in gone.out
    assert opened(pushed).keyrings[0].epoch == 2, "he could not read, so nothing needs a new epoch"
    assert "bob" not in pushed.tdsec("vault", "readers").out
    assert pushed.tdsec("verify", "data/of-bob.csv").code == 11
    assert pushed.tdsec("check", "data/of-bob.csv").code == 0
    assert pushed.tdsec("audit", "verify").code == 0


# -- rotation ------------------------------------------------------------------------------------


def test_rotation_for_the_same_readers(pushed: Workshop) -> None:
    bob = let_in(pushed, "bob")
    turned = pushed.tdsec("vault", "rotate")
    assert turned.code == 0 and "new epoch: store 2" in turned.out, turned.err
    assert pushed.commit("rotated").code == 0
    status = pushed.tdsec("vault", "status")
    assert "epoch 2, sequence 4, x25519; alice may read and write" in status.out
    assert "no recovery key" in status.out
    synced = pushed.dvc("status", "-c")
    assert "in sync" in synced.out, "names do not change"
    pulls(pushed, "of-bob", bob.env)
    assert pushed.tdsec("vault", "rotate", "--resume").out.strip() == "there is no rotation to go on with"


def test_damaged_and_foreign_objects_stay_and_are_named(pushed: Workshop) -> None:
    first, *_ = pushed.objects()
    damaged = bytearray(first.read_bytes())
    damaged[-1] ^= 1
    first.write_bytes(bytes(damaged))
    foreign = pushed.storage / "tdsec-v1/objects/zz/not-ours"
    foreign.parent.mkdir()
    foreign.write_bytes(b"x" * 500)
    before = sum(sealed_epochs(pushed).values())
    turned = pushed.tdsec("vault", "rotate", "--eager")
    assert turned.code == 10 and f"LEFT {first}" in turned.err
    assert first.read_bytes() == bytes(damaged) and foreign.read_bytes() == b"x" * 500
    assert sealed_epochs(pushed) == {1: 1, 2: before - 1}


def test_storage_that_goes_away_and_comes_back(pushed: Workshop) -> None:
    before = sum(sealed_epochs(pushed).values())
    hidden = pushed.storage.rename(pushed.base / "hidden")
    pushed.storage.write_text("not a folder")
    assert pushed.tdsec("vault", "rotate", "--eager").code in (0, 14)
    pushed.storage.unlink()
    hidden.rename(pushed.storage)
    again = pushed.tdsec("vault", "rotate", "--eager")
    assert again.code == 0, again.err
    assert max(sealed_epochs(pushed)) == max(ring.epoch for ring in opened(pushed).keyrings)
    assert len(sealed_epochs(pushed)) == 1 and sum(sealed_epochs(pushed).values()) == before


def test_a_rotation_thrown_away_before_its_commit_loses_no_key(pushed: Workshop) -> None:
    """Objects were sealed under epoch 2 and the work tree was reset: its keyring comes back from a copy."""
    assert pushed.tdsec("vault", "rotate", "--eager").code == 0
    assert pushed.git("reset", "-q", "--hard").code == 0
    copies = sorted(one.name for one in (pushed.root / ".git/tdsec-keyrings/store").iterdir())
    assert "keyring-2.age" in copies and "keyring-2.intoto.jsonl" in copies
    sent = pushed.dvc("fetch")
    assert sent.code == 0 or "older than the one" in sent.err
    rewrapped = pushed.tdsec("vault", "rewrap")
    assert rewrapped.code == 10 and ".git/tdsec-keyrings" in rewrapped.err
    for name in copies:
        source = pushed.root / ".git/tdsec-keyrings/store" / name
        (pushed.root / ".tdsec/vaults/store" / name).write_bytes(source.read_bytes())
    pulls(pushed, "whole", None) if pushed.commit("restored").code == 0 else pytest.fail("no commit")


# -- compartments, writers, recovery -------------------------------------------------------------


def divided(shop: Workshop) -> Person:
    """Compartment ``patients`` that carol reads and only admins write; committed with its keyring."""
    text = (shop.root / ACCESS).read_text()
    room = 'compartments: [{name: patients, match: ["data/patients/**"]}]'
    changed = text.replace("readers: [], writers: []", f"readers: [], writers: [], {room}")
    (shop.root / ACCESS).write_text(changed)
    assert shop.tdsec("vault", "rewrap").code == 0
    return let_in(shop, "carol", "--compartment", "patients")


def test_a_reader_of_one_compartment(pushed: Workshop) -> None:
    carol = divided(pushed)
    member = policies_from(WorkTree(pushed.root)).access.file.members[1]
    assert (member.name, member.roles) == ("carol", ())
    with being(carol):
        vault = opened(pushed)
        assert vault.keyrings_of("store/patients")[0].data is not None
        with pytest.raises(KeyUnavailable):
            _ = vault.keyrings
    found = pushed.tdsec("vault", "readers").out
    assert "store/patients\n  by policy: alice, carol" in found
    gone = pushed.tdsec("vault", "remove-reader", "carol", "--lazy")
    assert gone.code == 0, gone.err
    assert "new epoch: store/patients 2" in gone.out
    assert opened(pushed).keyrings[0].epoch == 1, "she could not read the rest, so it keeps its key"
    with being(carol), pytest.raises(TdsecError):
        _ = opened(pushed).keyrings_of("store/patients")


def test_somebody_who_may_only_write(pushed: Workshop) -> None:
    text = (pushed.root / ACCESS).read_text().replace("roles:\n", "roles:\n  ingest: {write_all: true}\n", 1)
    (pushed.root / ACCESS).write_text(text)
    ingest = let_in(pushed, "ingest", "--role", "ingest")
    assert "ingest (writes only)" in pushed.tdsec("vault", "readers").out
    with being(ingest):
        pushed.track("data/arrived.csv", b"id\n8\n")
        assert pushed.tdsec("check", "data/arrived.csv").code == 0
        assert pushed.commit("arrived").code == 0
        refused = pushed.tdsec("vault", "rewrap")
        assert refused.code in (1, 13)
    sent = pushed.dvc("push", "data/arrived.csv", env=ingest.env)
    assert sent.code == 0, sent.err
    pulled = pushed.dvc("pull", folder=pushed.clone("of-ingest"), env=ingest.env)
    assert pulled.code != 0 and "may not read vault 'store'" in pulled.err
    clone = pulls(pushed, "of-alice")
    assert (clone / "data/arrived.csv").read_bytes() == b"id\n8\n"


def test_recovery_key_from_init(tmp_path: Path, pushed: Workshop) -> None:
    offline = person(pushed, "offline")
    fresh = Workshop(pushed.base, pushed.base / "fresh")
    fresh.root.mkdir()
    assert fresh.git("init", "-q", "-b", "main").code == 0 and fresh.dvc("init", "-q").code == 0
    key = str(offline.identity.age.recipient)
    made = fresh.tdsec("init", "--vault", str(pushed.base / "other"), "--recovery", key, "--yes")
    assert made.code == 0, made.err
    assert policies_from(WorkTree(fresh.root)).access.settings("store").recovery == key
    assert "no recovery key" not in fresh.tdsec("vault", "status").out
    with being(offline):
        assert opened(fresh).keyrings
    bad = Workshop(pushed.base, pushed.base / "bad")
    bad.root.mkdir()
    assert bad.git("init", "-q").code == 0 and bad.dvc("init", "-q").code == 0
    refused = bad.tdsec("init", "--vault", str(pushed.base / "third"), "--recovery", "age1nonsense", "--yes")
    assert refused.code != 0 and "recovery" in refused.err
    assert not (bad.root / ACCESS).exists()


def test_post_quantum_takes_a_rotation(pushed: Workshop) -> None:
    text = (pushed.root / ACCESS).read_text().replace("writers: []", "writers: [], post_quantum: true")
    (pushed.root / ACCESS).write_text(text)
    refused = pushed.tdsec("vault", "rotate")
    assert refused.code == 12 and "none for alice" in refused.err


def test_members_file_in_other_layouts(pushed: Workshop) -> None:
    """Blocks, flow, comments beside: the member goes, the rest of the text stays."""
    bob = let_in(pushed, "bob")
    before = (pushed.root / ACCESS).read_text()
    entry = before[before.index("  - name: bob") :]
    flow = (
        f"  - {{name: bob, age: {bob.identity.age.recipient}, signing: '{bob.identity.verify_key}', "
        "roles: [reader]}   # since May\n"
    )
    text = before.replace(entry, flow).replace("readers: [], writers: []", "readers: [bob], writers: [bob]")
    text = text.replace("members:\n", "members:\n# people\n") + "# the end\n"
    (pushed.root / ACCESS).write_text(text)
    assert pushed.tdsec("vault", "rewrap").code == 0
    gone = pushed.tdsec("vault", "remove-reader", "bob", "--lazy")
    assert gone.code == 0, gone.err
    left = (pushed.root / ACCESS).read_text()
    assert left == text.replace(flow, "").replace("[bob]", "[]")
    assert load_identity().name == "alice"


def test_a_reader_with_an_ssh_key(pushed: Workshop) -> None:
    """What stands in ~/.ssh/id_ed25519.pub, comment and all."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    line = (
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        .decode()
    )
    signing = str(Identity.generate("x").verify_key)
    added = pushed.tdsec("vault", "add-reader", "sue", "--age", f"{line} sue@home", "--signing", signing)
    assert added.code == 0, added.err
    assert opened(pushed).statements_of("store")[0].readers["sue"] == line
    assert b"\n-> ssh-ed25519 " in (pushed.root / ".tdsec/vaults/store/keyring-1.age").read_bytes()
    refused = pushed.tdsec("vault", "add-reader", "sam", "--age", "age1bad", "--signing", signing)
    assert refused.code == 12 and "sam" not in (pushed.root / ACCESS).read_text()


def test_objects_that_come_in_meanwhile(pushed: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody without the new keyring pushes under the old epoch while objects are sealed anew."""
    from tdsec_gov.vault.upkeep import reencrypt

    first = pushed.objects()[0]
    late = first.read_bytes()
    old: list[int] = []
    plain_send = reencrypt.Reencryption._seal_anew

    def seal(self: reencrypt.Reencryption, one: reencrypt.Sealed) -> None:
        plain_send(self, one)
        if one.path == str(first) and not old:
            old.append(first.write_bytes(late))

    monkeypatch.setattr(reencrypt.Reencryption, "_seal_anew", seal)
    before = sum(sealed_epochs(pushed).values())
    turned = pushed.tdsec("vault", "rotate", "--eager")
    assert turned.code == 0 and f"{before + 1} objects sealed anew" in turned.out
    assert sealed_epochs(pushed) == {2: before}
