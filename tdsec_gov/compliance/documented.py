"""The three questions on documentation: purpose, legal basis, retention. Each with its evidence.

What GDPR Art. 5(1)(b), 5(1)(e) and 6 ask to be on record; whether it suffices is for people to judge.
"""

from __future__ import annotations

import datetime as dt

from tdsec_gov.compliance.values import NO_EVIDENCE, NOT_STATED, Check, Run, VersionFact
from tdsec_gov.policy.source_models import Source

_FILE = "policies/sources.yaml"


def checks_of(
    source: Source | None, versions: tuple[VersionFact, ...], runs: tuple[Run, ...], today: dt.date
) -> tuple[Check, ...]:
    """The checks ``purpose_documented``, ``legal_basis_documented`` and ``retention_policy``."""
    accepted = tuple(one for one in versions if one.verdict.accepted and one.in_range)
    return (_purpose(source, accepted, runs), _legal_basis(source, accepted), _retention(source, today))


def _check(name: str, good: list[str], bad: list[str]) -> Check:
    return Check(name, not bad, (*bad, *good))


def _on_record(source: Source | None) -> str:
    return f"{_FILE}, source '{source.id}'" if source else _FILE


def _purpose(source: Source | None, accepted: tuple[VersionFact, ...], runs: tuple[Run, ...]) -> Check:
    stated = source.purpose if source else None
    good, bad = [], []
    if stated:
        good.append(f"purpose '{stated}' ({_on_record(source)})")
    else:
        bad.append(f"purpose: {NOT_STATED} ({_on_record(source)})")
    silent = [one.run_id for one in runs if not one.purpose]
    other = [f"{one.run_id} ('{one.purpose}')" for one in runs if one.purpose and not _same(one, stated)]
    if silent:
        bad.append(f"{len(silent)} of {len(runs)} training runs state no purpose: {_some(silent)}")
    if other:
        bad.append(f"{len(other)} of {len(runs)} training runs state another purpose: {_some(other)}")
    same = len(runs) - len(silent) - len(other)
    if same:
        good.append(f"{same} of {len(runs)} training runs in the range state this purpose")
    good += _in_verdicts("purpose", [one.verdict.purpose for one in accepted])
    return _check("purpose_documented", good, bad)


def _same(run: Run, stated: str | None) -> bool:
    """Whether the run states this purpose; one on several datasets states theirs, set apart by ``; ``."""
    wanted = " ".join((stated or "").split())
    given = " ".join(run.purpose.split())
    return bool(wanted) and (given == wanted or wanted in given.split("; "))


def _legal_basis(source: Source | None, accepted: tuple[VersionFact, ...]) -> Check:
    name, where = "legal_basis_documented", _on_record(source)
    if source is None:
        return _check(name, [], [f"legal basis: {NOT_STATED} ({where})"])
    basis = source.legal_basis
    good, bad = [f"personal data: {source.personal_data} ({where})"], []
    if basis is None and source.personal_data == "none":
        good.append("no legal basis is stated, and the record says there is no personal data")
    elif basis is None or not basis.article.strip():
        bad.append(f"legal basis: {NOT_STATED} ({where})")
    else:
        good.append(f"legal basis: {basis.article} ({where})")
        if basis.evidence:
            good.append(f"evidence kept at: {basis.evidence}")
        else:
            bad.append(f"{NO_EVIDENCE} for the legal basis ({where})")
    good += _in_verdicts("legal basis", [one.verdict.legal_basis for one in accepted])
    return _check(name, good, bad)


def _retention(source: Source | None, today: dt.date) -> Check:
    retention, where = (source.retention if source else None), _on_record(source)
    if retention is None or (retention.until is None and not retention.basis.strip()):
        return _check("retention_policy", [], [f"retention: {NOT_STATED} ({where})"])
    good, bad = [f"basis: {retention.basis.strip() or NOT_STATED} ({where})"], []
    if retention.until is None:
        good.append(f"end date: {NOT_STATED}")
    elif retention.until < today:
        bad.append(f"retention ended on {retention.until}, {(today - retention.until).days} days ago")
    else:
        good.append(f"kept until {retention.until}, {(retention.until - today).days} days left")
    return _check("retention_policy", good, bad)


def _in_verdicts(what: str, texts: list[str]) -> list[str]:
    """How many signed verdicts carried the same statement when they were given."""
    if not texts:
        return [f"{NO_EVIDENCE} from verdicts: none was accepted in the range"]
    stated = sum(1 for text in texts if text)
    return [f"{stated} of {len(texts)} accepted verdicts in the range carry a {what}"]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
