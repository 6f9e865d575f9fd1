"""Identity files: what is written is read back, with mode 0600, by nobody else."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from tdsec_gov.errors import KeyUnavailable, SignatureInvalid, UsageError
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity, save_identity
from tdsec_gov.keys.signing import SigningKey, VerifyKey


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TDSEC_IDENTITY", "TDSEC_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "cfg"))
    return tmp_path / "cfg"


def test_saved_and_loaded(home: Path) -> None:
    me = Identity.generate("alice@example.org")
    save_identity(me, home / "identity")
    assert load_identity() == me
    assert (home / "identity").stat().st_mode & 0o777 == 0o600 and home.stat().st_mode & 0o777 == 0o700
    assert age_file.decrypt_bytes(age_file.encrypt_bytes(b"x", [me.age.recipient]), [me.age]) == b"x"
    me.verify_key.verify(me.sign(b"data"), b"data")
    with pytest.raises(SignatureInvalid):
        me.verify_key.verify(me.sign(b"data"), b"other")


def test_secrets_do_not_show(home: Path) -> None:
    me = Identity.generate("alice")
    seed = base64.b64encode(me.signing.seed).decode()
    for text in (repr(me), str(me), repr(me.signing), repr(me.age)):
        assert seed not in text and "AGE-SECRET-KEY" not in text
    with pytest.raises(KeyUnavailable) as caught:
        Identity.parse(me.to_text().replace("# name: alice", ""), "here")
    assert seed not in caught.value.line() and "AGE-SECRET-KEY" not in caught.value.line()


def test_the_file_serves_stock_age(home: Path) -> None:
    me = Identity.generate("alice")
    save_identity(me, home / "identity")
    sealed = home / "x.age"
    sealed.write_bytes(age_file.encrypt_bytes(b"hello", [me.age.recipient]))
    opened = subprocess.run(["age", "-d", "-i", home / "identity", sealed], capture_output=True, check=True)
    assert opened.stdout == b"hello"


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "-x", "x" * 65, "a\n# name: b", "../x"])
def test_names(name: str) -> None:
    with pytest.raises(UsageError):
        Identity.generate(name)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("ed25519-secret:", "ed25519-secret:AA"),
        lambda text: text + text.splitlines()[-1] + "\n",
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: text.replace("AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1Q"),
        lambda text: text.replace("# name: alice", "# name: a/b"),
        lambda text: "",
    ],
)
def test_broken_text(change: object) -> None:
    text = Identity.generate("alice").to_text()
    with pytest.raises(KeyUnavailable):
        Identity.parse(change(text))  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "rsa:" + "A" * 44, "ed25519:" + "!" * 44])
def test_verify_key_text(text: str) -> None:
    with pytest.raises(KeyUnavailable):
        VerifyKey.parse(text)


def test_rfc8032_vector() -> None:
    """RFC 8032, 7.1, test 2."""
    key = SigningKey(bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.verify_key.raw.hex() == public
    assert key.sign(b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8f")
    assert VerifyKey.parse(str(key.verify_key)) == key.verify_key
