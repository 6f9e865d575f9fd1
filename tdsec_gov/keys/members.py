"""Which keys must sign for one member.

A member has an Ed25519 key and may have an ML-DSA-65 key beside it. One who has both counts only with
both: whoever strips the second signature, or can forge the first alone, gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tdsec_gov.keys import mldsa
from tdsec_gov.keys.signing import Verifier, VerifyKey


class Trusted(Protocol):
    """Somebody whose statements count: a member, or an Ed25519 key that stands alone."""

    @property
    def required(self) -> tuple[Verifier, ...]:
        """Keys that must all have signed."""
        ...


@dataclass(frozen=True, slots=True)
class MemberKeys:
    """The public signing keys of one member. Implements :class:`Trusted`."""

    ed25519: VerifyKey
    ml_dsa: mldsa.VerifyKey | None = None

    @classmethod
    def parse(cls, signing: str, signing_pq: str | None = None) -> MemberKeys:
        """Read ``signing`` and ``signing_pq`` as policies/access.yaml has them.

        Raises:
            KeyUnavailable: not such keys.
        """
        second = None if signing_pq is None else mldsa.VerifyKey.parse(signing_pq)
        return cls(VerifyKey.parse(signing), second)

    @property
    def keyid(self) -> str:
        """That of the Ed25519 key: the member is known by it."""
        return self.ed25519.keyid

    @property
    def required(self) -> tuple[Verifier, ...]:
        return (self.ed25519,) if self.ml_dsa is None else (self.ed25519, self.ml_dsa)
