"""The report as one JSON document, ``tdsec-report/v1``."""

from __future__ import annotations

import json
from dataclasses import asdict

from tdsec_gov.compliance.values import NOT_STATED, Entry, ReportFacts, VersionFact, WaiverFact
from tdsec_gov.compliance.words import FOOTER
from tdsec_gov.domain.canonical import JsonValue

FORMAT = "tdsec-report/v1"
_OUTCOMES = ("success", "denied", "failure")


def to_json(facts: ReportFacts) -> str:
    """Indented JSON with sorted keys and a final newline; the same facts give the same bytes."""
    return json.dumps(as_json(facts), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def as_json(facts: ReportFacts) -> dict[str, JsonValue]:
    """The report as plain values. ``models_trained`` counts the runs that ended with success."""
    span, basis = facts.span, facts.basis
    return {
        "format": FORMAT,
        "dataset": facts.dataset,
        "generated_at": facts.generated_at,
        "tool": facts.tool,
        "range": {
            "from": span.since or None,
            "to_before": span.until,
            "log_events": span.log_events,
            "events": span.events,
            "first": _entry(span.first),
            "last": _entry(span.last),
        },
        "audit_log": {
            "verified": True,
            **basis.head.as_json(),
            "covered": basis.covered,
            "checkpoints": list(basis.checkpoints),
        },
        "checks": {
            one.name: {"result": "PASS" if one.passed else "FAIL", "evidence": list(one.evidence)}
            for one in facts.checks
        },
        "findings": list(facts.findings),
        "versions": [_version(one) for one in facts.versions],
        "waivers": [_waiver(one) for one in facts.waivers],
        "signatures": {
            "asked": facts.quorum,
            "awaiting": [
                {**asdict(one), "signers": list(one.signers), "lacking": list(one.lacking)}
                for one in facts.pending
            ],
        },
        "unverified_verdicts": list(facts.unverified_verdicts),
        "current_md5": facts.current_oid,
        "source": {
            "id": facts.source.id or NOT_STATED,
            **dict(facts.source.fields),
            **dict(facts.source.more),
        },
        "events_by_action": {
            action: dict(zip(_OUTCOMES, counts, strict=True)) for action, *counts in facts.actions
        },
        "events_by_day": {day: dict(zip(_OUTCOMES, counts, strict=True)) for day, *counts in facts.days},
        "unique_users": len(facts.users),
        "users": [asdict(one) for one in facts.users],
        "purposes": [asdict(one) for one in facts.purposes],
        "models_trained": sum(one.outcome == "success" for one in facts.runs),
        "runs": [
            {**asdict(one), "versions": list(one.versions), "models": list(one.models)} for one in facts.runs
        ],
        "refusals": [_entry(one) for one in facts.refusals],
        "privacy": {
            "budget": facts.budget,
            "spent": [{**asdict(one), "figures": dict(one.figures)} for one in facts.spends],
        },
        "history": [{**asdict(one), "oid": one.oid or None} for one in facts.seen],
        "limits": list(facts.limits),
        "note": FOOTER,
    }


def _entry(entry: Entry | None) -> JsonValue:
    return None if entry is None else {**asdict(entry), "details": dict(entry.details)}


def _waiver(fact: WaiverFact) -> JsonValue:
    body = {**asdict(fact), "used_by": list(fact.used_by)}
    return {"sha256" if key == "digest" else key: value for key, value in body.items()}


def _version(fact: VersionFact) -> JsonValue:
    verdict = fact.verdict
    return {
        **verdict.version.as_json(),
        "result": verdict.result.value,
        "reasons": list(verdict.reasons),
        "expired": fact.expired,
        "in_range": fact.in_range,
        "current": fact.current,
        "signers": list(fact.signers),
        "evaluated_at": verdict.evaluated_at,
        "expires_at": verdict.expires_at,
        "tool": verdict.tool,
        "policy": verdict.policy,
        "rule": verdict.rule,
        "sequence": verdict.sequence,
        "previous": verdict.previous,
        "purpose": verdict.purpose or NOT_STATED,
        "legal_basis": verdict.legal_basis or NOT_STATED,
        "retention": verdict.retention or NOT_STATED,
        "envelope_sha256": fact.envelope_sha256,
        "checks": [result.as_json() for result in verdict.results],
        "waivers": [_waiver(one) for one in fact.waivers],
        "checkpoint": verdict.checkpoint.as_json() if verdict.checkpoint else None,
    }
