"""What lies on a vault's storage, file by file: ours, unfinished, or foreign. One listing, little memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.files import naming_os_errors
from tdsec_gov.vault.storage import Storage

_SHELF = re.compile(r"[0-9a-f]{2}\Z")
_UNFINISHED = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{96})?\.[A-Za-z0-9_-]{22}\.tmp\Z")
"""What DVC calls an upload until it is whole (local and ssh remotes)."""
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5")


class Kind(Enum):
    """What a file on the storage is, by its name alone."""

    OBJECT = "object"
    MANIFEST = "manifest"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file: ``path`` on the inner remote, ``digest`` (oid or manifest root, empty for other kinds).

    ``size`` in bytes and ``changed`` (Unix seconds) are None where the storage does not tell.
    """

    kind: Kind
    path: str
    name: str
    digest: str
    size: int | None
    changed: float | None
    tag: str = ""

    @property
    def stamp(self) -> str:
        """Size, time and entity tag: another stamp means that the file was written again."""
        return f"{self.size}/{self.changed}/{self.tag}"


def stored(storage: Storage) -> Iterator[Stored]:
    """Every file below the vault's own folder, shelf by shelf.

    Raises:
        BackendUnavailable: the storage cannot be listed. KeyUnavailable: names cannot be read.
    """
    with _naming_failures(storage):
        for path, info in _files(storage.inner, storage.base):
            yield sort(storage, path, info)


@contextlib.contextmanager
def _naming_failures(storage: Storage) -> Iterator[None]:
    with naming_os_errors(storage.base, "the storage cannot be listed"):
        try:
            yield
        except NotImplementedError:
            raise BackendUnavailable("this kind of storage has no listing", where=storage.base) from None


def sort(storage: Storage, path: str, info: dict[str, Any]) -> Stored:
    """What the file at ``path`` is. ``info``: the storage's own entry for it (size, time)."""
    names = storage.vault.names
    parts = tuple(storage.inner.parts(path))[-3:]
    kind, name, digest = Kind.FOREIGN, "/".join(parts[-2:]), ""
    if len(parts) == 3 and _SHELF.match(parts[1]) and path == storage.inner.join(storage.base, *parts):
        name = parts[1] + parts[2]
        oid, root = names.to_oid(name), names.to_root(name)
        if parts[0] == "objects" and oid is not None and names.of_oid(oid) == name:
            kind, digest = Kind.OBJECT, oid
        elif parts[0] == "manifests" and root is not None and names.of_manifest(root) == name:
            kind, digest = Kind.MANIFEST, root
        elif parts[0] in ("objects", "manifests") and _UNFINISHED.match(parts[2]):
            kind = Kind.UNFINISHED
    if info.get("type") in ("link", "other") or info.get("islink"):
        kind, digest = Kind.FOREIGN, ""
    size = info.get("size")
    return Stored(
        kind, path, name, digest, size if isinstance(size, int) else None, changed(info), _tag(info)
    )


def changed(info: dict[str, Any]) -> float | None:
    """When a file was last written (Unix seconds), from whatever its storage calls that."""
    for key in _TIMES:
        value = info.get(key)
        if isinstance(value, dt.datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                return dt.datetime.fromisoformat(value).timestamp()
    return None


def _tag(info: dict[str, Any]) -> str:
    return next((str(info[key]) for key in _TAGS if info.get(key)), "")


def again(storage: Storage, one: Stored) -> Stored | None:
    """The same file as it is now, None when it is gone.

    Raises:
        BackendUnavailable, ConfigurationError: the storage does not answer.
    """
    with naming_os_errors(one.path, "the storage does not answer"):
        try:
            info = _local_info(one.path) if storage.inner.protocol == "local" else None
            info = storage.inner.info(one.path) if info is None else info
        except FileNotFoundError:
            return None
        return sort(storage, one.path, info)


def _files(inner: Any, base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if inner.protocol == "local":
        for folder, _, files in os.walk(base, onerror=_raise_but_missing):
            for file in files:
                path = os.path.join(folder, file)  # noqa: PTH118 - a million times
                with contextlib.suppress(FileNotFoundError):
                    yield path, _local_info(path)
        return
    for kind in _entries(inner, base):
        if kind.get("type") != "directory":
            yield kind["name"], kind
            continue
        for shelf in _entries(inner, kind["name"]):
            if shelf.get("type") != "directory":
                yield shelf["name"], shelf
                continue
            found = inner.fs.find(shelf["name"], detail=True)
            yield from found.items()
            inner.fs.invalidate_cache(shelf["name"])


def _entries(inner: Any, folder: str) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = inner.fs.ls(folder, detail=True)
    except FileNotFoundError:
        return []
    own = folder.rstrip("/")
    return [one for one in found if str(one["name"]).rstrip("/") != own]


def _raise_but_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _local_info(path: str) -> dict[str, Any]:
    status = Path(path).lstat()
    regular = (status.st_mode & 0o170000) == 0o100000
    return {"size": status.st_size, "mtime": status.st_mtime, "type": "file" if regular else "other"}
