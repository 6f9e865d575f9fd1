"""The stock ``age`` command opens our files and we open its: no lock-in."""

from __future__ import annotations

import io
import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tdsec_gov.keys.age import armor, file, scrypt, x25519
from tdsec_gov.keys.age.errors import PayloadInvalid
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.identities import parse_identity_file

AGE = shutil.which("age")
KEYGEN = shutil.which("age-keygen")
pytestmark = pytest.mark.skipif(
    not (AGE and KEYGEN), reason="9 tests with the age command not run: install the package 'age'"
)

EXTRA = Stanza("tdsec-gov.dev/object-v1", ("A" * 43,), b"")
UNKNOWN = Stanza("example.org/unknown", ("one", "two"), b"\x00\xff" * 60)
PLAIN = bytes(range(256)) * 1100  # 4 full chunks and a part


def age(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(AGE), *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def typed(words: list[str], passphrase: str, prompts: int) -> int:
    """Run ``age`` on a terminal of its own and type ``passphrase`` at each prompt; its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(str(AGE), [str(AGE), *words])
    deadline = time.monotonic() + 60
    try:
        for _ in range(prompts):
            text = b""
            while b"passphrase" not in text.lower() or not text.rstrip(b" ").endswith(b":"):
                ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
                assert ready, "age did not ask for the passphrase"
                text += os.read(terminal, 1024)
            os.write(terminal, passphrase.encode() + b"\n")
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(status)


@pytest.fixture
def identity(tmp_path: Path) -> x25519.Identity:
    """An identity made by age-keygen and read by us; its file is ``key.txt``."""
    subprocess.run([str(KEYGEN), "-o", str(tmp_path / "key.txt")], capture_output=True, check=True)
    (found,) = parse_identity_file((tmp_path / "key.txt").read_text())
    assert isinstance(found, x25519.Identity)
    public = subprocess.run([str(KEYGEN), "-y", str(tmp_path / "key.txt")], capture_output=True, check=True)
    assert public.stdout.decode().strip() == str(found.recipient)
    return found


@pytest.mark.parametrize("extra", [(), (EXTRA,), (UNKNOWN, EXTRA)])
def test_age_opens_ours(tmp_path: Path, identity: x25519.Identity, extra: tuple[Stanza, ...]) -> None:
    for size in (0, 65536, len(PLAIN)):
        sealed = file.encrypt_bytes(PLAIN[:size], [identity.recipient], extra)
        result = age("-d", "-i", tmp_path / "key.txt", stdin=sealed)
        assert (result.returncode, result.stdout) == (0, PLAIN[:size]), result.stderr


def test_age_opens_our_armor(tmp_path: Path, identity: x25519.Identity) -> None:
    sealed = armor.encode(file.encrypt_bytes(PLAIN, [identity.recipient], [EXTRA]))
    assert age("-d", "-i", tmp_path / "key.txt", stdin=sealed).stdout == PLAIN


def test_we_open_what_age_wrote(identity: x25519.Identity) -> None:
    for size in (0, 65536, len(PLAIN)):
        sealed = age("-r", str(identity.recipient), stdin=PLAIN[:size]).stdout
        back = bytearray()
        assert file.decrypt_stream(io.BytesIO(sealed), back.extend, [identity]) == size
        assert back == PLAIN[:size]
        assert file.open_seekable(io.BytesIO(sealed), [identity]).read() == PLAIN[:size]
        assert len(sealed) == file.ciphertext_size(size, file.X25519_HEADER_LENGTH)


def test_we_open_what_age_wrote_for_several_and_in_armor(identity: x25519.Identity) -> None:
    other = x25519.Identity.generate()
    sealed = age("-a", "-r", str(other.recipient), "-r", str(identity.recipient), stdin=PLAIN).stdout
    for one in (identity, other):
        assert file.decrypt_bytes(sealed, [one], allow_armor=True) == PLAIN


def test_both_refuse_the_same_cut_file(tmp_path: Path, identity: x25519.Identity) -> None:
    sealed = file.encrypt_bytes(PLAIN, [identity.recipient], [EXTRA])[:-20]
    assert age("-d", "-i", tmp_path / "key.txt", stdin=sealed).returncode != 0
    with pytest.raises(PayloadInvalid):
        file.decrypt_bytes(sealed, [identity])


def test_age_opens_our_passphrase_file(tmp_path: Path) -> None:
    (tmp_path / "ours.age").write_bytes(file.encrypt_bytes(PLAIN, [scrypt.Recipient("correct horse", 10)]))
    assert typed(["-d", "-o", str(tmp_path / "back"), str(tmp_path / "ours.age")], "correct horse", 1) == 0
    assert (tmp_path / "back").read_bytes() == PLAIN


def test_we_open_a_passphrase_file_of_age(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(PLAIN)
    words = ["-p", "-a", "-o", str(tmp_path / "theirs.age"), str(tmp_path / "plain")]
    assert typed(words, "correct horse", 2) == 0
    sealed = (tmp_path / "theirs.age").read_bytes()
    assert file.decrypt_bytes(sealed, [scrypt.Identity("correct horse")], allow_armor=True) == PLAIN
