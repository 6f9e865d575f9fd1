"""Files in a vault that are no DVC objects, by path: for import-url, run cache, version-aware remotes.

Each part of a path is sealed by itself, so that folders can be listed; contents go in and out on a
writer's signed word (:mod:`.placing`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from tdsec_gov.vault.objects.arriving import arriving, unnamed
from tdsec_gov.vault.storage.room import Opener, Room
from tdsec_gov.vault.storage.storage import Storage


class Paths:
    """The files of one vault. A path is relative to the vault; ``top`` is the remote's own folder in it,
    below which paths are those of the repository, ``tops`` those of all remotes of this vault."""

    def __init__(self, storage: Storage, top: str, tops: Collection[str] = ()) -> None:
        self.storage = storage
        self._top = f"{top}/" if top else ""
        self._tops = [f"{one}/" for one in tops if one]
        self._known = storage.sub in tops

    def _dataset(self, path: str) -> str:
        return path.removeprefix(self._top)

    def _datasets(self, path: str) -> list[str]:
        """What a path may have been placed as: through this very remote, or (an address that is no remote's,
        as of an import) by any remote that leads into this vault."""
        if self._known:
            return [self._dataset(path)]
        return [path, *(path.removeprefix(top) for top in self._tops if path.startswith(top))]

    def _room(self, path: str) -> Room:
        vault = self.storage.vault
        if not vault.divided:
            return self.storage.top_room(vault.name)
        return self.storage.top_room(vault.book.policies.access.label(vault.name, self._dataset(path)))

    def _place(self, path: str, version: str = "") -> tuple[Room, str]:
        room = self._room(path)
        return room, self._in(room, path, version)

    # -- in and out ----------------------------------------------------------------------------

    def put(self, path: str, opener: Opener, callback: Any = None) -> None:
        """Store a file on my signed word.

        Raises:
            AccessDenied, VerdictMissing, KeyUnavailable: nothing is stored.
        """
        room = self._room(path)
        self.storage.vault.require("write", room.label)
        name = room.names.of_path(path)
        self.storage.placing.put(room, path, name, "paths", self._dataset(path), opener, callback)

    def get(self, path: str, to: Path, version: str = "", callback: Any = None) -> None:
        """Download, decrypt, verify; ``to`` appears only when everything holds."""
        with arriving(to) as sink:
            self._fetch(path, version, cast(BinaryIO, sink), to.parent)
        if callback is not None:
            callback.relative_update(sink.size)

    def open(self, path: str, version: str = "") -> IO[bytes]:
        """A verified copy of a file."""
        spool = unnamed()
        self._fetch(path, version, spool)
        spool.seek(0)
        return spool

    def _fetch(self, path: str, version: str, sink: BinaryIO, near: Path | None = None) -> None:
        room = self._room(path)
        self.storage.vault.require("read", room.label)
        name, known = room.names.of_path(path), self._datasets(path)
        self.storage.placing.get(room, path, name, "paths", known, sink, near, version)

    def remove(self, path: str) -> None:
        room, place = self._place(path)
        self.storage.vault.require("write", room.label)
        room.inner.fs.rm_file(place)

    # -- looking -------------------------------------------------------------------------------

    def info(self, path: str, version: str = "") -> dict[str, Any]:
        """Type, size in bytes, and version of the file or folder. Checksums of ciphertext are not shown.

        Raises:
            FileNotFoundError: there is none.
        """
        room, place = self._place(path, version)
        return _described(room, path, place, room.inner.info(place))

    def exists(self, path: str, version: str = "") -> bool:
        try:
            self.info(path, version)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def ls(self, path: str) -> list[dict[str, Any]]:
        """What lies in a folder. Raises FileNotFoundError, NotADirectoryError."""
        if self.info(path)["type"] == "file":
            raise NotADirectoryError(path)
        found: dict[str, dict[str, Any]] = {}
        for room in self.storage.top_rooms:
            with contextlib.suppress(FileNotFoundError):
                for item in room.inner.ls(self._in(room, path), detail=True):
                    one = self._child(room, path, item)
                    if one is not None:
                        found[one["name"]] = one
        return [found[name] for name in sorted(found)]

    def find(self, path: str) -> Iterator[str]:
        """All files below a folder, or the file itself."""
        for room in self.storage.top_rooms:
            top, place = self._in(room, ""), self._in(room, path)
            with contextlib.suppress(FileNotFoundError):
                for one in room.inner.find(place):
                    plain = _plain(room, one[len(top) + 1 :].split("/"))
                    if plain is not None:
                        yield plain

    def _in(self, room: Room, path: str, version: str = "") -> str:
        return room.place(room.names.of_path(path) if path else "", "paths", version)

    def _child(self, room: Room, path: str, item: dict[str, Any]) -> dict[str, Any] | None:
        last = str(item["name"]).rstrip("/").rpartition("/")[2]
        part = room.names.to_part(path, last)
        if part is None:
            return None
        return _described(room, f"{path}/{part}" if path else part, str(item["name"]), item)


def _plain(room: Room, parts: list[str]) -> str | None:
    path = ""
    for name in parts:
        part = room.names.to_part(path, name)
        if part is None:
            return None
        path = f"{path}/{part}" if path else part
    return path


def _described(room: Room, path: str, place: str, inner: dict[str, Any]) -> dict[str, Any]:
    if inner["type"] == "directory":
        return {"name": path, "type": "directory", "size": 0}
    found = {"name": path, "type": "file", "size": room.size(inner["size"], place)}
    for ours, theirs in (
        ("version_id", ("version_id", "VersionId", "generation")),
        ("etag", ("etag", "ETag")),
        ("mtime", ("mtime", "LastModified", "last_modified")),
    ):
        given = next((inner[one] for one in theirs if inner.get(one) is not None), None)
        if given is not None:
            found[ours] = given.strip('"') if ours == "etag" and isinstance(given, str) else given
    return found
