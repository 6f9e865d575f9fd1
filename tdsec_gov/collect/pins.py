"""Pinned locations of a source record: which digest must lie where, also through a list of digests."""

from __future__ import annotations

import hashlib
import re

from tdsec_gov.collect.fetch import opened
from tdsec_gov.collect.location import Location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Allow, Found, safe_name
from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.policy.source_models import Pin

_LINE = re.compile(r"(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<name>.+)\Z")
_LONGEST = 64 << 20


class BadListing(Rejected):
    """A list of digests is not as sha256sum writes it, or names what lies outside its folder."""

    code = "bad-listing"


def listed(pin: Pin, place: Location, allow: Allow) -> list[Found]:
    """The files that a pinned list of digests names, each with its digest, relative to the list's folder.

    Raises:
        Rejected: the list itself is not the pinned one. BadListing: it is malformed.
        BackendUnavailable: it cannot be read.
    """
    data = _read(pin, place, allow)
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise BadListing("the list of digests is not UTF-8", where=place.shown) from None
    found: dict[str, Found] = {}
    for number, line in enumerate(lines, 1):
        hit = _LINE.match(line)
        if hit is None or hit["name"] in found:
            what = "names a file twice" if hit else "is not 'SHA-256, two spaces, name'"
            raise BadListing(f"line {number} of the list of digests {what}", where=place.shown)
        try:
            name = safe_name(hit["name"].removeprefix("./"), place)
        except Rejected as exc:
            raise BadListing(
                f"line {number} of the list of digests: {exc.message}", where=place.shown
            ) from None
        found[hit["name"]] = Found(name, place.beside(name), hit["sha256"].lower())
    if not found:
        raise BadListing("the list of digests is empty", where=place.shown)
    return sorted(found.values(), key=lambda one: one.name)


def _read(pin: Pin, place: Location, allow: Allow) -> bytes:
    pieces, size, digest = [], 0, hashlib.sha256()
    with opened(place, allow) as stream:
        while piece := stream.read(1 << 20):
            size += len(piece)
            if size > _LONGEST:
                raise BadListing("the list of digests is too long", where=place.shown, expected="64 MiB")
            pieces.append(piece)
            digest.update(piece)
        if stream.size is not None and size != stream.size:
            raise BackendUnavailable("the list broke off while it was read", where=place.shown)
    if digest.hexdigest() != pin.sha256:
        raise Rejected(
            "the list of digests is not the pinned one",
            where=place.shown,
            expected=f"SHA-256 {pin.sha256}",
            found=digest.hexdigest(),
        )
    return b"".join(pieces)
