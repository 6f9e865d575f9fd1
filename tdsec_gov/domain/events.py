"""AuditEvent: one recorded act, in the terms of CADF (DMTF DSP0262)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tdsec_gov.domain.canonical import JsonValue

ACTIONS = (
    "init",
    "source.add",
    "source.recheck",
    "collect",
    "fix.pii",
    "gate",
    "waive",
    "accept",
    "reveal",
    "calibrate",
    "review",
    "push",
    "pull",
    "verify",
    "key.reader",
    "key.countersign",
    "vault.verify",
    "vault.gc",
    "vault.import",
    "vault.rotate",
    "run.start",
    "run.end",
    "privacy.spend",
    "report",
    "checkpoint",
)
OUTCOMES = ("success", "failure", "denied")


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What somebody did, to what, why and with which outcome.

    ``event_time`` is RFC 3339 in UTC with a trailing ``Z``; ``action`` one of :data:`ACTIONS`;
    ``outcome`` one of :data:`OUTCOMES`; ``initiator`` the keyid of the acting identity (or ``-``);
    ``target`` a dataset name, run id or file; ``purpose`` and ``legal_basis`` as the policy states
    them (empty where it states none); ``details`` counts, digests and codes, never values.
    """

    event_time: str
    action: str
    outcome: str
    initiator: str
    target: str
    reason: str = ""
    purpose: str = ""
    legal_basis: str = ""
    details: dict[str, JsonValue] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "event_time": self.event_time,
            "action": self.action,
            "outcome": self.outcome,
            "initiator": self.initiator,
            "target": self.target,
            "reason": self.reason,
            "purpose": self.purpose,
            "legal_basis": self.legal_basis,
            "details": self.details,
        }
