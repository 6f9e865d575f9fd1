"""What lies on a vault's storage, file by file: ours, unfinished, or foreign. One listing, little memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.files import naming_os_errors
from tdsec_gov.vault.review.shelf import FOLDER as REVIEWS
from tdsec_gov.vault.review.shelf import is_id, is_name
from tdsec_gov.vault.storage.room import Room
from tdsec_gov.vault.storage.storage import Storage

_SHELF = re.compile(r"[0-9a-f]{2}\Z")
_UNFINISHED = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{96})?\.(?:[0-9a-f]{16}|[A-Za-z0-9_-]{22})\.tmp\Z")
"""What we, and DVC, call an upload until it is whole."""
_PLACEMENT = re.compile(r"[0-9a-f]{98}\Z")
_KINDS = ("objects", "manifests", "placements", "paths", REVIEWS)
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated")
_TAGS = ("ETag", "etag", "md5Hash", "content_md5")


class Kind(Enum):
    """What a file on the storage is, by its name alone."""

    OBJECT = "object"
    MANIFEST = "manifest"
    PLACEMENT = "placement"
    PATH = "path"
    REVIEW = "review"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file: ``path`` on the inner remote, ``digest`` (oid, manifest root or name of a review
    request, empty for other kinds), ``label`` of the room it lies in (the vault's own for what is foreign).

    ``size`` in bytes and ``changed`` (Unix seconds) are None where the storage does not tell.
    """

    kind: Kind
    path: str
    name: str
    digest: str
    size: int | None
    changed: float | None
    tag: str = ""
    label: str = ""

    @property
    def stamp(self) -> str:
        """Size, time and entity tag: another stamp means that the file was written again."""
        return f"{self.size}/{self.changed}/{self.tag}"


def stored(storage: Storage) -> Iterator[Stored]:
    """Every file below the vault's own folder, shelf by shelf.

    Raises:
        BackendUnavailable: the storage cannot be listed. KeyUnavailable: names cannot be read.
    """
    rooms = sorted(storage.open_rooms, key=lambda room: -len(room.base))
    with naming_os_errors(storage.base, "the storage cannot be listed"):
        try:
            for path, info in _files(storage.inner, storage.base, {room.base for room in rooms}):
                yield sort(rooms, path, info)
        except NotImplementedError:
            raise BackendUnavailable("this kind of storage has no listing", where=storage.base) from None


def sort(rooms: Sequence[Room], path: str, info: dict[str, Any]) -> Stored:
    """What the file at ``path`` is, by the ``rooms`` that are open to me (inner ones first).

    ``info``: the storage's own entry for it (size, time).
    """
    room = next((one for one in rooms if path.startswith(f"{one.base}/")), rooms[-1])
    kind, name, digest = Kind.FOREIGN, path.rpartition("/")[2], ""
    if info.get("type") not in ("link", "other") and not info.get("islink"):
        kind, name, digest = _kind(room, path.removeprefix(f"{room.base}/").split("/"), name)
    size = info.get("size")
    number = size if isinstance(size, int) else None
    return Stored(kind, path, name, digest, number, changed(info), _tag(info), room.label)


def _kind(room: Room, parts: list[str], base: str) -> tuple[Kind, str, str]:
    """Kind, storage name and digest of the file at ``parts`` below the room's folder."""
    if parts[0] not in _KINDS or len(parts) < 2:
        return Kind.FOREIGN, base, ""
    if _UNFINISHED.match(base):
        return Kind.UNFINISHED, base, ""
    if parts[0] == "paths":
        return Kind.PATH, base, ""
    if parts[0] == REVIEWS:
        known = len(parts) == 3 and is_id(parts[1]) and is_name(base)
        return (Kind.REVIEW, base, parts[1]) if known else (Kind.FOREIGN, base, "")
    if len(parts) != 3 or not _SHELF.match(parts[1]):
        return Kind.FOREIGN, base, ""
    name = parts[1] + parts[2]
    oid, root = room.names.to_oid(name), room.names.to_root(name)
    if parts[0] == "objects" and oid is not None and room.names.of_oid(oid) == name:
        return Kind.OBJECT, name, oid
    if parts[0] == "manifests" and root is not None and room.names.of_manifest(root) == name:
        return Kind.MANIFEST, name, root
    if parts[0] == "placements" and _PLACEMENT.match(name):
        return Kind.PLACEMENT, name, ""
    return Kind.FOREIGN, name, ""


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
        return sort([storage.room(one.label)], one.path, info)


def _files(inner: Any, base: str, rooms: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """``(path, info)`` of all files below ``base``; rooms and shelves one after the other."""
    if inner.protocol == "local":
        yield from _local_files(base)
        return
    for entry in _entries(inner, base):
        place = str(entry["name"]).rstrip("/")
        if entry.get("type") != "directory":
            yield place, entry
        elif place in rooms and place != base:
            yield from _files(inner, place, rooms)
        else:
            yield from _shelves(inner, place)


def _local_files(base: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder, _, files in os.walk(base, onerror=_raise_but_missing):
        for file in files:
            path = os.path.join(folder, file)  # noqa: PTH118 - a million times
            with contextlib.suppress(FileNotFoundError):
                yield path, _local_info(path)


def _shelves(inner: Any, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for shelf in _entries(inner, folder):
        if shelf.get("type") != "directory":
            yield shelf["name"], shelf
            continue
        yield from inner.fs.find(shelf["name"], detail=True).items()
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
