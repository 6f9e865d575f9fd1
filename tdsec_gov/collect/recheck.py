"""Fetch pinned locations again and compare; nothing is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.collect.allowlist import Allowlist, pinned
from tdsec_gov.collect.fetch import opened
from tdsec_gov.collect.intake import Tell
from tdsec_gov.collect.location import Location
from tdsec_gov.collect.pins import BadListing, listed
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Allow, Found
from tdsec_gov.domain.findings import Finding, Severity
from tdsec_gov.errors import BackendUnavailable, ConfigurationError, UsageError
from tdsec_gov.policy.source_models import Source

CHANGED, UNREACHABLE, MALFORMED = "TDS150", "TDS151", "TDS152"


@dataclass(frozen=True, slots=True)
class Rechecked:
    """One pinned file: ``location`` without query, ``finding`` None when it is as pinned."""

    source: str
    location: str
    finding: Finding | None = None


def recheck(source: Source, root: Path, tell: Tell = lambda size: None) -> Iterator[Rechecked]:
    """Each pinned file of ``source``, as it is read.

    A location may redirect only to where the allowlist allows.

    Raises:
        PolicyInvalid: a pattern or location of the record is malformed.
    """
    allow = Allowlist.of(source, root).require
    for pin, place in zip(source.locations, pinned(source, root), strict=True):
        if not pin.listing:
            yield _look(source.id, Found("", place, pin.sha256, pin.size), allow, tell)
            continue
        try:
            files = listed(pin, place, _also(allow, place))
        except (BackendUnavailable, ConfigurationError, Rejected) as exc:
            yield Rechecked(source.id, place.shown, _finding(exc))
            continue
        yield Rechecked(source.id, place.shown)
        for one in files:
            yield _look(source.id, one, _also(allow, one.place), tell)


def _also(allow: Allow, place: Location) -> Allow:
    """``allow``, and ``place`` itself, which a pinned list names."""

    def require(asked: Location, what: str) -> None:
        if asked != place:
            allow(asked, what)

    return require


def _look(source: str, one: Found, allow: Allow, tell: Tell) -> Rechecked:
    digest, size = hashlib.sha256(), 0
    try:
        with opened(one.place, allow) as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
                size += len(piece)
                tell(size)
                if one.size is not None and size > one.size:
                    return Rechecked(source, one.place.shown, _changed("it has more bytes than pinned"))
            if stream.size is not None and size < stream.size:
                raise BackendUnavailable("it broke off while it was read", where=one.place.shown)
    except (BackendUnavailable, ConfigurationError, UsageError, Rejected) as exc:
        return Rechecked(source, one.place.shown, _finding(exc))
    if digest.hexdigest() != one.sha256:
        return Rechecked(source, one.place.shown, _changed("its bytes are not the pinned ones"))
    return Rechecked(source, one.place.shown)


def _changed(text: str) -> Finding:
    return Finding(CHANGED, Severity.DENY, text)


def _finding(exc: BackendUnavailable | ConfigurationError | UsageError | Rejected) -> Finding:
    if isinstance(exc, BadListing):
        return Finding(MALFORMED, Severity.DENY, exc.message)
    if isinstance(exc, Rejected):
        return Finding(CHANGED, Severity.DENY, exc.message)
    text = f"{exc.message} ({exc.found})" if exc.found else exc.message
    return Finding(UNREACHABLE, Severity.DENY, text)
