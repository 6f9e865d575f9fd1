"""From the members of policies/access.yaml to the keys that must sign for them, and how many of them must.

The one place where statements get the keys they are verified with: a member's second signature cannot
be forgotten at a call site. (Checkpoints of the audit log are signed notes, Ed25519 alone.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tdsec_gov.errors import KeyUnavailable, PolicyInvalid
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import Member
from tdsec_gov.policy.models import Signers
from tdsec_gov.policy.tighten import matched


def member_keys(members: Iterable[Member]) -> dict[str, MemberKeys]:
    """The keys of ``members`` by keyid, as :meth:`Envelope.verified_by` takes them.

    Raises:
        PolicyInvalid: a key is malformed, or two members share a post-quantum one.
    """
    found: dict[str, MemberKeys] = {}
    for member in members:
        try:
            found[member.keyid] = MemberKeys.parse(member.signing, member.signing_pq)
        except KeyUnavailable as exc:
            raise PolicyInvalid(
                f"member '{member.name}': {exc.message}",
                where="policies/access.yaml",
                expected=exc.expected,
                hint="paste what they get from: tdsec key show",
            ) from None
    second = [keys.ml_dsa for keys in found.values() if keys.ml_dsa is not None]
    if len(set(second)) < len(second):
        raise PolicyInvalid("a post-quantum signing key belongs to two members", where="policies/access.yaml")
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """One signature that is asked for: who may give it (keyids), and in words."""

    keyids: frozenset[str]
    words: str


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whose signatures make a statement count, and when there are enough of them.

    The one place where that is decided, for gate, vault, training, verify and the hooks. ``trusted``: keys
    by keyid; of ``alternatives`` one must be filled as a whole, each place by somebody else.
    """

    trusted: dict[str, MemberKeys]
    alternatives: tuple[tuple[Place, ...], ...]

    @classmethod
    def of(cls, access: Access, signers: Signers) -> Quorum:
        """Raises PolicyInvalid as :func:`member_keys`."""
        members: dict[str, Member] = {}
        alternatives = []
        for parts in signers.alternatives:
            places: list[Place] = []
            for part in parts:
                found = access.in_roles(part.roles)
                members |= {one.keyid: one for one in found}
                who = f"role {' or '.join(part.roles)}" if part.roles else "any writer"
                places += [Place(frozenset(one.keyid for one in found), who)] * part.threshold
            alternatives.append(tuple(places))
        return cls(member_keys(members.values()), tuple(alternatives))

    def lacking(self, signers: Iterable[str]) -> tuple[str, ...]:
        """In words which signatures are missing besides those of these keyids (of what lacks least)."""
        have = sorted(signers)
        return min((self._open(places, have) for places in self.alternatives), key=len, default=("anybody",))

    @staticmethod
    def _open(places: tuple[Place, ...], have: list[str]) -> tuple[str, ...]:
        fits = [[n for n, keyid in enumerate(have) if keyid in place.keyids] for place in places]
        filled = set(matched(fits).values())
        return tuple(place.words for n, place in enumerate(places) if n not in filled)
