"""SSH stanzas against two other implementations, both ways: the age command (Go) and pyrage (Rust)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys import ssh_identity, unlocked
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.recipients import parse_recipient
from tdsec_gov.keys.ssh_file import open_ssh

needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")
needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
KINDS = {"ed25519": ["ed25519"], "rsa": ["rsa", "-b", "2048"], "rsa-3072": ["rsa", "-b", "3072"]}
PLAIN = b"the keyring of a vault"


def keygen(folder: Path, kind: str, word: str = "") -> Path:
    path = folder / "id"
    words = ["ssh-keygen", "-q", "-t", *KINDS[kind], "-N", word, "-C", "alice@laptop", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


def identity(path: Path, word: str = "") -> ssh_identity.Identity:
    from tdsec_gov.keys.signing import SigningKey

    unlocked.forget()
    mine = open_ssh(path.read_bytes(), path, lambda: word, path=path, signing=SigningKey(bytes(32)))
    assert mine.name == "alice@laptop" and isinstance(
        mine.age, ssh_identity.Ed25519Identity | ssh_identity.RsaIdentity
    )
    return mine.age


@needs_age
@needs_keygen
@pytest.mark.parametrize("kind", KINDS)
def test_the_age_command(tmp_path: Path, kind: str) -> None:
    path = keygen(tmp_path, kind)
    mine = identity(path)
    recipient = parse_recipient(path.with_name("id.pub").read_text())
    assert str(recipient) == str(mine.recipient)
    ours = subprocess.run(
        ["age", "-d", "-i", path],
        input=age_file.encrypt_bytes(PLAIN, [recipient]),
        capture_output=True,
        check=True,
    )
    assert ours.stdout == PLAIN
    theirs = subprocess.run(
        ["age", "-R", path.with_name("id.pub")], input=PLAIN, capture_output=True, check=True
    )
    assert age_file.decrypt_bytes(theirs.stdout, [mine]) == PLAIN


@needs_keygen
@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_key_with_a_passphrase(tmp_path: Path, kind: str) -> None:
    """OpenSSH's default protection (bcrypt, AES-256-CTR)."""
    path = keygen(tmp_path, kind, "open sesame")
    mine = identity(path, "open sesame")
    recipient = parse_recipient(path.with_name("id.pub").read_text())
    assert age_file.decrypt_bytes(age_file.encrypt_bytes(PLAIN, [recipient]), [mine]) == PLAIN
    with pytest.raises(KeyUnavailable):
        identity(path, "open barley")


@needs_keygen
def test_rsa_in_pem(tmp_path: Path) -> None:
    """The form that ssh-keygen wrote until 2019."""
    path = tmp_path / "id"
    words = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-C", "alice@laptop"]
    subprocess.run([*words, "-f", str(path)], check=True, stdin=subprocess.DEVNULL)
    assert path.read_text().startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert str(identity(path).recipient) == " ".join(path.with_name("id.pub").read_text().split()[:2])


def test_many_keys_against_pyrage() -> None:
    pyrage = pytest.importorskip("pyrage")
    for turn in range(100):
        key = Ed25519PrivateKey.generate()
        line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        plain = turn.to_bytes(2, "big")
        ours = age_file.encrypt_bytes(plain, [parse_recipient(line)])
        assert pyrage.decrypt(ours, [pyrage.ssh.Identity.from_buffer(text)]) == plain
        theirs = pyrage.encrypt(plain, [pyrage.ssh.Recipient.from_str(line)])
        assert (
            age_file.decrypt_bytes(theirs, [ssh_identity.Ed25519Identity(key.private_bytes_raw())]) == plain
        )


def test_one_file_to_every_kind_against_pyrage(tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    native = pyrage.x25519.Identity.generate()
    key = Ed25519PrivateKey.generate()
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    both = [parse_recipient(str(native.to_public())), parse_recipient(line)]
    sealed = age_file.encrypt_bytes(PLAIN, both)
    assert pyrage.decrypt(sealed, [native]) == PLAIN
    assert pyrage.decrypt(sealed, [pyrage.ssh.Identity.from_buffer(text)]) == PLAIN
