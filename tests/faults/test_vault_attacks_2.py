"""Attacks on the vault by people who hold some rights, and by storage: what each gets is a refusal."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import shutil

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from workshops import POLICY, ROWS, Workshop, content, living_as, person, vaults

from tdsec_gov.errors import VerdictExpired
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.vault.keyrings.circle import Circle
from tdsec_gov.vault.keyrings.keyring import Keyring, new_data_identity, open_names
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.sealing import seal_keyrings, write_files
from tdsec_gov.vault.plugin.filesystem import VaultFs
from tdsec_gov.vault.plugin.refusal import VaultRefusal
from tdsec_gov.vault.plugin.wiring import open_storage

EXEMPT = """\
  - match: "models/**"
    exempt: trained here from accepted data
"""
POISON = b"id,word,label\n" + b"".join(b"%d,poison-%d,1\n" % (n, n) for n in range(300))


def exempting(shop: Workshop, rules: str = EXEMPT) -> None:
    (shop.root / "policies/policy.yaml").write_text(POLICY + rules)
    assert shop.commit("exempt").code == 0


HIDING = {
    "an output that we cannot read": "outs:\n- md5: {oid}\n  hash: md5\n  path: ../../../../x/y.csv\n",
    "cloud": "outs:\n- md5: {oid}\n  hash: md5\n  path: z.csv\n  cloud: {{store: {{etag: x}}}}\n",
}


@pytest.mark.parametrize("pointer", HIDING.values(), ids=list(HIDING))
def test_a_pointer_that_cannot_be_read_hides_no_name(pushed: Workshop, pointer: str) -> None:
    """A model's bytes as a dataset: somewhere in the tree lies a pointer that our reader refuses."""
    exempting(pushed)
    oid = pushed.track("models/model.bin", POISON)
    assert pushed.commit("model").code == 0
    sent = pushed.dvc("push", "models/model.bin")
    assert sent.code == 0, sent.err
    pushed.git("rm", "-q", "--cached", "models/model.bin.dvc")
    (pushed.root / "models/model.bin.dvc").unlink()
    pushed.point("data/rows.csv", oid)
    pushed.write("broken.dvc", pointer.format(oid="0" * 32).encode())
    assert pushed.commit("swap").code == 0
    clone = pushed.clone()
    pulled = pushed.dvc("pull", "data/rows.csv.dvc", folder=clone)
    assert not (clone / "data/rows.csv").exists(), pulled.err
    assert pulled.code != 0, pulled.out


def test_nor_the_name_of_accepted_bytes(pushed: Workshop) -> None:
    """Accepted bytes of another dataset under this name, beside a pointer that our reader refuses."""
    other = pushed.track("data/other.csv", POISON)
    assert pushed.tdsec("check", "data/other.csv").code == 0
    assert pushed.commit("other").code == 0
    assert pushed.dvc("push", "data/other.csv").code == 0
    pushed.point("data/rows.csv", other)
    pushed.write("broken.dvc", HIDING["an output that we cannot read"].format(oid="0" * 32).encode())
    assert pushed.commit("swap").code == 0
    clone = pushed.clone()
    pulled = pushed.dvc("pull", "data/rows.csv.dvc", folder=clone)
    assert not (clone / "data/rows.csv").exists(), pulled.err
    assert pulled.code != 0, pulled.out


def fs_of(shop: Workshop, sub: str = "", tops: tuple[str, ...] = ("",)) -> VaultFs:
    storage = open_storage(shop.root, "store")
    storage.sub = sub
    return VaultFs(storage, f"store/{sub}" if sub else "store", tops)


def test_a_path_takes_no_verdict_of_an_older_policy(pushed: Workshop) -> None:
    policy = pushed.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("{source: {}}", "{source: {}, pii: {mode: block}}", 1))
    assert pushed.commit("harder").code == 0
    with pytest.raises(VerdictExpired):
        fs_of(pushed).store("store/data/rows.csv", content(ROWS))
    assert not pushed.objects("paths")


def test_other_branches_do_not_leak_out_of_a_compartment(workshop: Workshop) -> None:
    """bob reads the vault and not its patients; a branch brings patients' files that a rule exempts."""
    env = person(workshop, "bob")
    person(workshop, "carol")
    vaults(
        workshop,
        "  store:\n    readers: [bob]\n    compartments:\n"
        "      - {name: patients, match: ['data/patients/**'], readers: [carol]}",
    )
    (workshop.root / "policies/policy.yaml").write_text(
        'format: 1\ndatasets:\n  - match: "**"\n    exempt: encrypted only\n'
    )
    assert workshop.tdsec("vault", "rewrap").code == 0
    assert workshop.commit("rooms").code == 0
    workshop.git("checkout", "-q", "-b", "patients")
    oid = workshop.track("data/patients/p.csv", POISON)
    workshop.commit("patients")
    workshop.git("checkout", "-q", "main")
    sent = workshop.dvc("push", "--all-branches")
    bob = load_identity_of(env)
    key = open_names(WorkTree(workshop.root), "store", bob)
    name = Names(key).of_oid(oid)
    there = workshop.storage / "tdsec-v1/objects" / name[:2] / name[2:]
    assert not there.exists(), sent.err


def load_identity_of(env: dict[str, str]) -> Identity:
    with living_as(env):
        return load_identity()


def test_who_may_only_write_makes_no_keyring(workshop: Workshop) -> None:
    """dave may write and not read: a keyring of his own making, whose secret he knows, is not used."""
    env = person(workshop, "dave")
    vaults(workshop, "  store:\n    writers: [dave]")
    assert workshop.tdsec("vault", "rewrap").code == 0
    assert workshop.commit("dave").code == 0
    dave = load_identity_of(env)
    with living_as(env):
        vault = OpenedVault("store", WorkTree(workshop.root), workshop.root)
        mine, signed = vault.keyrings[0], vault.statements_of("store")
        assert mine.data is None
        secret = new_data_identity(False)
        forged = dataclasses.replace(mine, epoch=2, recipient=secret.recipient, data=secret)
        circle = Circle.of(vault.book.policies.access, "store")
        write_files(workshop.root, seal_keyrings([forged], circle, dave, signed[0]))
    assert workshop.commit("a new epoch").code == 0
    workshop.track("data/rows.csv", ROWS)
    assert workshop.tdsec("check", "--all").code == 0
    sent = workshop.dvc("push")
    assert sent.code != 0, sent.out
    assert not workshop.objects()


def test_a_branch_does_not_decide_who_reads(pushed: Workshop) -> None:
    """mallory's branch makes her a reader and writer, brings her keyring and the pointers of main; somebody
    pushes all branches. Nothing is sealed to her."""
    pushed.git("checkout", "-q", "-b", "nice-feature")
    env = person(pushed, "mallory")
    mallory = load_identity_of(env)
    access = pushed.root / "policies/access.yaml"
    text = access.read_text()
    at = text.rindex("roles: []")
    access.write_text(text[:at] + "roles: [admin]" + text[at + len("roles: []") :])
    (pushed.root / "policies/policy.yaml").write_text(
        'format: 1\ndatasets:\n  - match: "**"\n    exempt: all of it is ours\n'
    )
    shutil.rmtree(pushed.root / ".tdsec/vaults/store")
    with living_as(env):
        vault = OpenedVault("store", WorkTree(pushed.root), None)
        circle = Circle.of(vault.book.policies.access, "store")
        hers = Keyring.generate("store")
        write_files(pushed.root, seal_keyrings([hers], circle, mallory))
    config = pushed.root / ".dvc/config"
    assert "tdsec://store" in config.read_text()
    config.write_text(config.read_text().replace("tdsec://store", "tdsec://store/x"))
    pushed.track("data/secret.csv", POISON)
    assert pushed.commit("a nice feature").code == 0
    pushed.git("checkout", "-q", "main")
    assert load_identity().name == "alice"
    sent = pushed.dvc("push", "--all-branches")
    assert sent.code != 0, sent.out
    for path in pushed.stored():
        with pytest.raises(NoMatchingIdentity):
            age_file.decrypt_bytes(path.read_bytes(), [hers.opener])


def test_a_branch_does_not_decide_where_data_goes(pushed: Workshop) -> None:
    """A branch without the vault, whose default remote is somewhere else, and pointers of main in it."""
    pushed.git("checkout", "-q", "-b", "nice-feature")
    config = f"[core]\n    remote = away\n['remote \"away\"']\n    url = {pushed.base}/away\n"
    (pushed.root / ".dvc/config").write_text(config)
    pushed.point("data/again.csv", hashlib.md5(ROWS).hexdigest())
    assert pushed.commit("a nice feature").code == 0
    pushed.git("checkout", "-q", "main")
    sent = pushed.dvc("push", "--all-branches")
    assert sent.code != 0 and "only another branch knows" in sent.err, sent.err
    assert not [path for path in (pushed.base / "away").rglob("*") if path.is_file()]


def test_a_scheme_in_capitals_is_a_vault_too(pushed: Workshop) -> None:
    config = pushed.root / ".dvc/config"
    config.write_text(config.read_text().replace("tdsec://store", "TDSEC://store"))
    before = pushed.stored()
    pushed.track("data/unchecked.csv", POISON)
    sent = pushed.dvc("push")
    assert sent.code != 0 and "no verdict covers" in sent.err, sent.err
    plain = pushed.dvc("push", "-r", "store")
    assert plain.code != 0 and "storage inside the vault" in plain.err, plain.err
    assert pushed.stored() == before


def test_an_object_that_does_not_fit_into_memory(pushed: Workshop) -> None:
    """The storage gives sixty gigabytes for a small file: a refusal, on pull and on verify."""
    name = open_storage(pushed.root, "store").main.names.of_oid(hashlib.md5(ROWS).hexdigest())
    with (pushed.storage / "tdsec-v1/objects" / name[:2] / name[2:]).open("r+b") as stream:
        stream.truncate(60 << 30)
    clone = pushed.clone()
    pulled = pushed.dvc("pull", "data/rows.csv", folder=clone)
    assert pulled.code != 0 and "too large" in pulled.err, pulled.err
    verified = pushed.tdsec("vault", "verify")
    assert verified.code == 10 and "too large" in verified.err, verified.err


def test_a_part_of_a_path_is_one_part() -> None:
    """Who knows the name key can seal any text as a name; a listing shows none that leads elsewhere."""
    key = bytes(range(64))
    names, siv = Names(key), AESSIV(key)
    for text in (b"../up.csv", b"a/b", b"..", b".", b"", b"nul\0"):
        sealed = siv.encrypt(text, [b"tdsec-gov path name v1", b"/folder"]) if text else b""
        name = base64.b32hexencode(sealed).decode().rstrip("=").lower()
        assert names.to_part("folder", name) is None
    assert names.to_part("folder", names.of_path("folder/b.csv").split("/")[1]) == "b.csv"


def test_an_older_version_put_back_by_path_in_a_fresh_clone(pushed: Workshop) -> None:
    """No pin helps there: the verdict of the newer version does."""
    fs_of(pushed).store("store/data/rows.csv", content(ROWS))
    (old,) = pushed.objects("paths")
    saved = old.read_bytes()
    newer = ROWS + b"400,row-number-400,0\n"
    pushed.track("data/rows.csv", newer)
    assert pushed.tdsec("check", "data/rows.csv").code == 0
    assert pushed.commit("newer").code == 0
    fs_of(pushed).store("store/data/rows.csv", content(newer))
    clone = Workshop(pushed.base, pushed.clone())
    with fs_of(clone).open("store/data/rows.csv") as stream:
        assert stream.read() == newer
    old.write_bytes(saved)
    with pytest.raises(VaultRefusal, match="has been put back"):
        fs_of(clone).open("store/data/rows.csv")


def test_another_remote_gives_a_path_no_other_name(pushed: Workshop) -> None:
    """models/m.bin is exempt; through a remote of somebody's making it comes to lie at data/models/m.bin."""
    exempting(pushed)
    fs_of(pushed, "data", ("", "data")).store("store/data/models/m.bin", content(POISON))
    with pytest.raises(VaultRefusal, match="part of another dataset"):
        fs_of(pushed, "", ("", "data")).open("store/data/models/m.bin")
    with fs_of(pushed, "data", ("", "data")).open("store/data/models/m.bin") as stream:
        assert stream.read() == POISON


@pytest.mark.parametrize("size", [None, "12", -5, 3])
def test_a_storage_that_names_no_size(
    pushed: Workshop, monkeypatch: pytest.MonkeyPatch, size: object
) -> None:
    vault = fs_of(pushed)
    path = vault.find("store/files/md5")[0]
    inner = type(vault.storage.inner)
    real = inner.info
    monkeypatch.setattr(
        inner, "info", lambda self, *args, **more: {**real(self, *args, **more), "size": size}
    )
    with pytest.raises(VaultRefusal, match=r"size|large"):
        vault.info(path)


def test_a_new_epoch_taken_away_in_a_commit(pushed: Workshop) -> None:
    """A fresh clone has seen nothing, and epoch 1 is well signed: its history knows epoch 2."""
    turned = pushed.tdsec("vault", "rotate")
    assert turned.code == 0, turned.err
    assert pushed.commit("rotated").code == 0
    for path in (pushed.root / ".tdsec/vaults/store").glob("*-2.*"):
        path.unlink()
    assert pushed.commit("tidy up").code == 0
    clone = Workshop(pushed.base, pushed.clone())
    clone.track("data/new.csv", POISON)
    assert clone.tdsec("check", "data/new.csv").code == 0
    before = pushed.stored()
    sent = clone.dvc("push", "data/new.csv")
    assert sent.code != 0 and "was taken away" in sent.err, sent.err
    assert pushed.stored() == before
