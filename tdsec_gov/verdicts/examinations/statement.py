"""An examination as an in-toto Statement v1, strictly there and back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from tdsec_gov.domain.canonical import JsonValue, sha256_hex
from tdsec_gov.domain.examination import Examination
from tdsec_gov.errors import IntegrityError, UsageError
from tdsec_gov.verdicts.predicate import PredicateType
from tdsec_gov.verdicts.verify import format_time, parse_time

EXAMINATION = PredicateType(
    "urn:tdsec-gov:examination:v1",
    "examination",
    frozenset({"items", "audited", "reason", "created", "by"}),
)
LEAST_REASON = 10
_ITEM = re.compile(r"item:[0-9a-f]{12}\Z")


def new_examination(
    version: tuple[str, str], items: Iterable[str], audited: bool, reason: str, now: dt.datetime
) -> Examination:
    """What is to be signed about ``(dataset, root)``.

    Raises:
        UsageError: it says nothing, an id is malformed, or the reason is too short.
    """
    named = tuple(sorted(set(items)))
    wrong = [one for one in named if not _ITEM.match(one)]
    if wrong:
        raise UsageError("not the id of an item", expected="item: and 12 digits, as a finding shows it")
    if not named and not audited:
        raise UsageError("name items, or say --audited", hint="findings show ids: tdsec detect TARGET")
    text = " ".join(reason.split())
    if len(text) < LEAST_REASON:
        raise UsageError(
            "the reason is too short", expected=f"{LEAST_REASON} characters or more", found=len(text)
        )
    return Examination(*version, named, audited, text, format_time(now))


def to_statement(one: Examination) -> bytes:
    """Canonical bytes of the Statement whose subject is the version."""
    predicate: dict[str, JsonValue] = {
        "items": list(one.items),
        "audited": one.audited,
        "reason": one.reason,
        "created": one.created,
        "by": one.by,
    }
    return EXAMINATION.payload(one.dataset, one.root, predicate)


def from_statement(payload: bytes, signer: str) -> Examination:
    """Parse what :func:`to_statement` wrote; ``signer`` is the keyid whose signature was verified.

    Raises:
        IntegrityError: anything else.
    """
    said = EXAMINATION.read(payload)
    item = said.predicate
    listed, audited = item["items"], item["audited"]
    if not isinstance(listed, list) or not isinstance(audited, bool):
        raise IntegrityError("examination is malformed")
    items = tuple(EXAMINATION.text(one) for one in listed)
    reason, created = (EXAMINATION.text(item[key]) for key in ("reason", "created"))
    parse_time(created)
    if not all(map(_ITEM.match, items)) or len(reason) < LEAST_REASON:
        raise IntegrityError("examination is malformed")
    one = Examination(said.name, said.digest, items, audited, reason, created, sha256_hex(payload), signer)
    if to_statement(one) != payload:
        raise IntegrityError("examination is not in canonical form, or signed by another than it names")
    return one
