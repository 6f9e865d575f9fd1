"""The joint: a Recipient wraps a file key, an Identity unwraps it. And how several are combined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tdsec_gov.errors import UsageError
from tdsec_gov.keys.age.errors import HeaderInvalid, NoMatchingIdentity
from tdsec_gov.keys.age.header import FILE_KEY_SIZE, Header, Stanza

WRAPPED_SIZE = FILE_KEY_SIZE + 16
"""Length in bytes of a wrapped file key; anything else is refused before it is decrypted."""

SCRYPT_TYPE = "scrypt"
HYBRID_TYPE = "mlkem768x25519"
_ZERO_NONCE = bytes(12)


class Recipient(Protocol):
    """Somebody a file is encrypted to."""

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """Stanzas from which the matching identity gets ``file_key`` (16 bytes) back.

        Raises:
            KeyUnavailable: this recipient cannot be encrypted to; nothing is written then.
        """
        ...


class SizedRecipient(Recipient, Protocol):
    """A recipient whose stanzas always have the same length."""

    @property
    def stanza_length(self) -> int:
        """Length in bytes of what :meth:`wrap` returns, as written in a header."""
        ...


class Identity(Protocol):
    """Somebody who can open files."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """The file key (16 bytes), or None when no stanza is for this identity: the next one is asked.

        The answer is not yet trustworthy: the caller verifies the header's MAC with it.

        Raises:
            HeaderInvalid: fatal, no further identity is asked; a stanza of this identity's type
                breaks the specification.
            KeyUnavailable: fatal; the identity is there but cannot be used.
        """
        ...


def wrap_all(file_key: bytes, recipients: Sequence[Recipient], extra: Iterable[Stanza] = ()) -> Header:
    """Header that lets each recipient open the file and authenticates ``extra`` as well.

    Raises:
        UsageError: no recipient; a passphrase beside anything else; a post-quantum recipient beside
            one that is not (the file would be no safer than the weaker one).
        KeyUnavailable: a recipient cannot be encrypted to.
    """
    if not recipients:
        raise UsageError("an age file needs at least one recipient")
    wrapped = [stanza for recipient in recipients for stanza in recipient.wrap(file_key)]
    every = [*wrapped, *extra]
    kinds = {stanza.type for stanza in wrapped}
    if SCRYPT_TYPE in {stanza.type for stanza in every} and len(every) > 1:
        raise UsageError("a passphrase must be the only recipient, without further stanzas")
    if HYBRID_TYPE in kinds and len(kinds) > 1:
        raise UsageError("post-quantum and classic recipients cannot be mixed in one file")
    return Header.seal(every, file_key)


def unwrap_any(header: Header, identities: Iterable[Identity]) -> bytes:
    """The file key, after the header's MAC was verified with it.

    Raises:
        HeaderInvalid: a stanza breaks the specification.
        MacInvalid: a file key was found but the header was changed.
        NoMatchingIdentity: no identity opens this file.
    """
    if header.of_type(SCRYPT_TYPE) and len(header.stanzas) > 1:
        raise HeaderInvalid("a passphrase stanza must be the only one")
    for identity in identities:
        file_key = identity.unwrap(header.stanzas)
        if file_key is not None:
            header.verify(file_key)
            return file_key
    raise NoMatchingIdentity("no identity at hand opens this age file")


def seal_file_key(wrap_key: bytes, file_key: bytes) -> bytes:
    """``file_key`` under ``wrap_key`` (32 bytes, used once), 32 bytes."""
    return ChaCha20Poly1305(wrap_key).encrypt(_ZERO_NONCE, file_key, None)


def open_file_key(wrap_key: bytes, body: bytes) -> bytes | None:
    """What :func:`seal_file_key` sealed, or None when ``wrap_key`` is not the key."""
    try:
        return ChaCha20Poly1305(wrap_key).decrypt(_ZERO_NONCE, body, None)
    except InvalidTag:
        return None


def check_body(stanza: Stanza) -> bytes:
    """Body of ``stanza``; raises HeaderInvalid unless it has the length of a wrapped file key.

    The length is checked before decryption to stop partitioning oracle attacks.
    """
    if len(stanza.body) != WRAPPED_SIZE:
        raise HeaderInvalid("age stanza has a body of the wrong length", expected=f"{WRAPPED_SIZE} bytes")
    return stanza.body
