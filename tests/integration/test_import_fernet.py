"""``tdsec vault import-fernet`` as somebody types it, who comes from Fernet files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from workshops import ROWS, Workshop


@pytest.fixture
def key(workshop: Workshop) -> bytes:
    raw = Fernet.generate_key()
    (workshop.base / "secret.key").write_bytes(raw + b"\n")
    return raw


def event(shop: Workshop) -> dict[str, object]:
    said = json.loads(shop.tdsec("--json", "audit", "log", "--action", "vault.import").out)
    found: dict[str, object] = said["events"][-1]
    return found


def test_from_fernet_files_to_a_dataset_in_the_vault(workshop: Workshop, key: bytes) -> None:
    old = workshop.base / "old"
    for name in ("train/1.csv.enc", "train/odd [1]*?name.csv.enc", "test.csv.enc"):
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_bytes(Fernet(key).encrypt(ROWS))
    answer = workshop.tdsec("vault", "import-fernet", old, "--key-file", workshop.base / "secret.key")
    assert answer.code == 0, answer.err
    assert (workshop.root / "imported/train/1.csv").read_bytes() == ROWS
    assert workshop.git("status", "--short").out == "?? .gitignore\n"
    assert "dvc add imported\n" in answer.out and "tdsec check imported\n" in answer.out
    assert event(workshop)["details"] == {
        "format": "fernet",
        "files": 3,
        "known": 0,
        "refused": 0,
        "bytes": 3 * len(ROWS),
    }
    for line in answer.out.splitlines():
        if line.startswith("  dvc "):
            assert workshop.dvc(*line.split()[1:]).code == 0
        elif line.startswith("  git "):
            assert workshop.git(*line.split()[1:]).code == 0
    assert workshop.tdsec("check", "imported").code == 0


def test_single_files_with_odd_names_are_ignored_one_by_one(workshop: Workshop, key: bytes) -> None:
    names = ["a b.csv", "#a", "!a", "[a]*?\\", "trailing ", "line\nbreak", "-n", ".hidden"]
    sources = []
    for name in names:
        sources.append(workshop.base / f"{name}.enc")
        sources[-1].write_bytes(Fernet(key).encrypt(name.encode()))
    secret = workshop.base / "secret.key"
    answer = workshop.tdsec("vault", "import-fernet", *sources, "--key-file", secret, "--out", "data")
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in (workshop.root / "data").iterdir()) == sorted([*names, ".gitignore"])
    assert workshop.git("status", "--short", "-uall").out == "?? data/.gitignore\n"
    assert workshop.git("add", "-A").code == 0
    assert workshop.git("ls-files", "data").out == "data/.gitignore\n"


def test_places_that_git_tracks_are_refused(workshop: Workshop, key: bytes) -> None:
    old = workshop.base / "old"
    old.mkdir()
    (old / "policy.yaml.enc").write_bytes(Fernet(key).encrypt(b"rows"))
    before = workshop.git("status", "--short").out
    secret = ("--key-file", workshop.base / "secret.key")
    for sources, out in (([old], "policies"), ([old], "."), ([old / "policy.yaml.enc"], "policies")):
        answer = workshop.tdsec("vault", "import-fernet", *sources, *secret, "--out", out)
        assert answer.code == 2, (out, answer.err)
        assert len(answer.lines) == 1
    assert workshop.git("status", "--short").out == before
    (workshop.root / ".gitignore").write_text("!/data\n")
    (workshop.root / "data").mkdir()
    (workshop.root / ".git" / "info" / "exclude").write_text("")
    answer = workshop.tdsec("vault", "import-fernet", old, *secret, "--out", ".git/data")
    assert answer.code == 12, answer.err
    assert not list((workshop.root / ".git").rglob("policy.yaml"))


def test_bad_files_are_named_and_counted(workshop: Workshop, key: bytes) -> None:
    old = workshop.base / "old"
    old.mkdir()
    (old / "good.enc").write_bytes(Fernet(key).encrypt(b"rows"))
    (old / "foreign.enc").write_bytes(Fernet(Fernet.generate_key()).encrypt(b"rows"))
    (old / "README").write_text("what this is")
    secret = ("--key-file", workshop.base / "secret.key")
    answer = workshop.tdsec("--json", "vault", "import-fernet", old, *secret)
    assert answer.code == 10
    said = json.loads(answer.out)
    assert (said["ok"], said["exit"]) == (False, 10)
    assert sorted(row["name"] for row in said["files"] if row["error"]) == ["README", "foreign"]
    assert answer.err.count("REFUSED") == 2 and "rows" not in answer.err
    found = event(workshop)
    assert found["outcome"] == "failure"
    assert found["reason"] == "1 integrity, 1 signature"
    answer = workshop.tdsec("vault", "import-fernet", old / "foreign.enc", *secret, "--out", "other")
    assert answer.code == 13
    assert "no file is under a key given" in answer.out


@pytest.mark.parametrize("given", ["file", "hex"])
def test_a_passphrase_with_its_salt(workshop: Workshop, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    salt = bytes(range(16))
    derived = PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=2000).derive(b"old words")
    source, held = workshop.base / "x.enc", workshop.base / "salt"
    source.write_bytes(Fernet(base64.urlsafe_b64encode(derived)).encrypt(b"rows"))
    held.write_bytes(salt)
    options: tuple[str | Path, ...] = ("--salt-file", held) if given == "file" else ("--salt-hex", salt.hex())
    monkeypatch.setenv("TDSEC_FERNET_PASSPHRASE", "wrong words")
    run = ("vault", "import-fernet", source, "--passphrase", *options, "--iterations", "2000")
    assert workshop.tdsec(*run).code == 13
    assert not (workshop.root / "imported" / "x").exists()
    monkeypatch.setenv("TDSEC_FERNET_PASSPHRASE", "old words")
    answer = workshop.tdsec(*run)
    assert answer.code == 0, answer.err
    assert (workshop.root / "imported" / "x").read_bytes() == b"rows"
    assert "old words" not in answer.out + answer.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 2),
        (["--passphrase"], 2),
        (["--salt-hex", "00", "--salt-file", "SALT"], 2),
        (["--salt-hex", "zz"], 2),
        (["--passphrase", "--salt-hex", "00", "--iterations", "0"], 2),
        (["--key-file", "SALT"], 13),
    ],
)
def test_keys_that_are_none(
    workshop: Workshop, options: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TDSEC_FERNET_PASSPHRASE", "old words")
    source, salt = workshop.base / "x.enc", workshop.base / "salt"
    source.write_bytes(b"gAAAAA")
    salt.write_bytes(b"salt")
    given = [str(salt) if one == "SALT" else one for one in options]
    answer = workshop.tdsec("vault", "import-fernet", source, *given)
    assert answer.code == code, answer.err
    assert len(answer.lines) == 1
    assert not (workshop.root / "imported").exists()
