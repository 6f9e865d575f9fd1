"""A waiver, and its revocation, as in-toto Statements v1, strictly there and back."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, sha256_hex
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.errors import IntegrityError, UsageError
from tdsec_gov.verdicts.predicate import PredicateType
from tdsec_gov.verdicts.verify import format_time, parse_time

WAIVER = PredicateType(
    "urn:tdsec-gov:waiver:v1",
    "waiver",
    frozenset({"check", "code", "reason", "created", "expires", "approver"}),
)
REVOCATION = PredicateType(
    "urn:tdsec-gov:waiver-revocation:v1", "revocation", frozenset({"reason", "created"})
)
LEAST_REASON = 10
_CODE = re.compile(r"TDS[0-9]{3}\Z")
_CHECK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Revocation:
    """Somebody took a waiver back: its digest, why, and when (RFC 3339 UTC)."""

    waiver: str
    reason: str
    created: str


def new_waiver(version: tuple[str, str], what: str, reason: str, until: dt.date, now: dt.datetime) -> Waiver:
    """A waiver of ``what`` (``check`` or ``check:CODE``) for ``(dataset, root)``, through ``until``.

    Raises:
        UsageError: a word is malformed, the reason is too short, or the date lies in the past.
    """
    check, colon, code = what.partition(":")
    if not _CHECK.match(check) or (colon and not _CODE.match(code)):
        raise UsageError("not a check", expected="CHECK or CHECK:CODE, such as pii or pii:TDS300", found=what)
    text = " ".join(reason.split())
    if len(text) < LEAST_REASON:
        raise UsageError(
            "the reason is too short",
            expected=f"{LEAST_REASON} characters or more",
            found=len(text),
            hint="say why this is acceptable, for whoever reads the report",
        )
    expires = dt.datetime.combine(until, dt.time(23, 59, 59), dt.UTC)
    if expires <= now:
        raise UsageError("--until lies in the past", expected=f"{now.date()} or later", found=until)
    return Waiver(*version, check, code or None, text, format_time(now), format_time(expires))


def to_statement(waiver: Waiver) -> bytes:
    """Canonical bytes of the Statement whose subject is the version and whose predicate the waiver."""
    predicate: dict[str, JsonValue] = {
        "check": waiver.check,
        "code": waiver.code,
        "reason": waiver.reason,
        "created": waiver.created,
        "expires": waiver.expires,
        "approver": waiver.approver,
    }
    return WAIVER.payload(waiver.dataset, waiver.root, predicate)


def from_statement(payload: bytes, approver: str) -> Waiver:
    """Parse what :func:`to_statement` wrote; ``approver`` is the keyid whose signature was verified.

    Raises:
        IntegrityError: anything else.
    """
    said = WAIVER.read(payload)
    item = said.predicate
    code, texts = item["code"], [item[key] for key in ("check", "reason", "created", "expires")]
    if not (code is None or (isinstance(code, str) and _CODE.match(code))):
        raise IntegrityError("waiver is malformed")
    check, reason, created, expires = (WAIVER.text(one) for one in texts)
    if not _CHECK.match(check) or len(reason) < LEAST_REASON:
        raise IntegrityError("waiver is malformed")
    for moment in (created, expires):
        parse_time(moment)
    waiver = Waiver(
        said.name, said.digest, check, code, reason, created, expires, sha256_hex(payload), approver
    )
    if to_statement(waiver) != payload:
        raise IntegrityError("waiver is not in canonical form, or signed by another than its approver")
    return waiver


def to_revocation(dataset: str, revocation: Revocation) -> bytes:
    """Canonical bytes of the Statement whose subject is the waiver (by the SHA-256 of its statement)."""
    predicate: dict[str, JsonValue] = {"reason": revocation.reason, "created": revocation.created}
    return REVOCATION.payload(dataset, revocation.waiver, predicate)


def from_revocation(payload: bytes) -> Revocation:
    """Raises IntegrityError unless :func:`to_revocation` wrote it."""
    said = REVOCATION.read(payload)
    reason, created = (REVOCATION.text(said.predicate[key]) for key in ("reason", "created"))
    parse_time(created)
    return Revocation(said.digest, reason, created)
