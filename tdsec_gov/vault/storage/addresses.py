"""Virtual paths as DVC speaks them: ``NAME[/sub]/files/md5/ab/cdef…`` for objects, any other for files."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.errors import UsageError

LAYOUT = ("files", "md5")


@dataclass(frozen=True, slots=True)
class Address:
    """What a virtual path means: one DVC object (``oid``) below ``sub``, else the file at ``path``.

    ``version`` is the inner remote's version id, for remotes that are version-aware.
    """

    sub: str
    oid: str | None
    path: str
    version: str = ""

    @classmethod
    def of(cls, virtual: str) -> Address:
        """Raises UsageError: the path leaves the vault."""
        bare, _, version = virtual.partition("?versionId=")
        parts = [part for part in bare.split("/")[1:] if part not in ("", ".")]
        if ".." in parts:
            raise UsageError("path leaves the vault", where=virtual)
        if len(parts) >= 4 and tuple(parts[-4:-2]) == LAYOUT and len(parts[-2]) == 2:
            oid = parts[-2] + parts[-1]
            if is_oid(oid):
                return cls("/".join(parts[:-4]), oid, "/".join(parts))
        return cls("", None, "/".join(parts), version)


def virtual(prefix: str, oid: str) -> str:
    """The virtual path of an object below ``prefix``."""
    return posixpath.join(prefix, *LAYOUT, oid[:2], oid[2:])


def shelf_of(prefix: str, path: str) -> str | None:
    """ "" for a folder that holds all objects below ``prefix``, ``ab`` for one of 256 shelves, else None."""
    top = posixpath.join(prefix, *LAYOUT)
    path = path.rstrip("/")
    if path == top:
        return ""
    inside = posixpath.dirname(path) == top and len(posixpath.basename(path)) == 2
    return posixpath.basename(path) if inside else None
