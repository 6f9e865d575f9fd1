"""Large Fernet files in little memory: the process may take 64 MiB more than it has after its imports."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

MIB = 1 << 20
KEY = bytes(range(32))
READER = """
import resource, sys
from pathlib import Path
from tdsec_gov.vault.importing.fernet_key import FernetKey
from tdsec_gov.vault.importing.fernet_import import import_files, plan
size = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (size + (64 << 20),) * 2)
if sys.argv[1] == "cryptography":
    from cryptography.fernet import Fernet
    Fernet(sys.argv[3]).decrypt(Path(sys.argv[2]).read_bytes())
else:
    key = FernetKey.parse(sys.argv[3].encode(), "key")
    for one in import_files(plan([Path(sys.argv[2])]), Path(sys.argv[2]).parent / "out", [key]):
        assert one.error is None, one.error
        print(one.size)
"""


def write_token(path: Path, size: int) -> str:
    """The token of ``size`` pseudo-random bytes, written in pieces; returns the plaintext's SHA-256."""
    vector, plain = bytes(16), hashlib.sha256()
    mac = HMAC(KEY[:16], SHA256())
    cipher = Cipher(algorithms.AES(KEY[16:]), modes.CBC(vector)).encryptor()
    carry = b"\x80" + (1).to_bytes(8, "big") + vector
    with path.open("wb") as stream:

        def send(data: bytes) -> bytes:
            mac.update(data)
            return data

        held = send(carry)
        for number in range(size // MIB):
            piece = hashlib.sha256(b"%d" % number).digest() * (MIB // 32)
            plain.update(piece)
            held += send(cipher.update(piece))
            whole = len(held) // 3 * 3
            stream.write(base64.urlsafe_b64encode(held[:whole]))
            held = held[whole:]
        held += send(cipher.update(b"\x10" * 16)) + mac.finalize()
        stream.write(base64.urlsafe_b64encode(held))
    return plain.hexdigest()


def read_by(who: str, token: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", READER, who, str(token), base64.urlsafe_b64encode(KEY).decode()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("size", [96 * MIB, pytest.param(256 * MIB, marks=pytest.mark.slow)])
def test_a_large_token_in_little_memory(tmp_path: Path, size: int) -> None:
    token = tmp_path / "large"
    digest = write_token(token, size)
    read = read_by("tdsec", token)
    assert (read.returncode, read.stdout) == (0, f"{size}\n"), read.stderr
    with (tmp_path / "out" / "large").open("rb") as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == digest
    assert read_by("cryptography", token).returncode != 0, "the limit limits nothing"
