"""Intake: the files of a location streamed into quarantine, each read once, digests taken on the way."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tdsec_gov.collect.fetch import opened
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Allow, Found
from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.files import naming_os_errors

_PIECE = 1 << 20
MAX_FILES = 1_000_000
Tell = Callable[[int], None]
"""Called with the number of bytes so far."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One file in quarantine. ``name`` is its path inside the dataset, empty for a single file;
    ``md5`` only finds the bytes in DVC's cache."""

    name: str
    path: Path
    size: int
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The most bytes that one collection may bring."""

    total: int

    def require(self, size: int, where: str) -> None:
        """Raises Rejected."""
        if size > self.total:
            raise Rejected(
                "the data is larger than allowed",
                where=where,
                expected=f"at most {self.total} bytes",
                hint="allow more: --max-size",
            )


def take(files: list[Found], into: Path, allow: Allow, limit: Limit, tell: Tell) -> list[Arrived]:
    """Stream every file below ``into``; what arrived is read-only.

    Raises:
        Rejected: too much, or a file is not the one whose digest was known.
        BackendUnavailable: a file could not be read to its end, or there is no space.
    """
    if len(files) > MAX_FILES:
        raise Rejected("the location holds too many files", expected=f"at most {MAX_FILES}")
    arrived: list[Arrived] = []
    so_far = 0
    for one in files:
        path = into / one.name if one.name else into
        with naming_os_errors("quarantine", "what arrives cannot be kept"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        arrived.append(_take(one, path, allow, Limit(limit.total - so_far), partial(_more, tell, so_far)))
        so_far += arrived[-1].size
    return arrived


def _more(tell: Tell, before: int, size: int) -> None:
    tell(before + size)


def _take(one: Found, path: Path, allow: Allow, limit: Limit, tell: Tell) -> Arrived:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    shown = one.place.shown
    with opened(one.place, allow) as stream:
        limit.require(stream.size or 0, shown)
        _require_space(path.parent, stream.size or 0)
        with path.open("xb") as kept:
            while piece := stream.read(_PIECE):
                size += len(piece)
                limit.require(size, shown)
                sha256.update(piece)
                md5.update(piece)
                with naming_os_errors("quarantine", "what arrives cannot be kept"):
                    kept.write(piece)
                tell(size)
            with naming_os_errors("quarantine", "what arrives cannot be kept"):
                kept.flush()
                os.fsync(kept.fileno())
        if stream.size is not None and size != stream.size:
            raise BackendUnavailable("the location changed or broke off while it was read", where=shown)
    path.chmod(0o400)
    arrived = Arrived(one.name, path, size, sha256.hexdigest(), md5.hexdigest())
    require_digest(arrived, one.sha256, shown)
    return arrived


def require_digest(arrived: Arrived, expected: str | None, where: str) -> None:
    """Raises Rejected unless the bytes are the pinned ones, where there is a pin."""
    if expected is not None and arrived.sha256 != expected:
        raise Rejected(
            "the bytes are not the pinned ones",
            where=where,
            expected=f"SHA-256 {expected}",
            found=arrived.sha256,
            hint="find out why with the supplier before you change the pin",
        )


def _require_space(folder: Path, size: int) -> None:
    if size > shutil.disk_usage(folder).free:
        raise BackendUnavailable(
            "no space left for the data", where=folder, hint="free some space and try again"
        )
