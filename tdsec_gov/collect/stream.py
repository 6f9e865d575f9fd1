"""What every kind of location is read as: bytes as they come, and the files that a folder holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tdsec_gov.collect.location import Location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.domain.dataset import FileEntry
from tdsec_gov.errors import IntegrityError

Allow = Callable[[Location, str], None]
"""Raises Rejected unless the location (the second word says what it is) is allowed."""


@dataclass(frozen=True, slots=True)
class Stream:
    """``read(n)`` gives at most n bytes, none at the end; ``size`` is in bytes, where it is known before."""

    read: Callable[[int], bytes]
    size: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """One file to fetch: ``name`` is its path inside the dataset, empty for a single file;
    ``sha256`` what it must be, where that is known."""

    name: str
    place: Location
    sha256: str | None = None
    size: int | None = None


def safe_name(name: str, place: Location) -> str:
    """``name``, if a dataset may hold a file of this path. Raises Rejected."""
    try:
        FileEntry(name, 0, "0" * 64, "0" * 32)
        name.encode()
    except (IntegrityError, UnicodeEncodeError):
        raise Rejected("a file there has a name that no dataset may hold", where=place.shown) from None
    return name
