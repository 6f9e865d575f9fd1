"""SSH private keys as age identities: they open the stanzas of :mod:`tdsec_gov.keys.ssh`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import FILE_KEY_SIZE, Stanza
from tdsec_gov.keys.age.wrapping import check_body, open_file_key
from tdsec_gov.keys.ssh import ED25519_TYPE, OAEP, RSA_TYPE, Ed25519Recipient, RsaRecipient, tag


@dataclass(frozen=True, slots=True, repr=False)
class Ed25519Identity:
    """An SSH Ed25519 private key, by its seed of 32 bytes. ``str()`` shows the public key only."""

    seed: bytes
    recipient: Ed25519Recipient = field(init=False, compare=False)

    def __post_init__(self) -> None:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        object.__setattr__(self, "recipient", Ed25519Recipient(public))

    def __repr__(self) -> str:
        return f"Identity({self.recipient})"

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """See :meth:`tdsec_gov.keys.age.wrapping.Identity.unwrap`."""
        for stanza in _addressed(stanzas, ED25519_TYPE, 2, self.recipient.wire):
            share = base64raw.decode(stanza.args[1], 32)
            body = check_body(stanza)
            scalar = X25519PrivateKey.from_private_bytes(hashlib.sha512(self.seed).digest()[:32])
            try:
                secret = scalar.exchange(X25519PublicKey.from_public_bytes(share))
            except ValueError:
                raise HeaderInvalid("ssh-ed25519 stanza holds a low-order point") from None
            file_key = open_file_key(self.recipient.wrap_key(secret, share), body)
            if file_key is not None:
                return file_key
        return None


@dataclass(frozen=True, slots=True, repr=False)
class RsaIdentity:
    """An SSH RSA private key. It can read, but cannot sign for a member."""

    key: RSAPrivateKey
    recipient: RsaRecipient = field(init=False, compare=False)

    def __post_init__(self) -> None:
        line = self.key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        object.__setattr__(self, "recipient", RsaRecipient(base64.b64decode(line.split()[1])))

    def __repr__(self) -> str:
        return f"Identity({tag(self.recipient.wire)})"

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """See :meth:`tdsec_gov.keys.age.wrapping.Identity.unwrap`."""
        for stanza in _addressed(stanzas, RSA_TYPE, 1, self.recipient.wire):
            if len(stanza.body) != self.key.key_size // 8:
                raise HeaderInvalid("ssh-rsa stanza has a body of the wrong length")
            try:
                file_key = self.key.decrypt(stanza.body, OAEP)
            except ValueError:
                continue
            if len(file_key) != FILE_KEY_SIZE:
                raise HeaderInvalid("ssh-rsa stanza holds a file key of the wrong length")
            return file_key
        return None


Identity = Ed25519Identity | RsaIdentity


def _addressed(stanzas: Sequence[Stanza], kind: str, arguments: int, wire: bytes) -> list[Stanza]:
    """The stanzas of this kind that name this key; raises HeaderInvalid when one is malformed."""
    mine = [stanza for stanza in stanzas if stanza.type == kind]
    if any(len(stanza.args) != arguments for stanza in mine):
        raise HeaderInvalid(f"{kind} stanza has the wrong number of arguments")
    return [stanza for stanza in mine if stanza.args[0] == tag(wire)]
