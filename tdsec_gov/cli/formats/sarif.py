"""SARIF 2.1.0 (OASIS): one run, a rule per finding code, a result per finding.

The data itself is not in git, so a result points at the pointer file, which is; the place inside the dataset
stands beside it as a logical location. Row numbers are counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from tdsec_gov import __version__
from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.domain.canonical import canonical_bytes, sha256_hex
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.verdict import Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
DENIED = "verdict"
"""The rule of a denial that no finding explains (a rule without checks, a missing answer)."""
_LEVELS = {Severity.NOTE: "note", Severity.WARN: "warning", Severity.DENY: "error"}


def sarif(judged: Iterable[tuple[str, Verdict]]) -> dict[str, Any]:
    """The SARIF log of verdicts, each with the path of its dataset's pointer file."""
    pairs = list(judged)
    results = [result for pointer, verdict in pairs for result in _results(pointer, verdict)]
    used = sorted({str(result["ruleId"]) for result in results})
    driver = {"name": "tdsec-gov", "version": __version__, "rules": [_rule(code) for code in used]}
    for result in results:
        result["ruleIndex"] = used.index(result["ruleId"])
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not any(_erred(verdict) for _, verdict in pairs)}],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _erred(verdict: Verdict) -> bool:
    return any(result.status is Status.ERROR for result in verdict.results)


def _rule(code: str) -> dict[str, Any]:
    if code == DENIED:
        return {"id": code, "shortDescription": {"text": "The gate denied this version"}}
    words = EXPLANATIONS[code]
    return {
        "id": code,
        "shortDescription": {"text": words.title},
        "fullDescription": {"text": words.meaning},
        "help": {"text": words.fix},
    }


def _results(pointer: str, verdict: Verdict) -> Iterator[dict[str, Any]]:
    denied = False
    for result in verdict.results:
        for finding in result.findings:
            denied = denied or finding.severity is Severity.DENY
            yield _result(pointer, verdict, result, finding)
    if not verdict.accepted and not denied:
        name = verdict.version.name
        for reason in verdict.reasons:
            yield _entry(DENIED, "error", reason, pointer, name, [verdict.version.root, reason], {})


def _result(pointer: str, verdict: Verdict, result: CheckResult, finding: Finding) -> dict[str, Any]:
    version = verdict.version
    inside = finding.file if finding.file and version.is_folder else None
    place = "/".join(part for part in (version.name, inside) if part)
    parts = [version.root, result.check, finding.code, finding.file, finding.column, finding.message]
    waived = [
        one for one in verdict.waivers if one.check == result.check and one.code in (None, finding.code)
    ]
    more = {
        "check": result.check,
        "sha256": version.root,
        "column": finding.column,
        "count": finding.count,
        "rows": list(finding.rows),
    }
    entry = _entry(finding.code, _LEVELS[finding.severity], finding.words, pointer, place, parts, more)
    if waived and finding.severity is Severity.DENY:
        why = [f"waived by {one.approver} until {one.expires[:10]}" for one in waived]
        entry["suppressions"] = [{"kind": "external", "justification": reason} for reason in why]
    return entry


def _plain(text: str) -> str:
    """``text`` without embedded links (SARIF 3.11.6): names of columns are those of whoever made the data."""
    return text.replace("](", "] (")


def _entry(
    rule: str, level: str, text: str, pointer: str, place: str, parts: list[Any], more: dict[str, Any]
) -> dict[str, Any]:
    location = {
        "physicalLocation": {"artifactLocation": {"uri": quote(pointer)}, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}],
    }
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": _plain(text)},
        "locations": [location],
        "partialFingerprints": {"tdsec/v1": sha256_hex(canonical_bytes(parts))},
        "properties": {name: value for name, value in more.items() if value not in (None, [])},
    }
