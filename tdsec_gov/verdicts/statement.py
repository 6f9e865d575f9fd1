"""A verdict as an in-toto Statement v1 (in-toto.io/Statement/v1), strictly there and back."""

from __future__ import annotations

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.domain.dataset import DatasetVersion, is_oid, is_sha256
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.domain.verdict import LogHead, Verdict
from tdsec_gov.domain.waiver import UsedWaiver
from tdsec_gov.errors import IntegrityError
from tdsec_gov.verdicts.predicate import STATEMENT_TYPE

PREDICATE_TYPE = "urn:tdsec-gov:gate-verdict:v1"
_KEYS = {
    *("format", "result", "evaluated_at", "expires_at", "tool", "policy", "dataset", "source", "checks"),
    *("reasons", "purpose", "legal_basis", "retention", "sequence", "previous", "checkpoint"),
}


def to_statement(verdict: Verdict) -> bytes:
    """Canonical bytes of the Statement whose subject is the version and whose predicate the verdict."""
    version = verdict.version
    predicate: dict[str, JsonValue] = {
        "format": 1,
        "result": verdict.result.value,
        "evaluated_at": verdict.evaluated_at,
        "expires_at": verdict.expires_at,
        "tool": verdict.tool,
        "policy": {"sha256": verdict.policy, "rule": verdict.rule},
        "dataset": version.as_json(),
        "source": verdict.source,
        "checks": [result.as_json() for result in verdict.results],
        "reasons": list(verdict.reasons),
        "purpose": verdict.purpose,
        "legal_basis": verdict.legal_basis,
        "retention": verdict.retention,
        "sequence": verdict.sequence,
        "previous": verdict.previous,
        "checkpoint": verdict.checkpoint.as_json() if verdict.checkpoint else None,
    }
    if verdict.waivers:  # left out otherwise: verdicts of earlier releases are read as they are
        predicate["waivers"] = [one.as_json() for one in verdict.waivers]
    return canonical_bytes(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": version.name, "digest": {"sha256": version.root}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def from_statement(payload: bytes) -> Verdict:
    """Parse what :func:`to_statement` wrote, and refuse anything else.

    Raises:
        IntegrityError: another type or format, unknown keys, or a subject that is not the dataset.
    """
    body = parse_object(payload, "verdict")
    predicate = body.get("predicate")
    if body.get("_type") != STATEMENT_TYPE or body.get("predicateType") != PREDICATE_TYPE:
        raise IntegrityError("not a gate verdict", expected=PREDICATE_TYPE)
    if not isinstance(predicate, dict) or set(predicate) - {"waivers"} != _KEYS or predicate["format"] != 1:
        raise IntegrityError("verdict has an unknown format", expected="format 1")
    try:
        verdict = _verdict(predicate)
    except (TypeError, ValueError, KeyError):
        raise IntegrityError("verdict is malformed") from None
    if to_statement(verdict) != payload:
        raise IntegrityError("verdict is not in canonical form, or its subject is not its dataset")
    return verdict


def _verdict(item: dict[str, JsonValue]) -> Verdict:
    dataset, policy, checkpoint = item["dataset"], item["policy"], item["checkpoint"]
    checks, reasons, sequence = item["checks"], item["reasons"], item["sequence"]
    if not isinstance(dataset, dict) or not isinstance(policy, dict):
        raise ValueError("malformed")
    if not isinstance(checks, list) or not isinstance(reasons, list) or type(sequence) is not int:
        raise ValueError("malformed")
    result = Status(str(item["result"]))
    if result is Status.ERROR:
        raise ValueError("a verdict is never ERROR")
    return Verdict(
        version=_version(dataset),
        result=result,
        evaluated_at=str(item["evaluated_at"]),
        expires_at=str(item["expires_at"]),
        tool=str(item["tool"]),
        policy=str(policy["sha256"]),
        rule=str(policy["rule"]),
        results=tuple(CheckResult.from_json(one) for one in checks),
        reasons=tuple(str(one) for one in reasons),
        source=None if item["source"] is None else str(item["source"]),
        purpose=str(item["purpose"]),
        legal_basis=str(item["legal_basis"]),
        retention=str(item["retention"]),
        sequence=sequence,
        previous=None if item["previous"] is None else str(item["previous"]),
        checkpoint=_head(checkpoint),
        waivers=_waivers(item.get("waivers", [])),
    )


def _waivers(items: JsonValue) -> tuple[UsedWaiver, ...]:
    if not isinstance(items, list):
        raise ValueError("malformed waivers")
    found = []
    for item in items:
        if not isinstance(item, dict) or not is_sha256(item["sha256"]):
            raise ValueError("malformed waiver")
        code = None if item["code"] is None else str(item["code"])
        words = (str(item[key]) for key in ("approver", "expires"))
        found.append(UsedWaiver(str(item["sha256"]), str(item["check"]), code, *words))
    return tuple(found)


def _version(item: dict[str, JsonValue]) -> DatasetVersion:
    name, root, oid = item["name"], item["sha256"], item["md5"]
    files, size, content = item["files"], item["bytes"], item["content_sha256"]
    if not isinstance(name, str) or not is_sha256(root) or not is_oid(oid):
        raise ValueError("malformed dataset")
    if type(files) is not int or type(size) is not int:
        raise ValueError("malformed dataset")
    version = DatasetVersion(
        name, str(root), str(oid), files, size, None if content is None else str(content)
    )
    if version.is_folder != (content is None) or not (content is None or is_sha256(content)):
        raise ValueError("malformed dataset")
    return version


def _head(item: JsonValue) -> LogHead | None:
    if item is None:
        return None
    if not isinstance(item, dict) or not isinstance(item["size"], int):
        raise ValueError("malformed checkpoint")
    return LogHead(str(item["origin"]), item["size"], str(item["root"]))
