"""Placement: a writer's signed word for an object that no verdict covers, or that lies under a path.

What the gate does not check (models, metrics, run cache, version-aware remotes) still needs one: a
rule with ``exempt`` in policies/policy.yaml gives the reason, the writer signs name, size and SHA-256.
The statement lies sealed in the vault beside the object, under a name that content and place decide,
so that an object and its word never part; ``sequence`` grows with every new content of a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import DataTampered, IntegrityError
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.members import Trusted
from tdsec_gov.verdicts.predicate import PredicateType

PLACEMENT = PredicateType(
    "urn:tdsec-gov:vault-placement:v1",
    "placement",
    frozenset({"vault", "dataset", "size", "sequence", "reason"}),
)


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
            "vault": self.label,
            "dataset": self.dataset,
            "size": self.size,
            "sequence": self.sequence,
            "reason": self.reason,
        }
        statement = PLACEMENT.payload(self.name, self.sha256, predicate)
        return Envelope.sign(statement, *identity.signers).to_bytes()

    @classmethod
    def verified(cls, data: bytes, writers: Mapping[str, Trusted]) -> Placement:
        """Read an envelope signed by one of ``writers``.

        Raises:
            SignerUntrusted, SignatureInvalid: it is not. IntegrityError: it is malformed.
        """
        envelope = Envelope.from_bytes(data)
        envelope.verified_by(writers)
        said = PLACEMENT.read(envelope.payload)
        size, sequence = said.predicate["size"], said.predicate["sequence"]
        if type(size) is not int or type(sequence) is not int:
            raise IntegrityError("placement is malformed")
        label, dataset, reason = (
            PLACEMENT.text(said.predicate[key]) for key in ("vault", "dataset", "reason")
        )
        return cls(label, said.name, dataset, said.digest, size, sequence, reason)

    def require(self, label: str, name: str, size: int, sha256: str) -> None:
        """Raises DataTampered unless the statement speaks of this very object."""
        if (self.label, self.name, self.size, self.sha256) != (label, name, size, sha256):
            raise DataTampered("placement speaks of another object", where=name)
