"""Passphrase recipients and identities (c2sp.org/age, "The scrypt recipient type"; RFC 7914).

One derivation takes 128 * 8 * 2**log_n bytes of memory: 256 MiB at the usual 18, 1 GiB at 20. The
cap keeps a hostile file from asking for more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import Stanza
from tdsec_gov.keys.age.wrapping import SCRYPT_TYPE, check_body, open_file_key, seal_file_key

DEFAULT_LOG_N = 18
LARGEST_LOG_N = 20
_SALT_SIZE = 16
_LABEL = b"age-encryption.org/v1/scrypt"
_DECIMAL = re.compile(r"[1-9][0-9]*\Z")


@dataclass(frozen=True, slots=True, repr=False)
class Recipient:
    """Whoever knows the passphrase. ``log_n`` is the base-2 logarithm of the work factor, 1 to 20."""

    passphrase: str
    log_n: int = DEFAULT_LOG_N

    def __post_init__(self) -> None:
        _check(self.passphrase, self.log_n)

    def __repr__(self) -> str:
        return f"Recipient(log_n={self.log_n})"

    @property
    def stanza_length(self) -> int:
        return len("-> scrypt ") + 22 + 1 + len(str(self.log_n)) + 1 + 43 + 1

    def wrap(self, file_key: bytes) -> list[Stanza]:
        """One stanza with a fresh salt; it must stay the only one of its file."""
        salt = os.urandom(_SALT_SIZE)
        body = seal_file_key(_wrap_key(self.passphrase, salt, self.log_n), file_key)
        return [Stanza(SCRYPT_TYPE, (base64raw.encode(salt), str(self.log_n)), body)]


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A passphrase, and the largest work factor it is tried at (1 to 20)."""

    passphrase: str
    max_log_n: int = DEFAULT_LOG_N

    def __post_init__(self) -> None:
        _check(self.passphrase, self.max_log_n)

    def __repr__(self) -> str:
        return f"Identity(max_log_n={self.max_log_n})"

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """See :meth:`tdsec_gov.keys.age.wrapping.Identity.unwrap`."""
        mine = [stanza for stanza in stanzas if stanza.type == SCRYPT_TYPE]
        if not mine:
            return None
        if len(stanzas) != 1:
            raise HeaderInvalid("a passphrase stanza must be the only one")
        salt, log_n = self._arguments(mine[0])
        body = check_body(mine[0])
        return open_file_key(_wrap_key(self.passphrase, salt, log_n), body)

    def _arguments(self, stanza: Stanza) -> tuple[bytes, int]:
        if len(stanza.args) != 2:
            raise HeaderInvalid("passphrase stanza has the wrong number of arguments")
        salt = base64raw.decode(stanza.args[0], _SALT_SIZE)
        factor = stanza.args[1]
        if not _DECIMAL.match(factor):
            raise HeaderInvalid("passphrase stanza has a malformed work factor")
        if len(factor) > 2 or int(factor) > self.max_log_n:
            limit = f"at most {self.max_log_n}"
            raise HeaderInvalid("passphrase stanza asks for too much work", expected=limit)
        return salt, int(factor)


def _check(passphrase: str, log_n: int) -> None:
    if not _encoded(passphrase):
        raise UsageError("the passphrase is empty")
    if not 1 <= log_n <= LARGEST_LOG_N:
        raise UsageError("scrypt work factor is out of range", expected=f"1 to {LARGEST_LOG_N}")


def _encoded(passphrase: str) -> bytes:
    """UTF-8; bytes that the system could not decode (environment, terminal) are kept as they were."""
    try:
        return passphrase.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError("the passphrase is not text") from None


def _wrap_key(passphrase: str, salt: bytes, log_n: int) -> bytes:
    try:
        return Scrypt(_LABEL + salt, 32, 1 << log_n, 8, 1).derive(_encoded(passphrase))
    except MemoryError:
        raise KeyUnavailable("too little memory for this passphrase's work factor") from None
