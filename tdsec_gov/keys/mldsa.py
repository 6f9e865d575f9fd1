"""ML-DSA-65 keys (FIPS 204), the second signature of a member who prepares for quantum computers.

Pure ML-DSA with an empty context: what is signed (a DSSE PAE) already says what it is. The secret is
the 32-byte seed (the xi of FIPS 204, algorithm 1), never the expanded key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

from tdsec_gov.errors import DependencyMissing, KeyUnavailable, SignatureInvalid

SIGNATURE_SIZE = 3309
PUBLIC_SIZE = 1952
SEED_SIZE = 32
_PREFIX = "ml-dsa-65:"


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """An ML-DSA-65 public key, 1952 raw bytes. Implements :class:`~tdsec_gov.keys.signing.Verifier`."""

    raw: bytes

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Read ``ml-dsa-65:<base64>``.

        Raises:
            KeyUnavailable: not such a key.
        """
        try:
            raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != PUBLIC_SIZE or str(cls(raw)) != text:
            raise KeyUnavailable("not an ML-DSA-65 public key", expected="ml-dsa-65:<2604 base64 characters>")
        return cls(raw)

    def __str__(self) -> str:
        return _PREFIX + base64.b64encode(self.raw).decode()

    @property
    def keyid(self) -> str:
        """SHA-256 of ``ml-dsa-65:`` and the raw key, in hexadecimal.

        An Ed25519 keyid is the SHA-256 of exactly 32 bytes, this one of 1962 that begin with the name
        of the algorithm: no input is both, so equal keyids would be a collision of SHA-256.
        """
        return hashlib.sha256(_PREFIX.encode() + self.raw).hexdigest()

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises SignatureInvalid unless ``signature`` (3309 bytes) is this key's over ``data``."""
        try:
            with _supported():
                MLDSA65PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            raise SignatureInvalid(
                "ML-DSA-65 signature does not verify", where=f"key {self.keyid[:12]}"
            ) from None


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """An ML-DSA-65 private key, the 32-byte seed. Implements :class:`~tdsec_gov.keys.signing.Signer`."""

    seed: bytes

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's generator."""
        return cls(os.urandom(SEED_SIZE))

    @property
    def verify_key(self) -> VerifyKey:
        return VerifyKey(self._key().public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Signature (3309 bytes) over ``data``; hedged with fresh randomness, so no two are alike."""
        return self._key().sign(data)

    def _key(self) -> MLDSA65PrivateKey:
        with _supported():
            return MLDSA65PrivateKey.from_seed_bytes(self.seed)

    def __repr__(self) -> str:
        return f"SigningKey({self.verify_key.keyid[:12]})"


@contextmanager
def _supported() -> Iterator[None]:
    try:
        yield
    except UnsupportedAlgorithm:
        raise DependencyMissing(
            "this build of cryptography has no ML-DSA",
            hint="run: pip install 'cryptography>=50' (its wheels have it)",
        ) from None
