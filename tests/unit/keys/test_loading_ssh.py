"""An SSH key as an identity: the same key reads and signs; names, passphrases, kinds."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tdsec_gov.errors import DependencyMissing, KeyUnavailable, UsageError
from tdsec_gov.keys import unlocked
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity, save_identity
from tdsec_gov.keys.recipients import parse_recipient

Private = Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(65537, 2048)
WORD = "open sesame"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("TDSEC_IDENTITY", "TDSEC_PASSPHRASE", "TDSEC_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "cfg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cfg").mkdir()
    (tmp_path / ".ssh").mkdir()
    unlocked.forget()
    yield tmp_path
    unlocked.forget()


def pem(key: Private, word: str = "", form: PrivateFormat = PrivateFormat.OpenSSH) -> bytes:
    lock: KeySerializationEncryption = BestAvailableEncryption(word.encode()) if word else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, lock)


def public(key: Private) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def write(path: Path, data: bytes | str, mode: int = 0o600) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    path.chmod(mode)
    return path


def ssh_key(home: Path, key: Private = KEY, comment: str = "alice@laptop", word: str = "") -> Path:
    path = write(home / ".ssh" / "id_key", pem(key, word))
    write(home / ".ssh" / "id_key.pub", f"{public(key)} {comment}\n", 0o644)
    return path


def test_the_same_key_reads_and_signs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home)))
    me = load_identity()
    assert me.name == "alice@laptop"
    assert str(me.age.recipient) == public(KEY)
    assert me.verify_key.raw == KEY.public_key().public_bytes_raw()
    KEY.public_key().verify(me.sign(b"data"), b"data")
    sealed = age_file.encrypt_bytes(b"keyring", [parse_recipient(public(KEY))])
    assert age_file.decrypt_bytes(sealed, me.age_identities) == b"keyring"


@pytest.mark.parametrize("how", ["path", "home", "scheme", "text", "config", "pointer", "pointer-config"])
def test_every_way_to_name_it(home: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    path = ssh_key(home)
    pointer = "source: ssh:~/.ssh/id_key\n"
    environment = {
        "path": str(path),
        "home": "~/.ssh/id_key",
        "scheme": "ssh:~/.ssh/id_key",
        "text": path.read_text(),
        "pointer": str(write(home / "pointer", pointer)),
    }
    if how in environment:
        monkeypatch.setenv("TDSEC_IDENTITY", environment[how])
    else:
        write(home / "cfg" / "identity", path.read_bytes() if how == "config" else pointer)
    if how in ("text", "config"):  # no public key lies beside it
        monkeypatch.setenv("TDSEC_NAME", "alice@laptop")
    assert (load_identity().name, load_identity().signing.seed) == ("alice@laptop", bytes(range(32)))


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("alice", "alice"),
        ("alice@example.org", "alice@example.org"),
        ("alice@my laptop", "alice"),
        ("alice@hôtel", "alice"),
        ("", None),
        ("my key", None),
        ("@laptop", None),
        ("é@laptop", None),
        ("x" * 65, None),
    ],
)
def test_whose_it_is(home: Path, monkeypatch: pytest.MonkeyPatch, comment: str, name: str | None) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home, comment=comment)))
    if name is None:
        with pytest.raises(KeyUnavailable, match="TDSEC_NAME"):
            load_identity()
    else:
        assert load_identity().name == name
    monkeypatch.setenv("TDSEC_NAME", "bob")
    assert load_identity().name == "bob"
    monkeypatch.setenv("TDSEC_NAME", "not a name")
    with pytest.raises(KeyUnavailable, match="TDSEC_NAME"):
        load_identity()


def test_a_public_key_of_another_is_not_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ssh_key(home)
    write(home / ".ssh" / "id_key.pub", f"{public(Ed25519PrivateKey.generate())} eve\n")
    monkeypatch.setenv("TDSEC_IDENTITY", str(path))
    with pytest.raises(KeyUnavailable, match="does not say whose"):
        load_identity()


@pytest.mark.parametrize("form", [PrivateFormat.OpenSSH, PrivateFormat.PKCS8])
def test_passphrase(home: Path, monkeypatch: pytest.MonkeyPatch, form: PrivateFormat) -> None:
    path = ssh_key(home)
    write(path, pem(KEY, WORD, form))
    monkeypatch.setenv("TDSEC_IDENTITY", str(path))
    with pytest.raises(KeyUnavailable, match="needs its passphrase"):
        load_identity()
    with pytest.raises(KeyUnavailable) as caught:
        load_identity(lambda: "wrong password")
    assert "wrong password" not in caught.value.line()
    times: list[int] = []
    assert load_identity(lambda: times.append(1) or WORD).name == "alice@laptop"  # type: ignore[func-returns-value]
    assert load_identity() == load_identity(lambda: times.append(2) or WORD) and times == [1]  # type: ignore[func-returns-value]
    unlocked.forget()
    monkeypatch.setenv("TDSEC_PASSPHRASE", WORD)
    assert load_identity().signing.seed == bytes(range(32))


def test_without_bcrypt(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home, word=WORD)))
    real = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name == "bcrypt":
            raise ModuleNotFoundError(name=name)
        return real(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.delitem(__import__("sys").modules, "bcrypt", raising=False)
    monkeypatch.setattr("importlib.import_module", lambda name: without(name))
    with pytest.raises(DependencyMissing, match=r"tdsec-gov\[ssh\]") as caught:
        load_identity(lambda: WORD)
    assert caught.value.exit_code == 14


def test_rsa_reads_but_does_not_sign(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home, RSA)))
    with pytest.raises(KeyUnavailable, match="can read but not sign"):
        load_identity()


def test_rsa_beside_a_signing_key(home: Path) -> None:
    """The file of ``tdsec key new`` with its last line replaced."""
    ssh_key(home, RSA)
    me = Identity.generate("bob")
    lines = me.to_text().splitlines()
    write(home / "cfg" / "identity", "\n".join([*lines[:-1], "source: ssh:~/.ssh/id_key", ""]))
    mixed = load_identity()
    assert (mixed.name, mixed.signing) == ("bob", me.signing)
    sealed = age_file.encrypt_bytes(b"keyring", [parse_recipient(public(RSA))])
    assert age_file.decrypt_bytes(sealed, mixed.age_identities) == b"keyring"


@pytest.mark.parametrize("seed", ["", "AAAA", "!", "A" * 44])
def test_a_broken_signing_key_beside_it(home: Path, seed: str) -> None:
    ssh_key(home, RSA)
    write(
        home / "cfg" / "identity",
        f"# name: bob\n# signing-key: ed25519-secret:{seed}\nsource: ssh:~/.ssh/id_key\n",
    )
    with pytest.raises(KeyUnavailable):
        load_identity()


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)],
    ids=["ec", "weak"],
)
def test_other_kinds(home: Path, monkeypatch: pytest.MonkeyPatch, key: Private) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home, key)))
    with pytest.raises(KeyUnavailable, match="not a kind of SSH key"):
        load_identity()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_readable_by_others(home: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    path = ssh_key(home)
    path.chmod(mode)
    for text in (str(path), f"ssh:{path}"):
        monkeypatch.setenv("TDSEC_IDENTITY", text)
        with pytest.raises(KeyUnavailable, match="readable by others"):
            load_identity()


def test_the_public_key_is_no_identity(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ssh_key(home).with_name("id_key.pub")
    path.chmod(0o600)
    monkeypatch.setenv("TDSEC_IDENTITY", str(path))
    with pytest.raises(KeyUnavailable):
        load_identity()


def test_it_is_not_written_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TDSEC_IDENTITY", str(ssh_key(home)))
    with pytest.raises(UsageError, match="stays where it is"):
        save_identity(load_identity(), home / "copy")
    assert not (home / "copy").exists()
