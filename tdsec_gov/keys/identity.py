"""A person's or machine's identity: an age secret to read with, an Ed25519 secret to sign with, and
where asked for their post-quantum companions, an X-Wing and an ML-DSA-65 secret.

Its text is an age identity file (``age -d -i FILE`` works with it) whose comments carry the name and
the other keys. The X-Wing key stands in a comment because age before 1.3 refuses a whole file for one
line it does not know. Where the text is kept: :mod:`tdsec_gov.keys.loading`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.keys import mldsa
from tdsec_gov.keys.age import hybrid, wrapping, x25519
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.keys.signing import Signer, SigningKey, VerifyKey

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")
_NAME_LINE = re.compile(r"^# name: (\S+)$", re.MULTILINE)
_SIGNING_LINE = re.compile(r"^# signing-key: ed25519-secret:(\S+)$", re.MULTILINE)
_AGE_LINE = re.compile(r"^(AGE-SECRET-KEY-1\S*)\s*$", re.MULTILINE)
_AGE_PQ_LINE = re.compile(r"^(?:# )?(AGE-SECRET-KEY-PQ-1\S*)\s*$", re.MULTILINE)
_SIGNING_PQ_LINE = re.compile(r"^# signing-key-pq: ml-dsa-65-secret:(\S+)$", re.MULTILINE)


class AgeKey(wrapping.Identity, Protocol):
    """The secret that keyrings are opened with; ``str(recipient)`` is what access.yaml holds of it."""

    @property
    def recipient(self) -> object: ...


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Who I am. Implements :class:`~tdsec_gov.keys.signing.Ed25519Signer`.

    ``age_pq`` and ``signing_pq`` are the post-quantum keys, both or neither in a file.
    """

    name: str
    age: AgeKey
    signing: SigningKey
    age_pq: hybrid.Identity | None = None
    signing_pq: mldsa.SigningKey | None = None

    @classmethod
    def generate(cls, name: str, *, post_quantum: bool = False) -> Identity:
        """Raises UsageError when the name is not 1-64 letters, digits or ``._@+-``."""
        if not _NAME.match(name):
            raise UsageError("not a usable name", expected="1-64 letters, digits or . _ @ + -")
        classic = cls(name, x25519.Identity.generate(), SigningKey.generate())
        return classic.upgraded() if post_quantum else classic

    def upgraded(self) -> Identity:
        """The same person with new post-quantum keys. Raises UsageError: there are some already."""
        if self.age_pq is not None or self.signing_pq is not None:
            raise UsageError(
                "the identity has post-quantum keys already", where=self.name, hint="run: tdsec key show"
            )
        return replace(self, age_pq=hybrid.Identity.generate(), signing_pq=mldsa.SigningKey.generate())

    @classmethod
    def parse(cls, text: str, where: object = "identity") -> Identity:
        """Read an identity file's text. Raises KeyUnavailable: not such a file (never quoting it)."""
        try:
            return cls._parsed(text)
        except (ValueError, binascii.Error, KeyUnavailable):
            raise KeyUnavailable(
                "not a tdsec identity",
                where=where,
                hint="run: tdsec key new --name NAME (or restore your backup)",
            ) from None

    @classmethod
    def _parsed(cls, text: str) -> Identity:
        name, signing, age = (_only(line, text) for line in (_NAME_LINE, _SIGNING_LINE, _AGE_LINE))
        age_pq, signing_pq = _only(_AGE_PQ_LINE, text), _only(_SIGNING_PQ_LINE, text)
        if name is None or signing is None or age is None or not _NAME.match(name):
            raise ValueError("incomplete")
        classic = cls(name, x25519.Identity.parse(age), SigningKey(_seed(signing)))
        if age_pq is None and signing_pq is None:
            return classic
        if age_pq is None or signing_pq is None:
            raise ValueError("one post-quantum key without the other")
        second = mldsa.SigningKey(_seed(signing_pq))
        return replace(classic, age_pq=hybrid.Identity.parse(age_pq), signing_pq=second)

    @property
    def verify_key(self) -> VerifyKey:
        return self.signing.verify_key

    @property
    def keyid(self) -> str:
        return self.signing.verify_key.keyid

    @property
    def verify_keys(self) -> MemberKeys:
        """All my public signing keys, as others see them in policies/access.yaml."""
        second = None if self.signing_pq is None else self.signing_pq.verify_key
        return MemberKeys(self.verify_key, second)

    @property
    def age_identities(self) -> Sequence[wrapping.Identity]:
        """All that may open a file for me."""
        return [self.age] if self.age_pq is None else [self.age, self.age_pq]

    @property
    def signers(self) -> Sequence[Signer]:
        """All that sign a statement for me, the Ed25519 key first."""
        return [self] if self.signing_pq is None else [self, self.signing_pq]

    def sign(self, data: bytes) -> bytes:
        return self.signing.sign(data)

    def to_text(self) -> str:
        """The identity file. It is secret."""
        return (
            "# tdsec identity v1. Keep it secret; `age -d -i` reads it too.\n"
            f"# name: {self.name}\n"
            f"# age recipient: {self.age.recipient}\n"
            f"# signing key (public): {self.signing.verify_key}\n"
            f"# signing-key: ed25519-secret:{base64.b64encode(self.signing.seed).decode()}\n"
            f"{self._post_quantum_text()}{self.age}\n"
        )

    def _post_quantum_text(self) -> str:
        if self.age_pq is None or self.signing_pq is None:
            return ""
        return (
            f"# signing-key-pq: ml-dsa-65-secret:{base64.b64encode(self.signing_pq.seed).decode()}\n"
            "# For post-quantum files, age 1.3 or newer: take the '# ' from the next line.\n"
            f"# {self.age_pq}\n"
        )

    def __repr__(self) -> str:
        return f"Identity({self.name}, {self.keyid[:12]})"


def _only(line: re.Pattern[str], text: str) -> str | None:
    """What the one such line says, None without one. Raises ValueError: there are several."""
    found = line.findall(text)
    if len(found) > 1:
        raise ValueError("doubled line")
    return str(found[0]) if found else None


def _seed(text: str) -> bytes:
    seed = base64.b64decode(text, validate=True)
    if len(seed) != 32:
        raise ValueError("length")
    return seed
