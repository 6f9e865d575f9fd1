"""Ed25519 keys (RFC 8032) as small frozen values: VerifyKey speaks for a member, SigningKey signs."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tdsec_gov.errors import KeyUnavailable, SignatureInvalid

_PREFIX = "ed25519:"


class Signer(Protocol):
    """Anything that signs as one key: a file here, a KMS or HSM elsewhere."""

    @property
    def verify_key(self) -> VerifyKey: ...

    def sign(self, data: bytes) -> bytes:
        """Ed25519 signature (64 bytes) over ``data``. Raises KeyUnavailable when the key cannot be used."""
        ...


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """An Ed25519 public key, 32 raw bytes."""

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

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises SignatureInvalid unless ``signature`` is this key's over ``data``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise SignatureInvalid("signature does not verify", where=f"key {self.keyid[:12]}") from None


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An Ed25519 private key, 32 raw bytes (the seed of RFC 8032). Implements :class:`Signer`."""

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
