"""Text forms: which kind of key a text is, and the lines of an identity file."""

from __future__ import annotations

from tdsec_gov.errors import KeyUnavailable
from tdsec_gov.keys.age import bech32, hybrid, x25519

NativeIdentity = x25519.Identity | hybrid.Identity
NativeRecipient = x25519.Recipient | hybrid.Recipient

_HYBRID_IDENTITY = "AGE-SECRET-KEY-PQ-"
_HYBRID_RECIPIENT = "age1pq"


def parse_identity(text: str) -> NativeIdentity:
    """Read ``AGE-SECRET-KEY-1…`` or ``AGE-SECRET-KEY-PQ-1…``.

    Raises:
        KeyUnavailable: neither.
    """
    if bech32.decode(text)[0] == _HYBRID_IDENTITY:
        return hybrid.Identity.parse(text)
    return x25519.Identity.parse(text)


def parse_recipient(text: str) -> NativeRecipient:
    """Read ``age1…`` or ``age1pq1…``.

    Raises:
        KeyUnavailable: neither.
    """
    if bech32.decode(text)[0] == _HYBRID_RECIPIENT:
        return hybrid.Recipient.parse(text)
    return x25519.Recipient.parse(text)


def parse_identity_file(text: str) -> list[NativeIdentity]:
    """Identities of a file as ``age-keygen`` writes it: one a line, comments after ``#``, empty lines.

    Raises:
        KeyUnavailable: a line is no identity (its number is named, never its text), or there is none.
    """
    found: list[NativeIdentity] = []
    for number, line in enumerate(text.splitlines(), start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        try:
            found.append(parse_identity(word))
        except KeyUnavailable:
            raise KeyUnavailable("not an age identity", where=f"line {number}") from None
    if not found:
        raise KeyUnavailable("identity file holds no identity")
    return found
