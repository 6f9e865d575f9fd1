"""Everything else that fsspec has installed: s3://, gs://, az://, sftp://, hdfs:// and so on.

Credentials come from where fsspec's filesystem takes them (environment, its configuration file), never from
the location. What a backend raises is told by the name of its class only: its text may hold anything.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from tdsec_gov.collect.location import Location
from tdsec_gov.collect.stream import Allow, Found, Stream, safe_name
from tdsec_gov.errors import BackendUnavailable, DependencyMissing, TdsecError, UsageError
from tdsec_gov.files import os_error

_BACKENDS = {
    "adlfs", "aiobotocore", "aiohttp", "asyncssh", "azure", "boto3", "botocore", "fsspec", "gcsfs", "google",
    "ossfs", "paramiko", "pyarrow", "requests", "s3fs", "smbprotocol", "sshfs", "urllib3", "webdav4",
}  # fmt: skip


class _Naming:
    """Turns what a backend raises into BackendUnavailable."""

    def __init__(self, place: Location) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if exc is None or isinstance(exc, TdsecError):
            return
        if isinstance(exc, OSError):
            raise os_error(exc, self._place.shown, "the location cannot be read") from exc
        if type(exc).__module__.split(".")[0] in _BACKENDS:
            name = type(exc).__name__
            raise BackendUnavailable("the storage said no", where=self._place.shown, found=name) from exc


def found(place: Location, allow: Allow) -> list[Found]:
    """The files at a location: itself, all below a folder or prefix, or all that fit a glob.

    Raises:
        BackendUnavailable: nothing is there, or the storage said no. Rejected: not allowed.
    """
    with _Naming(place):
        fs, path = _filesystem(place)
        if glob.has_magic(place.path) and not fs.exists(path):
            steps = place.path.split("/")
            first = next(number for number, step in enumerate(steps) if glob.has_magic(step))
            base, path_base = "/".join(steps[:first]), _up(path, len(steps) - first)
            names = [one for one in fs.glob(path) if not fs.isdir(one)]
            folder = Location(place.scheme, place.host, base or "/", place.port)
            return _members(folder, path_base, sorted(names), place, allow)
        if fs.isdir(path):
            allow(place.below(""), "the folder")
            return _members(place, path, sorted(fs.find(path)), place, allow)
        allow(place, "the location")
        return [Found("", place, size=_size(fs.info(path)))]


def _members(folder: Location, base: str, names: list[str], place: Location, allow: Allow) -> list[Found]:
    hits = []
    for name in names:
        inner = safe_name(name.removeprefix(base).lstrip("/"), place)
        allow(folder.below(inner), "a file of the location")
        hits.append(Found(inner, folder.below(inner)))
    if not hits:
        raise BackendUnavailable("no file lies at the location", where=place.shown)
    return hits


@contextmanager
def opened(place: Location) -> Iterator[Stream]:
    """The bytes of one object. Raises BackendUnavailable, DependencyMissing."""
    with _Naming(place):
        fs, path = _filesystem(place)
        size = _size(fs.info(path))
        with fs.open(path, "rb", cache_type="readahead") as stream:
            yield Stream(stream.read, size)


def _filesystem(place: Location) -> tuple[Any, str]:
    import fsspec

    try:
        fs, path = fsspec.core.url_to_fs(place.url)
    except ImportError:
        raise DependencyMissing(
            f"{place.scheme}:// needs a package that is not installed",
            where=place.shown,
            hint=f"pip install what fsspec names for '{place.scheme}', such as s3fs or gcsfs",
        ) from None
    except ValueError:
        raise UsageError(f"fsspec knows no scheme '{place.scheme}'", where=place.shown) from None
    fs.invalidate_cache()
    return fs, path


def _size(info: dict[str, Any]) -> int | None:
    size = info.get("size")
    return size if isinstance(size, int) else None


def _up(path: str, steps: int) -> str:
    return path.rsplit("/", steps)[0]
