"""Placement: a writer's signed word for an object that no verdict covers, or that lies under a path.

What the gate does not check (models, metrics, run cache, version-aware remotes) still needs one: a
rule with ``exempt`` in policies/policy.yaml gives the reason, the writer signs name, size and SHA-256.
The statement lies sealed in the vault beside the object, under a name that content and place decide,
so that an object and its word never part; ``sequence`` grows with every new content of a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_canonical
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.errors import DataTampered, IntegrityError
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.members import Trusted

PREDICATE_TYPE = "urn:tdsec-gov:vault-placement:v1"
_KEYS = {"format", "vault", "dataset", "size", "sequence", "reason"}


@dataclass(frozen=True, slots=True)
class Placement:
    """``name`` is the oid or path in the vault ``label``; ``dataset`` what the rule was chosen by;
    ``size`` in bytes; ``sequence`` in microseconds since 1970, growing per name."""

    label: str
    name: str
    dataset: str
    sha256: str
    size: int
    sequence: int
    reason: str

    def signed(self, identity: Identity) -> bytes:
        """The envelope that says so."""
        predicate: dict[str, JsonValue] = {
            "format": 1,
            "vault": self.label,
            "dataset": self.dataset,
            "size": self.size,
            "sequence": self.sequence,
            "reason": self.reason,
        }
        statement = canonical_bytes(
            {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": self.name, "digest": {"sha256": self.sha256}}],
                "predicateType": PREDICATE_TYPE,
                "predicate": predicate,
            }
        )
        return Envelope.sign(statement, *identity.signers).to_bytes()

    @classmethod
    def verified(cls, data: bytes, writers: Mapping[str, Trusted]) -> Placement:
        """Read an envelope signed by one of ``writers``.

        Raises:
            SignerUntrusted, SignatureInvalid: it is not. IntegrityError: it is malformed.
        """
        envelope = Envelope.from_bytes(data)
        envelope.verified_by(writers)
        body = parse_canonical(envelope.payload, "placement")
        predicate, subject = body.get("predicate"), body.get("subject")
        try:
            if body["predicateType"] != PREDICATE_TYPE or not isinstance(predicate, dict):
                raise ValueError("type")
            if set(predicate) != _KEYS or predicate["format"] != 1:
                raise ValueError("keys")
            if not isinstance(subject, list) or len(subject) != 1 or not isinstance(subject[0], dict):
                raise ValueError("subject")
            digest, size, sequence = subject[0]["digest"], predicate["size"], predicate["sequence"]
            sha256 = digest["sha256"] if isinstance(digest, dict) else None
            if not is_sha256(sha256) or type(size) is not int or type(sequence) is not int:
                raise ValueError("values")
        except (ValueError, KeyError):
            raise IntegrityError("placement is malformed") from None
        texts = (str(predicate[key]) for key in ("vault", "dataset", "reason"))
        label, dataset, reason = texts
        return cls(label, str(subject[0]["name"]), dataset, str(sha256), size, sequence, reason)

    def require(self, label: str, name: str, size: int, sha256: str) -> None:
        """Raises DataTampered unless the statement speaks of this very object."""
        if (self.label, self.name, self.size, self.sha256) != (label, name, size, sha256):
            raise DataTampered("placement speaks of another object", where=name)
