"""Small wordings that every rendering shares."""

from __future__ import annotations

from tdsec_gov.compliance.values import PendingFact, ReportFacts, VersionFact, WaiverFact
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult

FOOTER = (
    "This report presents evidence for somebody's judgement. It is no legal advice, and it does not "
    "say that any law or standard is met."
)


def range_words(facts: ReportFacts) -> str:
    """``from ... until ...`` in words; the end is not included."""
    start = facts.span.since or "the beginning"
    return f"from {start} to before {facts.span.until}"


def plural(count: int, noun: str) -> str:
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else many}"


def verdict_words(fact: VersionFact) -> str:
    """The verdict's result, and whether time has overtaken it."""
    return fact.verdict.result.value + (" (expired)" if fact.expired and fact.verdict.accepted else "")


def waiver_words(waiver: WaiverFact) -> str:
    """Who let which check fail, until when and why; and its state where it does not hold."""
    state = "" if waiver.state == "holds" else f" [{waiver.state}]"
    until = waiver.expires[:10] or "?"
    return f"{waiver.what}, waived by {waiver.approver} until {until}: {waiver.reason}{state}"


def used_words(waiver: WaiverFact) -> str:
    """Which accepted versions stand on it."""
    roots = ", ".join(root[:12] for root in waiver.used_by)
    return f"the accepted version {roots} stands on it" if roots else "no accepted version stands on it"


def pending_words(one: PendingFact) -> str:
    """A version that waits, in a line."""
    lacking = ", ".join(one.lacking)
    return f"waits for {lacking}: {one.root[:12]} ({one.result}), signed by {', '.join(one.signers)}"


def check_words(result: CheckResult) -> str:
    """What a check measured and found, in codes and counts."""
    parts = []
    if result.metric is not None:
        limit = "" if result.threshold is None else f" (threshold {result.threshold:g})"
        parts.append(f"metric {result.metric:g}{limit}")
    for finding in result.findings:
        parts.append(f"{finding.code} {finding.severity.value}: {finding.message}")
    return "; ".join(parts) or "nothing found"


def figures_words(figures: tuple[tuple[str, JsonValue], ...]) -> str:
    """Recorded figures as ``name value``; nested ones are counted, not spelled out."""
    return ", ".join(f"{name} {_short(value)}" for name, value in figures) or "no figures recorded"


def _short(value: JsonValue) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    if isinstance(value, dict):
        return f"{{{len(value)}}}"
    return str(value)
