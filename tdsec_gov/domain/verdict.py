"""Verdict: the decision about one dataset version under one policy digest."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.domain.waiver import UsedWaiver


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where an audit log stood: its origin, number of events, Merkle root (64 hex digits)."""

    origin: str
    size: int
    root: str

    def as_json(self) -> dict[str, JsonValue]:
        return {"origin": self.origin, "size": self.size, "root": self.root}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided about one version, and on which grounds.

    ``result`` is PASSED, WARNED or FAILED; times are RFC 3339 UTC; ``policy`` the digest of all that
    decided it besides the bytes; ``reasons`` say in a line each why it is not PASSED; ``sequence``
    counts the verdicts of this dataset from 1, ``previous`` is the root of the last accepted version
    (anti-rollback); ``checkpoint`` where the audit log stood; ``waivers`` what it stands on besides.
    """

    version: DatasetVersion
    result: Status
    evaluated_at: str
    expires_at: str
    tool: str
    policy: str
    rule: str
    results: tuple[CheckResult, ...]
    reasons: tuple[str, ...] = ()
    source: str | None = None
    purpose: str = ""
    legal_basis: str = ""
    retention: str = ""
    sequence: int = 1
    previous: str | None = None
    checkpoint: LogHead | None = None
    waivers: tuple[UsedWaiver, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.result.denies
