"""A team whose members have nothing but SSH keys: set up, push, add a reader, pull in a clone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workshops import POLICY, ROWS, SOURCES, Answer, Workshop, call, isolated, living_in

from tdsec_gov.keys import unlocked
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.loading import load_identity

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def make_key(home: Path, comment: str, kind: str = "ed25519") -> Path:
    folder = home / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    path = folder / "id_key"
    words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", comment, "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


def person(base: Path, name: str) -> dict[str, str]:
    """The environment of somebody whose config folder points at their SSH key."""
    make_key(base / name, f"{name}@laptop")
    env = isolated(base, name)
    config = Path(env["TDSEC_HOME"])
    config.mkdir(parents=True)
    (config / "identity").write_text("source: ssh:~/.ssh/id_key\n")
    (config / "identity").chmod(0o600)
    return env


def test_a_team_of_ssh_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked.forget()
    shop = Workshop(tmp_path, tmp_path / "repo")
    shop.root.mkdir()
    with living_in(tmp_path):
        bob, eve = person(tmp_path, "bob"), person(tmp_path, "eve")
        key = make_key(tmp_path / "home", "alice@laptop")
        monkeypatch.setenv("TDSEC_IDENTITY", "~/.ssh/id_key")
        assert shop.git("init", "-q", "-b", "main").code == 0
        assert shop.dvc("init", "-q").code == 0
        made = shop.tdsec("init", "--vault", shop.storage, "--yes")
        assert made.code == 0, made.err
        assert not (tmp_path / "home" / "tdsec" / "identity").exists()
        public = key.with_name("id_key.pub").read_text().split()
        access = (shop.root / "policies" / "access.yaml").read_text()
        assert f"name: alice@laptop\n    age: {public[0]} {public[1]}\n" in access
        (shop.root / "policies" / "policy.yaml").write_text(POLICY)
        (shop.root / "policies" / "sources.yaml").write_text(SOURCES)
        assert shop.commit("set up").code == 0
        shop.track("data/rows.csv", ROWS)
        checked = shop.tdsec("check", "--all")
        assert checked.code == 0, checked.out + checked.err
        assert shop.commit("data").code == 0
        sent = shop.dvc("push")
        assert sent.code == 0, sent.err

        shown = call([*tdsec(), "--json", "key", "show"], tmp_path, bob)
        assert shown.code == 0, shown.err
        keys = json.loads(shown.out)
        assert keys["name"] == "bob@laptop" and keys["age"].startswith("ssh-ed25519 AAAA")
        names = ("--age", keys["age"], "--signing", keys["signing"])
        added = shop.tdsec("vault", "add-reader", "bob@laptop", *names)
        assert added.code == 0, added.err
        assert shop.commit("bob reads").code == 0
        got = pull(shop, "bobs", bob)
        assert got.code == 0, got.err
        assert (tmp_path / "bobs" / "data" / "rows.csv").read_bytes() == ROWS

        refused = pull(shop, "eves", eve)
        assert refused.code != 0 and not (tmp_path / "eves" / "data" / "rows.csv").exists()
        assert "eve@laptop" in refused.err and len(refused.lines) == 1, refused.err
        keyring = (shop.root / ".tdsec" / "vaults" / "store" / "keyring-1.age").read_bytes()
        assert keyring.count(b"-> ssh-ed25519 ") == 2 and b"X25519" not in keyring
        assert age_file.decrypt_bytes(keyring, load_identity().age_identities)
        if shutil.which("age") is not None:
            words = ["age", "-d", "-i", tmp_path / "bob" / ".ssh" / "id_key"]
            plain = subprocess.run(words, input=keyring, capture_output=True, check=True).stdout
            assert b"AGE-SECRET-KEY-1" in plain


def pull(shop: Workshop, name: str, env: dict[str, str]) -> Answer:
    clone = shop.clone(name)
    return shop.dvc("pull", folder=clone, env=env)


def tdsec() -> list[str]:
    return [sys.executable, "-c", "from tdsec_gov.cli.main import script; script()"]


def test_rsa_says_that_it_cannot_sign(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_key(workshop.base / "rsa", "alice", "rsa")
    monkeypatch.setenv("TDSEC_IDENTITY", str(key))
    refused = workshop.tdsec("key", "show")
    assert refused.code == 13 and "can read but not sign" in refused.err and "ed25519" in refused.err
