"""Files and folders on this machine: no link inside a folder is followed, what was judged is opened."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdsec_gov.collect.location import Location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import Allow, Found, Stream, safe_name
from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.files import naming_os_errors


def found(place: Location, allow: Allow) -> list[Found]:
    """The files at a path: itself, all below a folder, or all that fit a glob.

    Raises:
        BackendUnavailable: nothing is there. Rejected: something there is no plain file, or not allowed.
    """
    path = Path(place.path)
    with naming_os_errors(place.shown, "the location cannot be read"):
        if path.is_dir():
            allow(place.below(""), "the folder")
            return [_one(one, path, allow) for one in _walk(path)]
        if path.exists() or not glob.has_magic(place.path):
            allow(place, "the location")
            return [Found("", place)]
        names = sorted(glob.glob(place.path, recursive=True))  # noqa: PTH207 - an absolute glob
        base = _fixed(place.path)
        hits = [_one(Path(name), base, allow) for name in names if not Path(name).is_dir()]
    if not hits:
        raise BackendUnavailable("no file fits the location", where=place.shown)
    return hits


@contextmanager
def opened(place: Location) -> Iterator[Stream]:
    """The bytes of a file on this machine.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be read.
        Rejected: it is no plain file, or a link on the way there was moved since it was judged.
    """
    with naming_os_errors(place.shown, "the location cannot be read"):
        handle = os.open(place.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb", buffering=0) as stream:
            seen = os.fstat(stream.fileno())
            if not stat.S_ISREG(seen.st_mode):
                raise Rejected("is not a plain file", where=place.shown)
            if os.path.realpath(place.path) != place.path or not os.path.samestat(
                seen, Path(place.path).stat()
            ):
                raise Rejected("the location was moved while it was judged", where=place.shown)
            yield Stream(lambda count: stream.read(count) or b"", seen.st_size)


def _walk(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        yield from (Path(base) / name for name in (*sorted(names), *_links(base, folders)))


def _links(base: str, folders: list[str]) -> list[str]:
    return [name for name in folders if (Path(base) / name).is_symlink()]


def _one(path: Path, base: Path, allow: Allow) -> Found:
    """Raises Rejected: a link, a device, or a name that no dataset may hold."""
    if not stat.S_ISREG(path.lstat().st_mode) or os.path.realpath(path) != str(path):
        raise Rejected("the location holds a link or something that is no plain file", where=path)
    place = Location("", "", str(path))
    allow(place, "a file of the location")
    return Found(safe_name(path.relative_to(base).as_posix(), place), place)


def _fixed(path: str) -> Path:
    """The folder above the first segment with a wildcard."""
    steps = path.split("/")
    first = next(number for number, step in enumerate(steps) if glob.has_magic(step))
    return Path("/".join(steps[:first]) or "/")


def _raise(exc: OSError) -> None:
    raise exc
