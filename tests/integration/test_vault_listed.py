"""A keyring that nobody who may sign one has signed answers no `dvc status -c`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from workshops import ROWS, Workshop

from tdsec_gov.errors import TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.policy.load import access_in
from tdsec_gov.vault.keyrings.circle import Circle
from tdsec_gov.vault.keyrings.keyring import Keyring, keyring_name
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.keyrings.sealing import seal_keyrings
from tdsec_gov.vault.plugin.wiring import open_storage

MEMORY = ".git/tdsec-listed"


def foreign(shop: Workshop) -> Keyring:
    ring = Keyring.generate("store")
    return Keyring("store", 9, ring.recipient, ring.data, ring.name_key)


def plant(shop: Workshop, ring: Keyring, *, signed: bool) -> None:
    """A keyring of epoch 9 to its reader alice, with or without a statement by somebody who may not."""
    if signed:
        access = access_in((shop.root / "policies/access.yaml").read_bytes())
        files = seal_keyrings([ring], Circle.of(access, "store"), Identity.generate("mallory"))
    else:
        sealed = age_file.encrypt_bytes(ring.to_bytes(), [load_identity().age.recipient])
        files = {keyring_name("store", 9): sealed}
    for name, data in files.items():
        if data is not None:
            (shop.root / name).write_bytes(data)


def pretend(shop: Workshop, ring: Keyring) -> None:
    """Something on the storage where that keyring looks for a file that was never pushed."""
    name = Names(ring.name_key).of_oid(hashlib.md5(b"never pushed\n").hexdigest())
    place = shop.storage / "tdsec-v1/objects" / name[:2] / name[2:]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"anything")


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("warm", [False, True])
def test_a_planted_keyring_answers_nothing(pushed: Workshop, signed: bool, warm: bool) -> None:
    if warm:
        assert "in sync" in pushed.dvc("status", "-c").out
    elif (pushed.root / MEMORY).exists():
        (pushed.root / MEMORY).unlink()
    pushed.track("data/new.csv", b"never pushed\n")
    ring = foreign(pushed)
    pretend(pushed, ring)
    plant(pushed, ring, signed=signed)
    asked = pushed.dvc("status", "-c", "data/new.csv")
    assert asked.code != 0 and "in sync" not in asked.out, asked.out
    assert "keyring-9" in asked.err or "signed by" in asked.err, asked.err


def test_verified_once_and_again_when_anything_changes(pushed: Workshop) -> None:
    (pushed.root / MEMORY).unlink(missing_ok=True)
    assert "in sync" in pushed.dvc("status", "-c").out
    memory = (pushed.root / MEMORY).read_bytes()
    assert (pushed.root / MEMORY).stat().st_mode & 0o777 == 0o600
    assert "in sync" in pushed.dvc("status", "-c").out
    access = pushed.root / "policies/access.yaml"
    text = access.read_text()
    access.write_text(text + "# a word\n")
    assert "in sync" in pushed.dvc("status", "-c").out
    assert (pushed.root / MEMORY).read_bytes() != memory
    access.write_text(text.replace("roles: [admin]", "roles: []"))
    asked = pushed.dvc("status", "-c")
    assert asked.code != 0 and "in sync" not in asked.out


@pytest.mark.parametrize("broken", [b"", b"{", b'{"format":1,"labels":7}', b"\xff" * 9])
def test_a_broken_memory_is_none(pushed: Workshop, broken: bytes) -> None:
    (pushed.root / MEMORY).write_bytes(broken)
    held = open_storage(pushed.root, "store").exists([hashlib.md5(ROWS).hexdigest()])
    assert held == [True]
    assert (pushed.root / MEMORY).read_bytes() != broken


def test_what_is_remembered_loads_no_policies(pushed: Workshop, tmp_path: Path) -> None:
    storage = open_storage(pushed.root, "store")
    key = storage.main.names
    assert key.of_oid("0" * 32)
    again = open_storage(pushed.root, "store")
    (pushed.root / "policies/policy.yaml").unlink()
    assert again.exists([hashlib.md5(ROWS).hexdigest()]) == [True]
    (pushed.root / MEMORY).unlink()
    with pytest.raises(TdsecError):
        open_storage(pushed.root, "store").exists([hashlib.md5(ROWS).hexdigest()])
    assert WorkTree(pushed.root).read("policies/policy.yaml") is None
