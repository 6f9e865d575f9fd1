"""X25519 recipients and identities (c2sp.org/age, "The X25519 recipient type"; RFC 7748).

Keys are parsed once, when the value is made, and used for any number of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import base64raw, bech32
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.wrapping import check_body, open_file_key, seal_file_key

STANZA_TYPE = "X25519"
STANZA_LENGTH = len("-> X25519 ") + 43 + 1 + 43 + 1
"""Length in bytes of one X25519 stanza, as written."""

_SIZE = 32
_INFO = b"age-encryption.org/v1/X25519"
_RECIPIENT_PREFIX = "age"
_IDENTITY_PREFIX = "AGE-SECRET-KEY-"


@dataclass(frozen=True, slots=True)
class Recipient:
    """An X25519 public key, 32 raw bytes; written ``age1…``."""

    raw: bytes
    _key: X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", X25519PublicKey.from_public_bytes(_checked(self.raw)))

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Read ``age1…``.

        Raises:
            KeyUnavailable: not such a key.
        """
        prefix, raw = bech32.decode(text)
        if prefix != _RECIPIENT_PREFIX:
            raise KeyUnavailable("not an X25519 recipient", expected="age1…")
        return cls(raw)

    def __str__(self) -> str:
        return bech32.encode(_RECIPIENT_PREFIX, self.raw)

    @property
    def stanza_type(self) -> str:
        return STANZA_TYPE

    @property
    def stanza_length(self) -> int:
        return STANZA_LENGTH

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """One stanza, with a fresh ephemeral key from the system's generator.

        Raises:
            KeyUnavailable: the recipient is a low-order point, to which nothing may be encrypted.
        """
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        try:
            secret = ephemeral.exchange(self._key)
        except ValueError:
            raise KeyUnavailable("X25519 recipient is a low-order point") from None
        body = seal_file_key(_wrap_key(secret, share, self.raw), file_key)
        return [Stanza(STANZA_TYPE, (base64raw.encode(share),), body)]


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """An X25519 secret key, 32 raw bytes; written ``AGE-SECRET-KEY-1…``. ``str()`` gives the secret."""

    raw: bytes
    recipient: Recipient = field(init=False, compare=False)
    _key: X25519PrivateKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        key = X25519PrivateKey.from_private_bytes(_checked(self.raw))
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "recipient", Recipient(key.public_key().public_bytes_raw()))

    @classmethod
    def generate(cls) -> Identity:
        """A new identity from the system's generator."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``AGE-SECRET-KEY-1…``.

        Raises:
            KeyUnavailable: not such a key.
        """
        prefix, raw = bech32.decode(text)
        if prefix != _IDENTITY_PREFIX:
            raise KeyUnavailable("not an X25519 identity", expected="AGE-SECRET-KEY-1…")
        return cls(raw)

    def __str__(self) -> str:
        return bech32.encode(_IDENTITY_PREFIX, self.raw)

    def __repr__(self) -> str:
        return f"Identity({self.recipient})"

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """See :meth:`tdsec_gov.keys.age.wrapping.Identity.unwrap`."""
        for stanza in stanzas:
            if stanza.type == STANZA_TYPE:
                file_key = self._unwrap_one(stanza)
                if file_key is not None:
                    return file_key
        return None

    def _unwrap_one(self, stanza: Stanza) -> bytes | None:
        if len(stanza.args) != 1:
            raise HeaderInvalid("X25519 stanza has the wrong number of arguments")
        share = base64raw.decode(stanza.args[0], _SIZE)
        body = check_body(stanza)
        try:
            secret = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderInvalid("X25519 stanza holds a low-order point") from None
        return open_file_key(_wrap_key(secret, share, self.recipient.raw), body)


def _checked(raw: bytes) -> bytes:
    if len(raw) != _SIZE:
        raise KeyUnavailable("X25519 key has the wrong length", expected=f"{_SIZE} bytes")
    return raw


def _wrap_key(secret: bytes, share: bytes, recipient: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, share + recipient, _INFO).derive(secret)
