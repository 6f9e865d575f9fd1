"""The single rules on a source record; each yields its findings. Pure: record and day in, findings out."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity

Record = Mapping[str, JsonValue]
PERSONAL = ("none", "personal", "special", "unknown")
_ARTICLE = re.compile(
    r"(?:GDPR\s*)?(?:Art(?:icle|\.)?\s*)?(?:6\s*\(1\)\s*\(?[a-f]\)?|9\s*\(2\)\s*\(?[a-j]\)?)", re.I
)
_PERIOD = re.compile(r"P([0-9]{1,4})([DWMY])\Z")
_DENY, _WARN = Severity.DENY, Severity.WARN
_OWN_CODE = {
    "retention": "TDS108",
    "review": "TDS110",
    "purpose": "TDS112",
    "data_categories": "TDS113",
    "contact": "TDS116",
    "personal_data": "TDS104",
    "legal_basis": "TDS103",
    "legal_basis.evidence": "TDS105",
}
"""Fields whose absence has a finding of its own, which a requirement raises to deny."""


def personal(source: Record) -> str:
    """Whether there is personal data, ``unknown`` for anything that is no answer."""
    value = source.get("personal_data", "unknown")
    return str(value) if value in PERSONAL else "unknown"


def trust(source: Record, levels: Sequence[str], least: str) -> Iterator[Finding]:
    """``levels`` from the least to the most trusted."""
    level = source.get("trust")
    if level not in levels or level == "unknown":
        yield Finding("TDS102", _DENY, "the source's trust level is unknown")
    elif levels.index(str(level)) < levels.index(least):
        yield Finding("TDS101", _DENY, f"the source's trust level is {level}, below {least}")


def right(source: Record, required: bool) -> Iterator[Finding]:
    """Legal basis, purpose and categories, where there may be personal data."""
    kind = personal(source)
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
    yield from _transfers(source)


def _transfers(source: Record) -> Iterator[Finding]:
    listed = source.get("transfers")
    items = listed if isinstance(listed, list) else []
    bare = [one for one in items if isinstance(one, dict) and not one.get("safeguard")]
    if bare:
        yield Finding("TDS126", _WARN, "transfers of personal data name no safeguard", count=len(bare))


def retention(source: Record, today: date) -> Iterator[Finding]:
    """No retention, retention over, or a period that nothing starts."""
    held = source.get("retention")
    needed = _DENY if personal(source) != "none" else _WARN
    if not isinstance(held, dict):
        yield Finding("TDS108", needed, "no retention is on record")
        return
    until = as_date(held.get("until"))
    ends = [until] if isinstance(until, date) else []
    if until is False:
        yield Finding("TDS114", _DENY, "the source record holds a malformed date: retention.until")
        return
    if held.get("period"):
        end = _end_of_period(source, str(held["period"]))
        if end is None:
            yield Finding("TDS118", needed, "the retention period has no beginning on record")
        else:
            ends.append(end)
    elif not ends and not held.get("basis"):
        yield Finding("TDS108", needed, "no retention is on record")
    if ends and min(ends) < today:
        yield Finding("TDS109", _DENY, f"retention ended {(today - min(ends)).days} days ago")


def _end_of_period(source: Record, period: str) -> date | None:
    """The last day of a period (``P90D``, ``P3Y``) from when the data was acquired, if that is known."""
    acquired = source.get("acquired")
    found = _PERIOD.match(period)
    if not isinstance(acquired, dict) or found is None:
        return None
    start = as_date(acquired.get("to")) or as_date(acquired.get("from"))
    if not isinstance(start, date):
        return None
    number, unit = int(found[1]), found[2]
    if unit in "DW":
        return start + timedelta(days=number * (7 if unit == "W" else 1))
    months = start.year * 12 + start.month - 1 + number * (12 if unit == "Y" else 1)
    year, month = min(months // 12, date.max.year), months % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def review(source: Record, today: date, grace: int) -> Iterator[Finding]:
    """Never reviewed, reviewed in the future, or too long ago: warn, and deny after ``grace`` days."""
    seen = source.get("review")
    if not isinstance(seen, dict) or not seen.get("by"):
        yield Finding("TDS110", _WARN, "the source record was never reviewed")
        return
    done, expires = as_date(seen.get("on")), as_date(seen.get("expires"))
    if done is False or expires is False:
        yield Finding("TDS114", _DENY, "the source record holds a malformed date: review")
        return
    if isinstance(done, date) and done > today:
        yield Finding("TDS115", _DENY, "the review is dated in the future")
    if isinstance(expires, date) and expires < today:
        late = (today - expires).days
        severity = _DENY if late > grace else _WARN
        yield Finding("TDS111", severity, f"the review expired {late} days ago; {grace} days are tolerated")


def people(source: Record) -> Iterator[Finding]:
    """Somebody to ask."""
    contact = source.get("contact")
    if not isinstance(contact, dict) or not contact.get("name"):
        severity = _DENY if personal(source) != "none" else _WARN
        yield Finding("TDS116", severity, "no contact is on record")


def uses(source: Record) -> Iterator[Finding]:
    """The purpose against the uses that the record allows and prohibits, word for word."""
    purpose = str(source.get("purpose") or "").strip().casefold()
    if purpose and purpose in _words(source, "prohibited_uses"):
        yield Finding("TDS124", _DENY, "the purpose on record is one of the prohibited uses")
    allowed = _words(source, "allowed_uses")
    if purpose and allowed and purpose not in allowed:
        yield Finding("TDS125", _WARN, "the purpose on record is not one of the allowed uses")


def opt_out(source: Record) -> Iterator[Finding]:
    """Scraped data, and nobody looked for a reservation against text and data mining."""
    acquired, rights = source.get("acquired"), source.get("copyright")
    scraped = isinstance(acquired, dict) and acquired.get("method") == "scraped"
    if scraped and not (isinstance(rights, dict) and rights.get("tdm_opt_out_checked")):
        yield Finding("TDS119", _WARN, "scraped, and nobody checked for a text and data mining opt-out")


def with_required(
    findings: Iterable[Finding], source: Record, level: str, required: Sequence[str]
) -> list[Finding]:
    """``findings``, and a denying one for each required field that the record does not state."""
    missing = [field for field in required if not stated(source, field)]
    raised = {_OWN_CODE[field] for field in missing if field in _OWN_CODE}
    kept = [replace(one, severity=_DENY) if one.code in raised else one for one in findings]
    told = {one.code for one in kept}
    for field in missing:
        if _OWN_CODE.get(field) not in told:
            text = f"'{field}' is not stated, and sources of trust level {level} must state it"
            kept.append(Finding("TDS117", _DENY, text))
    return kept


def stated(source: Record, field: str) -> bool:
    """Whether the record says something under ``field`` (``acquired.from``)."""
    value: JsonValue = dict(source)
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return any(_says(one) for one in value.values())
    return _says(value) and not (field == "personal_data" and value not in PERSONAL[:3])


def _says(value: JsonValue) -> bool:
    return value not in (None, "", [], False) and not (isinstance(value, str) and not value.strip())


def as_date(value: JsonValue) -> date | bool | None:
    """The date, None when there is none, False when it is malformed."""
    if value is None:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return False


def _words(source: Record, field: str) -> set[str]:
    value = source.get(field)
    return {str(one).strip().casefold() for one in value} if isinstance(value, list) else set()
