"""From the members of policies/access.yaml to the keys that must sign for them.

The one place where statements get the keys they are verified with: a member's second signature cannot
be forgotten at a call site. (Checkpoints of the audit log are signed notes, Ed25519 alone.)
"""

from __future__ import annotations

from collections.abc import Iterable

from tdsec_gov.errors import KeyUnavailable, PolicyInvalid
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.policy.access_models import Member


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
