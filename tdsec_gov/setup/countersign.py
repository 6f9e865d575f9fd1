"""Second signatures on what a member has signed already, before their second signature is demanded."""

from __future__ import annotations

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import IntegrityError, KeyUnavailable, SignerUntrusted, Unverified, UsageError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.keys.mldsa import SigningKey
from tdsec_gov.policy.load import policies_from
from tdsec_gov.repo.repository import Repository

ACCESS = "policies/access.yaml"
_FOLDER, _SUFFIX = ".tdsec", ".intoto.jsonl"


def countersign(repository: Repository, identity: Identity) -> list[str]:
    """Add my ML-DSA-65 signature to every statement in ``.tdsec`` that my Ed25519 key signed.

    Only while policies/access.yaml accepts my Ed25519 signature alone: nothing is signed that does
    not count today, so that a statement stripped or forged later cannot be made good this way.
    Returns the paths of what was written.

    Raises:
        KeyUnavailable: no ML-DSA-65 key. SignerUntrusted: not a member.
        UsageError: policies/access.yaml demands the second signature already.
    """
    second = _second(repository, identity)
    tree, written = WorkTree(repository.root), []
    for name in [one for one in tree.names(_FOLDER) if one.endswith(_SUFFIX)]:
        signed = _signed_again(tree.read(name) or b"", identity, second)
        if signed is not None:
            write_atomic(repository.root / name, signed)
            written.append(name)
    if written:
        details: dict[str, JsonValue] = {"statements": len(written), "keyid": second.verify_key.keyid}
        Journal.open(repository.root, identity).record(
            "key.countersign", "success", identity.name, details=details
        )
    return written


def _second(repository: Repository, identity: Identity) -> SigningKey:
    member = policies_from(WorkTree(repository.root)).access.member(identity.keyid)
    if identity.signing_pq is None:
        raise KeyUnavailable(
            "the identity has no post-quantum key", hint="run: tdsec key upgrade --post-quantum"
        )
    if member is None:
        raise SignerUntrusted(f"'{identity.name}' is no member", where=ACCESS, hint="add: tdsec key show")
    if member.signing_pq is not None:
        raise UsageError(
            "the second signature is demanded already: what lacks it does not count any more",
            where=ACCESS,
            hint="run: tdsec check --all (or take signing_pq out until you have countersigned)",
        )
    return identity.signing_pq


def _signed_again(data: bytes, identity: Identity, second: SigningKey) -> bytes | None:
    """The envelope with one more signature, None where it is not mine or has it."""
    try:
        envelope = Envelope.from_bytes(data)
        envelope.verified_by({identity.keyid: MemberKeys(identity.verify_key)})
    except (IntegrityError, Unverified):
        return None
    if second.verify_key.keyid in {keyid for keyid, _ in envelope.signatures}:
        return None
    return envelope.co_sign(second).to_bytes()
