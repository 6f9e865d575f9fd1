"""Keys of Fernet files: from a key file, or derived from a passphrase the way the guide does it."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from tdsec_gov.errors import KeyUnavailable, UsageError

GUIDE_ITERATIONS = 480_000
"""PBKDF2 iterations of the ``cryptography`` documentation's own example."""
LARGEST_SALT = 1024
_MOST_ITERATIONS = 100_000_000
URLSAFE = bytes.maketrans(b"-_+/", b"+/!!")
"""From the URL-safe alphabet to the standard one, whose own two characters become invalid."""
_KEY = re.compile(rb"[A-Za-z0-9_-]{43}=\Z")


@dataclass(frozen=True, slots=True, repr=False)
class FernetKey:
    """32 bytes: 16 to sign with, 16 to encrypt with."""

    raw: bytes

    @classmethod
    def parse(cls, text: bytes, where: object) -> FernetKey:
        """Read what ``Fernet.generate_key()`` gives. Raises KeyUnavailable: not such a key."""
        if not _KEY.match(text.strip()):
            raise KeyUnavailable(
                "not a Fernet key", where=where, expected="44 characters of base64url, as in the key file"
            )
        return cls(binascii.a2b_base64(text.strip().translate(URLSAFE)))

    @classmethod
    def derive(cls, passphrase: str, salt: bytes, iterations: int = GUIDE_ITERATIONS) -> FernetKey:
        """PBKDF2-HMAC-SHA256 (RFC 8018) over the UTF-8 passphrase, as the guide does it.

        Raises:
            UsageError: empty passphrase, salt not of 1 to 1024 bytes, iterations not of 1 to 10**8.
        """
        if not passphrase:
            raise UsageError("the passphrase is empty")
        if not 1 <= len(salt) <= LARGEST_SALT:
            raise UsageError("not a usable salt", expected=f"1 to {LARGEST_SALT} bytes")
        if not 1 <= iterations <= _MOST_ITERATIONS:
            raise UsageError("not a usable number of iterations", expected=f"1 to {_MOST_ITERATIONS}")
        secret = passphrase.encode("utf-8", "surrogateescape")
        return cls(PBKDF2HMAC(SHA256(), 32, salt, iterations).derive(secret))

    def mac(self) -> HMAC:
        return HMAC(self.raw[:16], SHA256())

    def __repr__(self) -> str:
        return "FernetKey()"
