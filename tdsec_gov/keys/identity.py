"""A person's or machine's identity: an age secret to read with, an Ed25519 secret to sign with.

Its text is an age identity file (``age -d -i FILE`` works with it) whose comments carry the name and
the signing key. Where it is kept: :mod:`tdsec_gov.keys.loading`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys.age import wrapping, x25519
from tdsec_gov.keys.signing import Signer, SigningKey, VerifyKey

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")


class AgeKey(wrapping.Identity, Protocol):
    """The secret that keyrings are opened with; ``str(recipient)`` is what access.yaml holds of it."""

    @property
    def recipient(self) -> object: ...


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who I am. Implements :class:`~tdsec_gov.keys.signing.Signer`."""

    name: str
    age: AgeKey
    signing: SigningKey

    @classmethod
    def generate(cls, name: str) -> Identity:
        """Raises UsageError when the name is not 1-64 letters, digits or ``._@+-``."""
        if not _NAME.match(name):
            raise UsageError("not a usable name", expected="1-64 letters, digits or . _ @ + -")
        return cls(name, x25519.Identity.generate(), SigningKey.generate())

    @classmethod
    def parse(cls, text: str, where: object = "identity") -> Identity:
        """Read an identity file's text. Raises KeyUnavailable: not such a file (never quoting it)."""
        name = re.search(r"^# name: (\S+)$", text, re.MULTILINE)
        signing = re.search(r"^# signing-key: ed25519-secret:(\S+)$", text, re.MULTILINE)
        secrets = [line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-1")]
        try:
            if name is None or signing is None or len(secrets) != 1 or not _NAME.match(name[1]):
                raise ValueError("incomplete")
            seed = base64.b64decode(signing[1], validate=True)
            if len(seed) != 32:
                raise ValueError("length")
            return cls(name[1], x25519.Identity.parse(secrets[0].strip()), SigningKey(seed))
        except (ValueError, binascii.Error, KeyUnavailable):
            raise KeyUnavailable(
                "not a tdsec identity",
                where=where,
                hint="run: tdsec key new --name NAME (or restore your backup)",
            ) from None

    @property
    def verify_key(self) -> VerifyKey:
        return self.signing.verify_key

    @property
    def keyid(self) -> str:
        return self.signing.verify_key.keyid

    @property
    def age_identities(self) -> Sequence[wrapping.Identity]:
        """All that may open a file for me."""
        return [self.age]

    @property
    def signers(self) -> Sequence[Signer]:
        """All that sign a statement for me, the Ed25519 key first."""
        return [self]

    def sign(self, data: bytes) -> bytes:
        return self.signing.sign(data)

    def to_text(self) -> str:
        """The identity file. It is secret."""
        seed = base64.b64encode(self.signing.seed).decode()
        return (
            "# tdsec identity v1. Keep it secret; `age -d -i` reads it too.\n"
            f"# name: {self.name}\n"
            f"# age recipient: {self.age.recipient}\n"
            f"# signing key (public): {self.signing.verify_key}\n"
            f"# signing-key: ed25519-secret:{seed}\n"
            f"{self.age}\n"
        )

    def __repr__(self) -> str:
        return f"Identity({self.name}, {self.keyid[:12]})"
