"""The text that is hashed: one event with its number, as canonical JSON (RFC 8785).

This text is the authority; every other column is a projection of it and is checked against it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final, NoReturn

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.domain.events import ACTIONS, OUTCOMES, AuditEvent
from tdsec_gov.errors import IntegrityError, InternalError, LogTampered, UsageError

FORMAT: Final = "tdsec-audit/v1"
PROJECTED: Final = ("event_time", "action", "outcome", "initiator", "target", "purpose", "legal_basis")
TEXTS: Final = (*PROJECTED, "reason")
_KEYS: Final = frozenset((*TEXTS, "details", "format", "seq"))
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?Z\Z", re.ASCII)
_UNFIT = re.compile("[\x00-\x1f\ud800-\udfff]")


class _NotSimple(Exception):
    """This text needs the slow, complete way."""


def encode(seq: int, event: AuditEvent) -> str:
    """Canonical text of ``event`` as number ``seq``.

    Raises:
        InternalError: a field is outside what :class:`AuditEvent` allows.
        UsageError: a text is not valid Unicode, or holds a control character.
    """
    if event.action not in ACTIONS or event.outcome not in OUTCOMES:
        raise InternalError("audit event has an unknown action or outcome")
    sortable_time(event.event_time)
    fields = event.as_json()
    for name in TEXTS:
        text = fields[name]
        if not isinstance(text, str):
            raise InternalError("audit event is malformed", where=name, expected="a text")
        if _UNFIT.search(text):
            raise UsageError("text cannot be recorded in the audit log", where=name, expected="plain Unicode")
    try:
        body = canonical_bytes({"format": FORMAT, "seq": seq, **fields}).decode()
        read(body)  # a float of 2**53 or more turns into an integer that no reader takes
    except (UnicodeEncodeError, TypeError, RecursionError, LogTampered) as exc:
        raise InternalError("audit event details are not JSON", found=type(exc).__name__) from None
    return body


def sortable_time(text: str) -> str:
    """RFC 3339 UTC time with exactly six decimals, so that texts compare as times do.

    Raises:
        InternalError: not ``YYYY-MM-DDTHH:MM:SS[.ffffff]Z``.
    """
    match = _TIME.match(text)
    try:
        if match is None:
            raise ValueError
        datetime.fromisoformat(match[1])
    except ValueError:
        raise InternalError("time is not RFC 3339 in UTC", expected="2026-01-31T12:00:00Z") from None
    return f"{match[1]}.{(match[2] or '.')[1:]:0<6}Z"


def _not_simple(_: str) -> NoReturn:
    raise _NotSimple


def _short_int(text: str) -> int:
    if len(text) > 15:
        raise _NotSimple
    return int(text)


_scan = json.JSONDecoder(parse_float=_not_simple, parse_constant=_not_simple, parse_int=_short_int).raw_decode
_dump = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_quote = json.encoder.encode_basestring


def _simple(body: str) -> dict[str, Any] | None:
    """``body`` parsed, when it is canonical and of the common kind; None says: look closely.

    Without floats, long integers and characters from U+D800 up, RFC 8785 and the standard
    library's sorted compact form are the same bytes, and the latter is ten times faster. A key
    given twice does not survive the round trip.
    """
    if not body.isascii() and max(body) >= "\ud800":
        return None
    try:
        f, end = _scan(body, 0)
        details = f["details"]
        again = (
            f'{{"action":{_quote(f["action"])},"details":{_dump(details) if details else "{}"},'
            f'"event_time":{_quote(f["event_time"])},"format":"{FORMAT}","initiator":{_quote(f["initiator"])},'
            f'"legal_basis":{_quote(f["legal_basis"])},"outcome":{_quote(f["outcome"])},'
            f'"purpose":{_quote(f["purpose"])},"reason":{_quote(f["reason"])},"seq":{f["seq"]},'
            f'"target":{_quote(f["target"])}}}'
        )
    except (_NotSimple, ValueError, TypeError, KeyError, StopIteration, RecursionError):
        return None
    return f if again == body and end == len(body) else None


def read(body: str) -> dict[str, Any]:
    """The fields of a canonical body, exactly those that :func:`encode` writes.

    Raises:
        LogTampered: not canonical, not of this format, or fields missing, unknown or mistyped.
    """
    fields = _simple(body)
    if fields is None:
        fields = _closely(body)
    if fields.keys() != _KEYS or fields["format"] != FORMAT:
        raise LogTampered("event has an unknown format", expected=FORMAT)
    if type(fields["seq"]) is not int or type(fields["details"]) is not dict:
        raise LogTampered("event is malformed")
    return fields


def _closely(body: str) -> dict[str, JsonValue]:
    try:
        fields = parse_object(body, "event")
        if canonical_bytes(fields) == body.encode() and all(type(fields.get(name)) is str for name in TEXTS):
            return fields
    except (IntegrityError, InternalError, UnicodeEncodeError, RecursionError):
        pass
    raise LogTampered("event is not in canonical form or malformed")


def decode(body: str) -> tuple[int, AuditEvent]:
    """Number and event of a canonical body. Raises LogTampered as :func:`read`."""
    fields = read(body)
    texts = {name: fields[name] for name in TEXTS}
    return fields["seq"], AuditEvent(**texts, details=fields["details"])


def projections(event: AuditEvent) -> dict[str, str]:
    """The columns derived from an event; the time in its sortable form."""
    columns = {name: str(getattr(event, name)) for name in PROJECTED}
    columns["event_time"] = sortable_time(event.event_time)
    return columns
