"""Source on record: where the data is from, how far it is trusted, and by which right it is held.

Reads nothing but the source record (policies/sources.yaml). GDPR Art. 5(1)(e), 6 and 30(1) name the
facts that must be on record; the review date is our own rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.refusals import nothing_to_check
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.policy.source_models import TRUST_LEVELS

TRUST = tuple(reversed(TRUST_LEVELS))
PERSONAL = ("none", "personal", "special", "unknown")
_ARTICLE = re.compile(
    r"(?:GDPR\s*)?(?:Art(?:icle|\.)?\s*)?(?:6\s*\(1\)\s*\(?[a-f]\)?|9\s*\(2\)\s*\(?[a-j]\)?)", re.I
)
_DENY, _WARN = Severity.DENY, Severity.WARN


class SourceOnRecord:
    """Findings TDS100 to TDS119; settings ``min_trust``, ``review_grace_days``, ``legal_basis_required``."""

    name: ClassVar[str] = "source"

    def run(self, given: CheckInput) -> CheckResult:
        """Judge the source record at ``given.now``. Raises PolicyInvalid for bad settings."""
        params = Params(self.name, given.params)
        least = params.choice("min_trust", TRUST[1:], "curated")
        grace = params.number("review_grace_days", 30, 0, 365)
        basis = params.flag("legal_basis_required", True)
        params.done()
        if not given.files:
            return nothing_to_check(self.name)
        if given.source is None:
            finding = Finding("TDS100", _DENY, "no source is on record for this dataset")
            return CheckResult.from_findings(self.name, [finding])
        today = given.now.astimezone(UTC).date()
        findings = [
            *_trust(given.source, least),
            *_right(given.source, basis),
            *_retention(given.source, today),
            *_review(given.source, today, int(grace or 0)),
            *_people(given.source),
        ]
        trust = given.source.get("trust")
        rank = TRUST.index(str(trust)) if trust in TRUST else 0
        return CheckResult.from_findings(
            self.name,
            findings,
            metric=float(rank),
            threshold=float(TRUST.index(least)),
            not_checked=("whether what the source record says is true",),
        )


def _personal(source: Mapping[str, JsonValue]) -> str:
    value = source.get("personal_data", "unknown")
    return str(value) if value in PERSONAL else "unknown"


def _trust(source: Mapping[str, JsonValue], least: str) -> Iterator[Finding]:
    trust = source.get("trust")
    if trust not in TRUST or trust == "unknown":
        yield Finding("TDS102", _DENY, "the source's trust level is unknown")
    elif TRUST.index(str(trust)) < TRUST.index(least):
        yield Finding("TDS101", _DENY, f"the source's trust level is {trust}, below {least}")


def _right(source: Mapping[str, JsonValue], required: bool) -> Iterator[Finding]:
    kind = _personal(source)
    if kind == "unknown":
        yield Finding("TDS104", _WARN, "the source record does not say whether there is personal data")
    if kind == "none" or not required:
        return
    basis = source.get("legal_basis")
    if not isinstance(basis, dict) or not basis.get("article"):
        yield Finding("TDS103", _DENY, "personal data, or unknown, and no legal basis on record")
        return
    if not basis.get("evidence"):
        yield Finding("TDS105", _DENY, "the legal basis names no evidence")
    article = str(basis["article"]).strip()
    if not _ARTICLE.search(article):
        yield Finding("TDS106", _WARN, "the legal basis is not one of GDPR Art. 6(1)(a) to (f)")
    if kind == "special" and not re.search(r"\b9\s*\(2\)", article):
        yield Finding("TDS107", _DENY, "special categories, and no exception of GDPR Art. 9(2) on record")
    if not source.get("purpose"):
        yield Finding("TDS112", _WARN, "personal data and no purpose on record")
    if kind != "unknown" and not source.get("data_categories"):
        yield Finding("TDS113", _WARN, "personal data and no categories of data on record")


def _retention(source: Mapping[str, JsonValue], today: date) -> Iterator[Finding]:
    retention = source.get("retention")
    needed = _DENY if _personal(source) != "none" else _WARN
    if not isinstance(retention, dict):
        yield Finding("TDS108", needed, "no retention is on record")
        return
    until = _date(retention.get("until"))
    if until is None and not retention.get("basis"):
        yield Finding("TDS108", needed, "no retention is on record")
    elif until is False:
        yield Finding("TDS114", _DENY, "the source record holds a malformed date: retention.until")
    elif isinstance(until, date) and until < today:
        yield Finding("TDS109", _DENY, f"retention ended {(today - until).days} days ago")


def _review(source: Mapping[str, JsonValue], today: date, grace: int) -> Iterator[Finding]:
    review = source.get("review")
    if not isinstance(review, dict) or not review.get("by"):
        yield Finding("TDS110", _WARN, "the source record was never reviewed")
        return
    done, expires = _date(review.get("on")), _date(review.get("expires"))
    if done is False or expires is False:
        yield Finding("TDS114", _DENY, "the source record holds a malformed date: review")
        return
    if isinstance(done, date) and done > today:
        yield Finding("TDS115", _DENY, "the review is dated in the future")
    if isinstance(expires, date) and expires < today:
        late = (today - expires).days
        severity = _DENY if late > grace else _WARN
        yield Finding("TDS111", severity, f"the review expired {late} days ago; {grace} days are tolerated")


def _people(source: Mapping[str, JsonValue]) -> Iterator[Finding]:
    contact = source.get("contact")
    if not isinstance(contact, dict) or not contact.get("name"):
        severity = _DENY if _personal(source) != "none" else _WARN
        yield Finding("TDS116", severity, "no contact is on record")


def _date(value: JsonValue) -> date | bool | None:
    """The date, None when there is none, False when it is malformed."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return False
