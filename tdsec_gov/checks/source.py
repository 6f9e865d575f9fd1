"""Source on record: where the data is from, how far it is trusted, and by which right it is held.

Reads the source record (policies/sources.yaml) and, for a version that was collected, its provenance
record. GDPR Art. 5(1)(b), 5(1)(e), 6 and 30(1) name the facts that must be on record; the review date is
our own rule. The digest of the record stands among the result's facts, which the verdict signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import ClassVar

from tdsec_gov.checks import source_rules as rules
from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.refusals import nothing_to_check
from tdsec_gov.checks.source_origin import origin
from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.policy.source_models import FIELDS, TRUST_LEVELS

TRUST = tuple(reversed(TRUST_LEVELS))
RAW_FIELDS = (
    "description",
    "supplier",
    "license",
    "acquired",
    "allowed_locations",
    "personal_data",
    "retention",
    "contact",
    "review",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """``required`` are the fields that a record must state, by trust level."""

    least: str
    grace: int
    basis: bool
    collected: bool
    required: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, given: Mapping[str, JsonValue]) -> Settings:
        """Raises PolicyInvalid for bad settings, all at once."""
        params = Params("source", given)
        least = params.choice("min_trust", TRUST[1:], "curated")
        grace = params.number("review_grace_days", 30, 0, 365)
        basis = params.flag("legal_basis_required", True)
        collected = params.flag("collected_only", False)
        required = {
            "internal": params.strings("required_internal", (), FIELDS),
            "partner": params.strings("required_partner", ("contact", "retention"), FIELDS),
            "curated": params.strings("required_curated", ("contact", "retention"), FIELDS),
            "raw": params.strings("required_raw", RAW_FIELDS, FIELDS),
        }
        params.done()
        return cls(least, int(grace or 0), basis, collected, required)


class SourceOnRecord:
    """Findings TDS100 to TDS129; settings: see :class:`Settings`."""

    name: ClassVar[str] = "source"

    def run(self, given: CheckInput) -> CheckResult:
        """Judge the source record at ``given.now``. Raises PolicyInvalid for bad settings."""
        settings = Settings.of(given.params)
        if not given.files:
            return nothing_to_check(self.name)
        findings = judge(given.source, settings, given.now.astimezone(UTC).date())
        facts: dict[str, JsonValue] = {}
        if given.source is not None:
            facts["source_sha256"] = record_digest(given.source)
            found, where = origin(given)
            findings += found
            facts |= where
            if settings.collected and not where and not found:
                text = "the policy asks for collected data, and this version was not collected"
                findings.append(Finding("TDS123", Severity.DENY, text))
        trust = str(given.source.get("trust")) if given.source else "unknown"
        return CheckResult.from_findings(
            self.name,
            findings,
            metric=float(TRUST.index(trust)) if trust in TRUST else 0.0,
            threshold=float(TRUST.index(settings.least)),
            not_checked=("whether what the source record says is true",),
            facts=facts,
        )


def judge(source: Mapping[str, JsonValue] | None, settings: Settings, today: date) -> list[Finding]:
    """What is wrong with a source record on ``today``; None is no record."""
    if source is None:
        return [Finding("TDS100", Severity.DENY, "no source is on record for this dataset")]
    trust = str(source.get("trust"))
    findings = [
        *rules.trust(source, TRUST, settings.least),
        *rules.right(source, settings.basis),
        *rules.retention(source, today),
        *rules.review(source, today, settings.grace),
        *rules.people(source),
        *rules.uses(source),
        *rules.opt_out(source),
    ]
    too_low = any(one.code in ("TDS101", "TDS102") for one in findings)
    required = () if too_low else settings.required.get(trust, ())
    return rules.with_required(findings, source, trust, required)


def record_digest(source: Mapping[str, JsonValue]) -> str:
    """SHA-256 of the canonical form of a source record."""
    return sha256_hex(canonical_bytes(dict(source)))
