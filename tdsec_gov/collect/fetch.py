"""Which files a location holds and the bytes of each: by kind of location, through one table."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tdsec_gov.collect import disk, remote, web
from tdsec_gov.collect.location import WEB, Location
from tdsec_gov.collect.stream import Allow, Found, Stream

__all__ = ["files_at", "opened"]


def files_at(place: Location, allow: Allow) -> list[Found]:
    """The files at a location; a web address is always one file.

    Raises:
        Rejected: something there is not allowed. BackendUnavailable: nothing is there.
    """
    if place.is_path:
        return disk.found(place, allow)
    if place.scheme in WEB:
        allow(place, "the location")
        return [Found("", place)]
    return remote.found(place, allow)


def opened(place: Location, allow: Allow) -> AbstractContextManager[Stream]:
    """The bytes of one file, read once. Raises BackendUnavailable, Rejected."""
    if place.is_path:
        return disk.opened(place)
    if place.scheme in WEB:
        return web.opened(place, allow)
    return remote.opened(place)
