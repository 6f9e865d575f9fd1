"""What signs and what verifies, and Ed25519 keys (RFC 8032) as small frozen values.

The other kind of key is :mod:`tdsec_gov.keys.mldsa`; which keys must sign together for one member says
:mod:`tdsec_gov.keys.members`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tdsec_gov.errors import KeyUnavailable, SignatureInvalid

SIGNATURE_SIZE = 64
_PREFIX = "ed25519:"


class Verifier(Protocol):
    """A public key of any kind."""

    @property
    def keyid(self) -> str:
        """64 hexadecimal digits; no two keys share one, of whatever kind they are."""
        ...

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises SignatureInvalid unless ``signature`` is this key's over ``data``."""
        ...


class Signer(Protocol):
    """Anything that signs as one key: a file here, a KMS or HSM elsewhere."""

    @property
    def verify_key(self) -> Verifier: ...

    def sign(self, data: bytes) -> bytes:
        """Signature over ``data``. Raises KeyUnavailable when the key cannot be used."""
        ...


class Ed25519Signer(Signer, Protocol):
    """A Signer whose key is Ed25519, as signed notes and checkpoints ask for."""

    @property
    def verify_key(self) -> VerifyKey: ...


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """An Ed25519 public key, 32 raw bytes. Implements :class:`Verifier`."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Read ``ed25519:<base64>``.

        Raises:
            KeyUnavailable: not such a key.
        """
        try:
            raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not text.startswith(_PREFIX) or len(raw) != 32:
            raise KeyUnavailable("not an Ed25519 public key", expected="ed25519:<44 base64 characters>")
        return cls(raw)

    def __str__(self) -> str:
        return _PREFIX + base64.b64encode(self.raw).decode()

    @property
    def keyid(self) -> str:
        """SHA-256 of the raw key, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def required(self) -> tuple[Verifier, ...]:
        """Itself: see :class:`tdsec_gov.keys.members.Trusted`."""
        return (self,)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises SignatureInvalid unless ``signature`` is this key's over ``data``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise SignatureInvalid("signature does not verify", where=f"key {self.keyid[:12]}") from None


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 private key, 32 raw bytes (the seed of RFC 8032). Implements :class:`Ed25519Signer`."""

    seed: bytes

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(data)

    def __repr__(self) -> str:
        return f"SigningKey({self.verify_key.keyid[:12]})"
