"""Put, get, list and remove DVC's objects: nothing in without an accepted verdict, nothing out either.

Which rooms an object lies in is decided by the datasets it belongs to; what no verdict covers may pass
only where policies/policy.yaml exempts it, on a writer's signed word (:mod:`.placing`).
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from tdsec_gov.errors import (
    AccessDenied,
    KeyUnavailable,
    TdsecError,
)
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.objects.arriving import arriving, unnamed
from tdsec_gov.vault.objects.guards import Allowed, PlaintextGuard, WatchedSource
from tdsec_gov.vault.objects.objects import SMALL
from tdsec_gov.vault.objects.padding import ContentOnly
from tdsec_gov.vault.storage.room import Opener, Room
from tdsec_gov.vault.storage.vouched import Vouched

if TYPE_CHECKING:
    from tdsec_gov.vault.storage.cover import Covered

_LOGGER = logging.getLogger("dvc.tdsec")


class Storage(Vouched):
    """What DVC's filesystem stands on: one vault's objects, by oid."""

    def __init__(self, vault: OpenedVault, inner: Any, top: str, sub: str = "") -> None:
        super().__init__(vault, inner, top, sub)
        self._closed: set[str] = set()

    # -- in --------------------------------------------------------------------------------------

    def put(self, oid: str, opener: Opener, callback: Any = None) -> None:
        """Encrypt and upload one DVC object, if an accepted verdict vouches for its very bytes.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: nothing is uploaded.
        """
        try:
            self.vault.require("write", self._any_label)
            covered = self.covered(oid, sealing=True)
            if covered is None:
                names = self.names_of(oid)
                for room in self._writable(names):
                    self.placing.put(room, oid, room.names.of_oid(oid), "objects", names[0], opener, callback)
                return
            covered = self.current(covered)
            for room in self._writable([one.version.name for one in covered]):
                self._put(room, oid, covered, opener, callback)
        except TdsecError as exc:
            self.refuse("push", oid, exc)
        for one in covered:
            if one.version.oid == oid:
                self.vault.note("push", "success", one.version.name, one.version)

    @property
    def _any_label(self) -> str | None:
        """What a first, friendly look at rights is about: the vault, or any of its compartments."""
        return None if self.vault.divided else self.vault.name

    def _writable(self, names: list[str]) -> list[Room]:
        rooms = self.rooms_of(names)
        for room in rooms:
            self.vault.require("write", room.label)
        return rooms

    def _put(self, room: Room, oid: str, covered: list[Covered], opener: Opener, callback: Any) -> None:
        name = room.names.of_oid(oid)
        if oid.endswith(".dir"):
            with opener() as source:
                data = source.read()
            for one in covered:
                one.require_listing(data)
            self._put_manifests(room, covered)
            if self.vault.divided:
                self._complete(room, covered)
            room.put_bytes(data, name)
            return
        allowed = Allowed({(one.size, one.sha256) for one in covered}, oid)
        with opener() as source:
            if allowed.largest <= SMALL:
                room.put_bytes(allowed.require_bytes(source.read(allowed.largest + 1)), name)
                if callback is not None:
                    callback.relative_update(allowed.largest)
                return
            with PlaintextGuard(allowed) as guard:
                room.put(WatchedSource(source, guard), allowed.largest, name, callback=callback)

    def _complete(self, room: Room, covered: list[Covered]) -> None:
        """Put the folder's files that ``room`` lacks: DVC asks for none that it has seen in another."""
        from tdsec_gov.repo.cache import Cache
        from tdsec_gov.vault.storage.cover import Covered

        held = set(room.oids())
        cache = Cache.of(self.vault.clone) if self.vault.clone else None
        for one in covered:
            for entry in one.manifest.entries if one.manifest else ():
                if entry.oid not in held and cache is not None and cache.holds(entry.oid):
                    opener = cast(
                        Opener, functools.partial(open, cache.location(entry.oid), "rb", buffering=0)
                    )
                    content = [Covered(one.verified, entry.sha256, entry.size)]
                    self._put(room, entry.oid, content, opener, None)
                    held.add(entry.oid)

    def _put_manifests(self, room: Room, covered: list[Covered]) -> None:
        """Before the ``.dir`` object, which comes last: whoever finds the one finds the other."""
        for one in covered:
            if one.manifest is None:
                continue
            name = room.names.of_manifest(one.version.root)
            if not room.exists(name, "manifests"):
                room.put_bytes(one.manifest.to_bytes(), name, "manifests")

    # -- out -------------------------------------------------------------------------------------

    def get(self, oid: str, to: Path, callback: Any = None) -> None:
        """Download, decrypt, verify; ``to`` appears only when everything holds.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: ``to`` is untouched.
            FileNotFoundError: the storage does not have it.
        """
        try:
            with arriving(to) as sink:
                self._note_pull(self._fetch(oid, cast(BinaryIO, sink), to.parent))
        except TdsecError as exc:
            self.refuse("pull", oid, exc)
        if callback is not None:
            callback.relative_update(sink.size)

    def open(self, oid: str) -> IO[bytes]:
        """A verified copy of one object, in memory or (large ones) in an unnamed temporary file."""
        spool = unnamed()
        try:
            covered = self._fetch(oid, spool)
            if not oid.endswith(".dir"):  # DVC reads listings on push and status, too
                self._note_pull(covered)
        except TdsecError as exc:
            self.refuse("pull", oid, exc)
        spool.seek(0)
        return spool

    def _note_pull(self, covered: list[Covered]) -> None:
        for one in covered:
            self.vault.note("pull", "success", one.version.name, one.version)

    def check(self, oid: str) -> None:
        """Read one object to its end and let it go. Raises as :meth:`get`."""
        with Path(os.devnull).open("wb") as sink:
            self._fetch(oid, cast(BinaryIO, sink))

    def _fetch(self, oid: str, sink: BinaryIO, near: Path | None = None) -> list[Covered]:
        """Decrypt and verify into ``sink``; which verdicts vouched for it."""
        try:
            self.vault.require("read", self._any_label)
            covered = self.covered(oid)
        except TdsecError:
            if not self.exists([oid])[0]:  # DVC asks for what may not be there yet
                raise FileNotFoundError(oid) from None
            raise
        names = self.owners.names(oid) if covered is None else [one.version.name for one in covered]
        missing: Exception = FileNotFoundError(oid)
        for room in self.rooms_of(names) if names else self.open_rooms:
            try:
                self.vault.require("read", room.label)
                if covered is None:
                    self.placing.get(room, oid, room.names.of_oid(oid), "objects", names, sink, near)
                else:
                    self._fetch_from(room, oid, covered, sink, near)
                return covered or []
            except (FileNotFoundError, AccessDenied, KeyUnavailable) as exc:
                missing = exc if isinstance(missing, FileNotFoundError) else missing
        raise missing

    def _fetch_from(
        self, room: Room, oid: str, covered: list[Covered], sink: BinaryIO, near: Path | None
    ) -> None:
        name = room.names.of_oid(oid)
        if oid.endswith(".dir"):
            data = room.get_text(name, "objects")
            for one in covered:
                one.require_listing(data)
            sink.write(data)
            return
        allowed = Allowed({(one.size, one.sha256) for one in covered}, oid)
        if allowed.largest <= SMALL:
            sink.write(allowed.content_of(room.get_bytes(name, near=near)))
            return
        with PlaintextGuard(allowed) as guard:
            content = ContentOnly(allowed.largest, oid, guard, sink.write)
            room.get(name, content, near=near, most=allowed.largest)
            content.finish()
            guard.finish()

    # -- names -----------------------------------------------------------------------------------

    def oids(self, shelf: str | None = None) -> Iterator[str]:
        """Oids of all objects, or of one of the 256 shelves; in a divided vault those that are in every
        room where their datasets belong."""
        if len(self.labels) == 1:
            yield from self.main.oids(shelf)
            return
        held = {room.label: set(room.oids(shelf)) for room in self.open_rooms}
        for oid in sorted(set().union(*held.values())):
            if all(oid in held.get(label, ()) for label in self._wanted(oid, held)):
                yield oid

    def _wanted(self, oid: str, held: dict[str, set[str]]) -> list[str]:
        """Labels of the rooms that ``oid`` has to be in: of those open to me, by name or verdict."""
        names = self.owners.names(oid)
        with contextlib.suppress(TdsecError):
            names += [one.version.name for one in self.cover.require(oid, everywhere=True)]
        label = self.vault.book.policies.access.label
        return [one for one in {label(self.vault.name, name) for name in names} if one in held]

    def exists(self, oids: list[str], **options: Any) -> list[bool]:
        """Whether each is on the storage (in every room where it belongs)."""
        if len(self.labels) == 1:
            places = [self.place_of(oid) for oid in oids]
            return list(self.inner.exists(places, **options)) if places else []
        held = {room.label: self._held(room, oids) for room in self.open_rooms}
        self._say_closed(oids, held)
        return [
            any(oid in found for found in held.values())
            and all(oid in held[label] for label in self._wanted(oid, held))
            for oid in oids
        ]

    def _say_closed(self, oids: list[str], open_labels: Collection[str]) -> None:
        """Warn, once a dataset, of what lies in a room that is closed to me: DVC will call it missing."""
        label = self.vault.book.policies.access.label
        for oid in oids:
            for name in self.owners.outputs(oid):
                room = label(self.vault.name, name)
                if room not in open_labels and name not in self._closed:
                    self._closed.add(name)
                    _LOGGER.warning(
                        "tdsec: '%s' may not read vault '%s', where dataset '%s' lies",
                        self.vault.identity.name,
                        room,
                        name,
                    )

    def _held(self, room: Room, oids: list[str]) -> set[str]:
        found = self.inner.exists([room.place(room.names.of_oid(oid)) for oid in oids]) if oids else []
        return {oid for oid, there in zip(oids, found, strict=True) if there}

    def size(self, oid: str) -> int:
        """Bytes of content. Raises FileNotFoundError: it is in no room that is open to me."""
        for room in self.open_rooms:
            with contextlib.suppress(FileNotFoundError):
                place = room.place(room.names.of_oid(oid))
                size = room.size(self.inner.info(place)["size"], place)
                with contextlib.suppress(TdsecError):
                    size = next((one.size for one in self.cover.require(oid) if one.size), size)
                return size
        raise FileNotFoundError(oid)

    def remove(self, oid: str) -> None:
        """Take an object out of every room. Raises AccessDenied: I may not write."""
        for room in self.open_rooms:
            name = room.names.of_oid(oid)
            if len(self.labels) == 1 or room.exists(name):
                self.vault.require("write", room.label)
                room.remove(name)
