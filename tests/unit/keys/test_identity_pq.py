"""Post-quantum keys of an identity: made, written, read back, added to a file that exists."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tdsec_gov.errors import BackendUnavailable, IntegrityError, KeyUnavailable, UsageError
from tdsec_gov.keys import upgrade
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity, save_identity
from tdsec_gov.keys.upgrade import BACKUP, upgrade_identity

ME = Identity.generate("alice", post_quantum=True)
PQ_MARK = "AGE-SECRET-KEY-PQ-1"


def no_passphrase() -> str:
    raise AssertionError("asked for a passphrase")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TDSEC_IDENTITY", "TDSEC_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path))
    return tmp_path / "identity"


def test_written_and_read_back() -> None:
    assert Identity.parse(ME.to_text()) == ME
    plain = Identity.generate("alice")
    assert Identity.parse(plain.to_text()) == plain and plain.age_pq is None and plain.signing_pq is None
    assert PQ_MARK not in plain.to_text() and "signing-key-pq" not in plain.to_text()


def test_what_opens_and_what_signs() -> None:
    assert ME.age_pq is not None and ME.signing_pq is not None
    for recipient in (ME.age.recipient, ME.age_pq.recipient):
        assert age_file.decrypt_bytes(age_file.encrypt_bytes(b"x", [recipient]), ME.age_identities) == b"x"
    ids = [one.verify_key.keyid for one in ME.signers]
    assert ids == [ME.keyid, ME.signing_pq.verify_key.keyid] == [k.keyid for k in ME.verify_keys.required]
    for one in ME.signers:
        one.verify_key.verify(one.sign(b"data"), b"data")
    plain = Identity.generate("bob")
    assert len(plain.signers) == len(plain.age_identities) == len(plain.verify_keys.required) == 1


def test_keyids_of_two_kinds_differ_for_the_same_bytes() -> None:
    """Not a collision search: the two digests are over different bytes whatever the key is."""
    assert ME.signing_pq is not None
    key = ME.signing_pq.verify_key
    assert (
        key.keyid
        == hashlib.sha256(b"ml-dsa-65:" + key.raw).hexdigest()
        != hashlib.sha256(key.raw).hexdigest()
    )


def test_secrets_do_not_show() -> None:
    assert ME.signing_pq is not None
    seed = base64.b64encode(ME.signing_pq.seed).decode()
    for text in (repr(ME), repr(ME.signing_pq), repr(ME.age_pq), repr(ME.verify_keys)):
        assert seed not in text and "SECRET" not in text
    with pytest.raises(KeyUnavailable) as caught:
        Identity.parse(ME.to_text().replace("ml-dsa-65-secret:", "ml-dsa-65-secret:AA"), "here")
    assert seed not in caught.value.line() and "SECRET" not in caught.value.line()


def pq_line(text: str) -> str:
    return next(line for line in text.splitlines() if PQ_MARK in line)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("ml-dsa-65-secret:", "ml-dsa-65-secret:AA"),
        lambda text: text.replace("# signing-key-pq:", "# was:"),
        lambda text: text.replace(pq_line(text) + "\n", ""),
        lambda text: text + pq_line(text) + "\n",
        lambda text: text + pq_line(text).removeprefix("# ") + "\n",
        lambda text: text.replace(PQ_MARK, PQ_MARK + "Q"),
        lambda text: text.replace("# name: alice", "# name: alice\n# name: bob"),
        lambda text: text.replace("\n# signing-key: ", "\n# signing-key: ed25519-secret:AA\n# signing-key: "),
    ],
)
def test_broken_text(change: Callable[[str], str]) -> None:
    with pytest.raises(KeyUnavailable):
        Identity.parse(change(ME.to_text()))


def test_the_line_may_be_uncommented_for_a_newer_age() -> None:
    text = ME.to_text()
    assert Identity.parse(text.replace(f"# {PQ_MARK}", PQ_MARK)) == ME


def test_the_file_serves_stock_age_of_any_version(path: Path) -> None:
    """age 1.1.1 refuses a whole identity file for one line that it does not know."""
    save_identity(ME, path)
    sealed = path.with_name("x.age")
    sealed.write_bytes(age_file.encrypt_bytes(b"hello", [ME.age.recipient]))
    opened = subprocess.run(["age", "-d", "-i", path, sealed], capture_output=True, check=True)
    assert opened.stdout == b"hello"


def test_upgrade(path: Path) -> None:
    old = Identity.generate("alice")
    save_identity(old, path)
    new = upgrade_identity(no_passphrase)
    assert load_identity() == new and path.stat().st_mode & 0o777 == 0o600
    assert (new.name, new.age, new.signing) == (old.name, old.age, old.signing)
    assert new.age_pq is not None and new.signing_pq is not None
    assert [one.name for one in path.parent.iterdir()] == ["identity"]
    with pytest.raises(UsageError, match="already"):
        upgrade_identity(no_passphrase)
    assert load_identity() == new


def test_upgrade_under_a_passphrase(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_identity(Identity.generate("alice"), path, "open sesame")
    before = path.read_bytes()
    assert load_identity(lambda: "open sesame").name == "alice", "and this process remembers it"
    with pytest.raises(KeyUnavailable, match="passphrase is wrong"):
        upgrade_identity(lambda: "wrong")
    with pytest.raises(KeyUnavailable, match="needs its passphrase"):
        upgrade_identity(lambda: "")
    assert path.read_bytes() == before and not path.with_name(path.name + BACKUP).exists()
    new = upgrade_identity(lambda: "open sesame")
    assert path.read_bytes().startswith(b"age-encryption.org/v1") and b"alice" not in path.read_bytes()
    monkeypatch.setenv("TDSEC_PASSPHRASE", "open sesame")
    assert load_identity() == new


def test_upgrade_of_the_file_that_the_environment_names(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ci = Identity.generate("ci")
    monkeypatch.setenv("TDSEC_IDENTITY", ci.to_text())
    with pytest.raises(UsageError, match="no identity file"):
        upgrade_identity(no_passphrase)
    save_identity(ci, path.with_name("ci"))
    monkeypatch.setenv("TDSEC_IDENTITY", str(path.with_name("ci")))
    assert upgrade_identity(no_passphrase).keyid == ci.keyid and not path.exists()


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
        '{"format": "wrapped"}',
        "source: keyring:alice\n",
        "",
        "AGE-SECRET",
    ],
)
def test_other_kinds_are_left_alone(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="only an identity file"):
        upgrade_identity(no_passphrase)
    assert path.read_text() == text and [one.name for one in path.parent.iterdir()] == ["identity"]


def test_upgrade_without_an_identity(path: Path) -> None:
    with pytest.raises(UsageError, match="no identity file"):
        upgrade_identity(no_passphrase)


def test_an_interrupted_upgrade_is_not_run_over(path: Path) -> None:
    save_identity(Identity.generate("alice"), path)
    path.with_name(path.name + BACKUP).write_bytes(b"somebody's key")
    with pytest.raises(UsageError, match="interrupted"):
        upgrade_identity(no_passphrase)
    assert path.with_name(path.name + BACKUP).read_bytes() == b"somebody's key"


def test_the_old_file_comes_back_when_the_new_one_cannot_be_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Identity.generate("alice")
    save_identity(old, path)

    def full(*_: object, **__: object) -> None:
        raise BackendUnavailable("no space left")

    monkeypatch.setattr(upgrade, "write_atomic", full)
    with pytest.raises(BackendUnavailable):
        upgrade_identity(no_passphrase)
    assert load_identity() == old and [one.name for one in path.parent.iterdir()] == ["identity"]


def test_the_old_file_comes_back_when_the_new_one_reads_differently(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Identity.generate("alice")
    save_identity(old, path)
    stranger = Identity.generate("mallory").to_text().encode()
    monkeypatch.setattr(upgrade, "write_atomic", lambda place, *_, **__: place.write_bytes(stranger))
    with pytest.raises(IntegrityError, match="reads back differently"):
        upgrade_identity(no_passphrase)
    assert load_identity() == old and [one.name for one in path.parent.iterdir()] == ["identity"]
