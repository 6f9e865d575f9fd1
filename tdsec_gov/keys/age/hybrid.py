"""Post-quantum recipients and identities: MLKEM768-X25519, also known as X-Wing, through HPKE.

Sources: c2sp.org/age, "The MLKEM768-X25519 hybrid post-quantum recipient type"; RFC 9180;
draft-ietf-hpke-pq-03; draft-connolly-cfrg-xwing-kem (how the seed is expanded).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import base64raw, bech32
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.wrapping import HYBRID_TYPE, check_body

ENC_SIZE = 1120
STANZA_LENGTH = len(f"-> {HYBRID_TYPE} ") + 1494 + 1 + 43 + 1
"""Length in bytes of one hybrid stanza, as written."""

_SEED_SIZE = 32
_MLKEM_PUBLIC_SIZE = 1184
_PUBLIC_SIZE = _MLKEM_PUBLIC_SIZE + 32
_MLKEM_SEED_SIZE = 64
_MLKEM_ENC_SIZE = 1088
_INFO = b"age-encryption.org/mlkem768x25519"
_RECIPIENT_PREFIX = "age1pq"
_IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An X-Wing public key, 1216 raw bytes; written ``age1pq1…``."""

    raw: bytes
    _key: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _PUBLIC_SIZE:
            raise KeyUnavailable("hybrid recipient has the wrong length", expected=f"{_PUBLIC_SIZE} bytes")
        try:
            lattice = MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_PUBLIC_SIZE])
        except ValueError:
            raise KeyUnavailable("hybrid recipient is malformed") from None
        curve = X25519PublicKey.from_public_bytes(self.raw[_MLKEM_PUBLIC_SIZE:])
        object.__setattr__(self, "_key", MLKEM768X25519PublicKey(lattice, curve))

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Read ``age1pq1…``.

        Raises:
            KeyUnavailable: not such a key.
        """
        prefix, raw = bech32.decode(text)
        if prefix != _RECIPIENT_PREFIX:
            raise KeyUnavailable("not a hybrid recipient", expected="age1pq1…")
        return cls(raw)

    def __str__(self) -> str:
        return bech32.encode(_RECIPIENT_PREFIX, self.raw)

    @property
    def stanza_type(self) -> str:
        return HYBRID_TYPE

    @property
    def stanza_length(self) -> int:
        return STANZA_LENGTH

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """One stanza. Raises KeyUnavailable when the X25519 half is a low-order point."""
        try:
            sealed = _SUITE.encrypt(file_key, self._key, _INFO)
        except ValueError:
            raise KeyUnavailable("hybrid recipient cannot be encrypted to") from None
        enc, body = sealed[:ENC_SIZE], sealed[ENC_SIZE:]
        return [Stanza(HYBRID_TYPE, (base64raw.encode(enc),), body)]


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """An X-Wing seed, 32 raw bytes; written ``AGE-SECRET-KEY-PQ-1…``. ``str()`` gives the secret."""

    raw: bytes
    recipient: Recipient = field(init=False, compare=False)
    _key: MLKEM768X25519PrivateKey = field(init=False, compare=False)
    _curve: X25519PrivateKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _SEED_SIZE:
            raise KeyUnavailable("hybrid identity has the wrong length", expected=f"{_SEED_SIZE} bytes")
        seeds = hashlib.shake_256(self.raw).digest(_MLKEM_SEED_SIZE + 32)
        lattice = MLKEM768PrivateKey.from_seed_bytes(seeds[:_MLKEM_SEED_SIZE])
        curve = X25519PrivateKey.from_private_bytes(seeds[_MLKEM_SEED_SIZE:])
        public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        object.__setattr__(self, "_key", MLKEM768X25519PrivateKey(lattice, curve))
        object.__setattr__(self, "_curve", curve)
        object.__setattr__(self, "recipient", Recipient(public))

    @classmethod
    def generate(cls) -> Identity:
        """A new identity from the system's generator."""
        return cls(os.urandom(_SEED_SIZE))

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``AGE-SECRET-KEY-PQ-1…``.

        Raises:
            KeyUnavailable: not such a key.
        """
        prefix, raw = bech32.decode(text)
        if prefix != _IDENTITY_PREFIX:
            raise KeyUnavailable("not a hybrid identity", expected="AGE-SECRET-KEY-PQ-1…")
        return cls(raw)

    def __str__(self) -> str:
        return bech32.encode(_IDENTITY_PREFIX, self.raw)

    def __repr__(self) -> str:
        return f"Identity({str(self.recipient)[:20]}…)"

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """See :meth:`tdsec_gov.keys.age.wrapping.Identity.unwrap`."""
        for stanza in stanzas:
            if stanza.type == HYBRID_TYPE:
                file_key = self._unwrap_one(stanza)
                if file_key is not None:
                    return file_key
        return None

    def _unwrap_one(self, stanza: Stanza) -> bytes | None:
        if len(stanza.args) != 1:
            raise HeaderInvalid("hybrid stanza has the wrong number of arguments")
        enc = base64raw.decode(stanza.args[0], ENC_SIZE)
        body = check_body(stanza)
        try:
            # The suite reports a low-order point and a wrong tag alike; only the first is fatal.
            self._curve.exchange(X25519PublicKey.from_public_bytes(enc[_MLKEM_ENC_SIZE:]))
        except ValueError:
            raise HeaderInvalid("hybrid stanza holds a low-order point") from None
        try:
            return _SUITE.decrypt(enc + body, self._key, _INFO)
        except InvalidTag:
            return None
