"""SSH keys as age recipients: the stanza types ``ssh-ed25519`` and ``ssh-rsa``.

Published in age (package ``agessh``) and rage, and compared with both in
tests/integration/test_ssh_age_cli.py: stock ``age -R key.pub`` and ``age -i key`` read and write the
same files. Ed25519 keys are taken to X25519 by the birational map of RFC 7748, section 4.1; the shared
secret is then multiplied by a scalar derived from the SSH key, so that it is good for age only.

A recipient is written as in ``authorized_keys``, without the comment. The private side is in
:mod:`tdsec_gov.keys.ssh_identity`; :mod:`tdsec_gov.keys.ssh_file` opens the files.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.wrapping import seal_file_key

ED25519_TYPE = "ssh-ed25519"
RSA_TYPE = "ssh-rsa"
RSA_BITS = range(2048, 8193)
"""Sizes of RSA keys that are taken."""

_EXPECTED = "ssh-ed25519 AAAA… or ssh-rsa AAAA…"
_ED25519_LABEL = b"age-encryption.org/v1/ssh-ed25519"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label=b"age-encryption.org/v1/ssh-rsa")
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


@dataclass(frozen=True, slots=True)
class Ed25519Recipient:
    """An SSH Ed25519 public key, 32 raw bytes; written ``ssh-ed25519 AAAA…``."""

    raw: bytes
    _montgomery: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_montgomery", to_montgomery(self.raw))

    def __str__(self) -> str:
        return f"{ED25519_TYPE} {base64.b64encode(self.wire).decode()}"

    @property
    def wire(self) -> bytes:
        """The key as SSH sends it (RFC 8709, section 4)."""
        return b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + self.raw

    @property
    def stanza_length(self) -> int:
        return len("-> ssh-ed25519 ") + 6 + 1 + 43 + 1 + 43 + 1

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """One stanza, with a fresh ephemeral key. Raises KeyUnavailable: the key is a low-order point."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(self._montgomery))
        except ValueError:
            raise KeyUnavailable("SSH recipient is a low-order point") from None
        body = seal_file_key(self.wrap_key(secret, share), file_key)
        return [Stanza(ED25519_TYPE, (tag(self.wire), base64raw.encode(share)), body)]

    def wrap_key(self, secret: bytes, share: bytes) -> bytes:
        """Key (32 bytes) that seals the file key, from the X25519 secret and the ephemeral share."""
        tweak = HKDF(hashes.SHA256(), 32, self.wire, _ED25519_LABEL).derive(b"")
        point = X25519PublicKey.from_public_bytes(secret)
        tweaked = X25519PrivateKey.from_private_bytes(tweak).exchange(point)
        return HKDF(hashes.SHA256(), 32, share + self._montgomery, _ED25519_LABEL).derive(tweaked)


@dataclass(frozen=True, slots=True)
class RsaRecipient:
    """An SSH RSA public key of 2048 to 8192 bits, as SSH sends it; written ``ssh-rsa AAAA…``."""

    wire: bytes
    _key: RSAPublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        key = _load(str(self))
        if not isinstance(key, RSAPublicKey) or key.key_size not in RSA_BITS:
            raise KeyUnavailable("not a usable RSA key", expected="ssh-rsa of 2048 to 8192 bits")
        if key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() != str(self):
            raise KeyUnavailable("SSH key is not in its canonical form", expected=_EXPECTED)
        object.__setattr__(self, "_key", key)

    def __str__(self) -> str:
        return f"{RSA_TYPE} {base64.b64encode(self.wire).decode()}"

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """One stanza, RSA-OAEP with SHA-256."""
        return [Stanza(RSA_TYPE, (tag(self.wire),), self._key.encrypt(file_key, OAEP))]


Recipient = Ed25519Recipient | RsaRecipient


def parse_recipient(text: str) -> Recipient:
    """Read a line of ``authorized_keys`` or of a ``.pub`` file; a comment after the key is dropped.

    Raises:
        KeyUnavailable: neither ``ssh-ed25519`` nor ``ssh-rsa``, weak, or not in its one canonical form.
    """
    words = text.split()[:2]
    line = " ".join(words)
    if len(words) < 2 or words[0] not in (ED25519_TYPE, RSA_TYPE):
        raise KeyUnavailable("not an SSH key that age can encrypt to", expected=_EXPECTED)
    key = _load(line)
    if isinstance(key, Ed25519PublicKey):
        found: Recipient = Ed25519Recipient(key.public_bytes_raw())
    else:
        found = RsaRecipient(base64.b64decode(words[1]))
    if str(found) != line:
        raise KeyUnavailable("SSH key is not in its canonical form", expected=_EXPECTED)
    return found


def tag(wire: bytes) -> str:
    """The six characters by which a stanza names the SSH key it is for."""
    return base64raw.encode(hashlib.sha256(wire).digest()[:4])


def to_montgomery(raw: bytes) -> bytes:
    """X25519 public key (32 bytes) of an Ed25519 one: u = (1 + y) / (1 - y), RFC 7748, section 4.1.

    Raises:
        KeyUnavailable: not a point of the curve in canonical form (RFC 8032, section 5.1.3), or neutral.
    """
    y = int.from_bytes(raw, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if len(raw) != 32 or y >= _P or y == 1 or pow(square, (_P - 1) // 2, _P) > 1:
        raise KeyUnavailable("not an Ed25519 public key", expected="a point of the curve")
    return ((1 + y) * pow(1 - y, -1, _P) % _P).to_bytes(32, "little")


def _load(line: str) -> object:
    try:
        return load_ssh_public_key(line.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnavailable("not an SSH public key", expected=_EXPECTED) from None
