"""Put, get, list and remove DVC's objects: nothing in without an accepted verdict, nothing out either.

Which rooms an object lies in is decided by the datasets it belongs to; what no verdict covers may pass
only where policies/policy.yaml exempts it, on a writer's signed word (:mod:`.placing`).
"""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import logging
import os
import secrets
import tempfile
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, BinaryIO, NoReturn, cast

from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import (
    AccessDenied,
    ConfigurationError,
    KeyUnavailable,
    TdsecError,
    Unverified,
    VerdictMissing,
)
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.manifests import LocalManifests, checked
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.vault.cover import Cover, Covered
from tdsec_gov.vault.guards import Allowed, PlaintextGuard, WatchedSource
from tdsec_gov.vault.objects import SMALL
from tdsec_gov.vault.opened import OpenedVault
from tdsec_gov.vault.owners import Owners
from tdsec_gov.vault.padding import ContentOnly
from tdsec_gov.vault.placing import Opener, Placing
from tdsec_gov.vault.room import Room
from tdsec_gov.verdicts.verify import require_policy

_SPOOL = 32 << 20
_LOGGER = logging.getLogger("dvc.tdsec")


class Storage:
    """One vault on its inner remote. ``inner`` is DVC's own filesystem object, ``top`` our folder there;
    ``sub`` what follows the name in the remote's URL."""

    def __init__(self, vault: OpenedVault, inner: Any, top: str, sub: str = "") -> None:
        self.vault = vault
        self.inner = inner
        self._top = top
        self.sub = sub
        self._said: dict[Pointer, TdsecError | None] = {}
        self._rooms: dict[str, Room] = {}
        self._top_rooms: dict[str, Room] = {}
        self._closed: set[str] = set()

    # -- rooms ---------------------------------------------------------------------------------

    def room(self, label: str) -> Room:
        """The room of a label, made on first need."""
        if label not in self._rooms:
            self._rooms[label] = Room(self.vault, label, self.inner, self._top, self.sub)
        return self._rooms[label]

    def top_room(self, label: str) -> Room:
        """As :meth:`room`, for files by path, which do not lie below ``sub``."""
        if not self.sub:
            return self.room(label)
        return self._top_rooms.setdefault(label, Room(self.vault, label, self.inner, self._top))

    @property
    def top_rooms(self) -> list[Room]:
        """Rooms whose names I can read, for files by path."""
        return [self.top_room(room.label) for room in self.open_rooms]

    @property
    def main(self) -> Room:
        return self.room(self.vault.name)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The vault and its compartments, by the keyrings that there are: no policy is read for it."""
        folder = f".tdsec/vaults/{self.vault.name}"
        parts = (name.removeprefix(f"{folder}/").split("/") for name in self.vault.tree.names(folder))
        rooms = {part[0] for part in parts if len(part) == 2}
        return (self.vault.name, *(f"{self.vault.name}/{room}" for room in sorted(rooms)))

    @cached_property
    def open_rooms(self) -> list[Room]:
        """Rooms whose names I can read. Raises KeyUnavailable: none."""
        found, failure = [], None
        for label in self.labels:
            try:
                self.room(label).names  # noqa: B018 - opens the keyring
                found.append(self.room(label))
            except KeyUnavailable as exc:
                failure = failure or exc
        if not found and failure is not None:
            raise failure
        return found

    def _rooms_of(self, names: list[str]) -> list[Room]:
        if len(self.labels) == 1 and not self.vault.divided:
            return [self.main]
        label = self.vault.book.policies.access.label
        return [self.room(one) for one in sorted({label(self.vault.name, name) for name in names})]

    @property
    def base(self) -> str:
        return self.main.base

    def place(self, name: str, kind: str = "objects") -> str:
        """Path on the inner remote of the object with this storage name, in the vault's main room."""
        return self.main.place(name, kind)

    def place_of(self, oid: str) -> str:
        return self.place(self.main.names.of_oid(oid))

    # -- evidence ------------------------------------------------------------------------------

    @cached_property
    def cover(self) -> Cover:
        return Cover(self.vault.book, self.manifest)

    @cached_property
    def local(self) -> LocalManifests | None:
        return LocalManifests(self.vault.root) if self.vault.root else None

    @cached_property
    def owners(self) -> Owners:
        return Owners(self.vault.tree, self.vault.root)

    @cached_property
    def placing(self) -> Placing:
        return Placing(self.vault, self.cover)

    def _covered(self, oid: str, *, sealing: bool = False) -> list[Covered] | None:
        """What verdicts vouch for, None where policy exempts all that the oid belongs to. Of an oid that
        nobody here knows, a writer's word will have to say what it belongs to.

        Raises:
            Unverified, GateDenied, IntegrityError: neither.
        """
        try:
            covered = self.cover.require(oid, everywhere=self.vault.divided)
        except Unverified:
            names = self._names(oid) if sealing else self.owners.names(oid)
            if self.placing.exempt(names) or not (names or not self.vault.exempts):
                return None
            raise
        named = self.owners.outputs(oid)
        accepted = sorted({one.version.name for one in covered})
        for name in {*named} & {*accepted}:
            self.vault.require_current(name, oid)
        if named and not set(named) & set(accepted):
            if self.placing.exempt(named):
                return None
            raise VerdictMissing(
                "these bytes were accepted under another name only",
                where=named[0],
                found=", ".join(accepted[:3]),
                hint=f"run: tdsec check {named[0]}",
            )
        return covered

    def _names(self, oid: str) -> list[str]:
        """Datasets that ``oid`` belongs to; its own path when nobody knows."""
        return self.owners.names(oid) or [f"files/md5/{oid[:2]}/{oid[2:]}"]

    def _current(self, covered: list[Covered]) -> list[Covered]:
        """Those whose verdict was given under today's policy. Raises VerdictExpired: none was."""
        current: list[Covered] = []
        failure: TdsecError | None = None
        for one in covered:
            try:
                require_policy(one.verified, self.vault.policy_digest(one.version.name))
                current.append(one)
            except TdsecError as exc:
                failure = exc
        if failure is not None and not current:
            raise failure
        return current

    # -- in ------------------------------------------------------------------------------------

    def put(self, oid: str, opener: Opener, callback: Any = None) -> None:
        """Encrypt and upload one DVC object, if an accepted verdict vouches for its very bytes.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: nothing is uploaded.
        """
        try:
            self.vault.require("write", self._any_label)
            covered = self._covered(oid, sealing=True)
            if covered is None:
                names = self._names(oid)
                for room in self._writable(names):
                    self.placing.put(room, oid, room.names.of_oid(oid), "objects", names[0], opener, callback)
                return
            covered = self._current(covered)
            for room in self._writable([one.version.name for one in covered]):
                self._put(room, oid, covered, opener, callback)
        except TdsecError as exc:
            self._refuse("push", oid, exc)
        for one in covered:
            if one.version.oid == oid:
                self.vault.note("push", "success", one.version.name, one.version)

    @property
    def _any_label(self) -> str | None:
        """What a first, friendly look at rights is about: the vault, or any of its compartments."""
        return None if self.vault.divided else self.vault.name

    def _writable(self, names: list[str]) -> list[Room]:
        rooms = self._rooms_of(names)
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
        held = set(room.oids())
        cache = Cache.of(self.vault.root) if self.vault.root else None
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

    # -- out -----------------------------------------------------------------------------------

    def get(self, oid: str, to: Path, callback: Any = None) -> None:
        """Download, decrypt, verify; ``to`` appears only when everything holds.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: ``to`` is untouched.
            FileNotFoundError: the storage does not have it.
        """
        part = to.with_name(f".{to.name[:40]}.{secrets.token_hex(4)}.tdsec-part")
        try:
            with part.open("xb", buffering=0) as sink:
                covered = self._fetch(oid, cast(BinaryIO, sink), to.parent)
            self._note_pull(covered)
            part.replace(to)
        except TdsecError as exc:
            self._refuse("pull", oid, exc)
        finally:
            part.unlink(missing_ok=True)
        if callback is not None:
            callback.relative_update(to.stat().st_size)

    def open(self, oid: str) -> IO[bytes]:
        """A verified copy of one object, in memory or (large ones) in an unnamed temporary file."""
        spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - handed out
        try:
            covered = self._fetch(oid, cast(BinaryIO, spool))
            if not oid.endswith(".dir"):  # DVC reads listings on push and status, too
                self._note_pull(covered)
        except TdsecError as exc:
            self._refuse("pull", oid, exc)
        spool.seek(0)
        return cast(IO[bytes], spool)

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
            covered = self._covered(oid)
        except TdsecError:
            if not self.exists([oid])[0]:  # DVC asks for what may not be there yet
                raise FileNotFoundError(oid) from None
            raise
        names = self.owners.names(oid) if covered is None else [one.version.name for one in covered]
        missing: Exception = FileNotFoundError(oid)
        for room in self._rooms_of(names) if names else self.open_rooms:
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
            room.get(name, content, near=near)
            content.finish()
            guard.finish()

    def manifest(self, version: DatasetVersion) -> Manifest | None:
        """The manifest of a version: private copy, else the vault, else rebuilt from DVC's cache."""
        found = self.local.load(version) if self.local else None
        if found is not None:
            return found
        for room in self._rooms_of([version.name]):
            with contextlib.suppress(FileNotFoundError):
                data = room.get_text(room.names.of_manifest(version.root), "manifests")
                found = checked(data, version)
        if found is None and self.local:
            found = self.local.rebuild(version)
        if found is not None and version.is_folder and self.local:
            self.local.save(found)
        return found

    # -- names ---------------------------------------------------------------------------------

    def oids(self, shelf: str | None = None) -> Iterator[str]:
        """Oids of all objects, or of one of the 256 shelves; in a divided vault those that are in every
        room where their datasets belong."""
        if len(self.labels) == 1:
            seen = 0
            for seen, oid in enumerate(self.main.oids(shelf), 1):  # noqa: B007
                yield oid
            self._believe_nothing(bool(seen) or shelf is not None)
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
            found = list(self.inner.exists(places, **options)) if places else []
            self._believe_nothing(any(found) or not places)
            return found
        held = {room.label: self._held(room, oids) for room in self.open_rooms}
        self._say_closed(oids, held)
        return [
            any(oid in found for found in held.values())
            and all(oid in held[label] for label in self._wanted(oid, held))
            for oid in oids
        ]

    def _believe_nothing(self, found: bool) -> None:
        """An empty answer is what a foreign name key gives, too: then the keyring is verified after all.

        Raises:
            Unverified, IntegrityError, PolicyInvalid: the keyring is not the signed one.
        """
        if not found:
            self.main.keyrings  # noqa: B018 - opens and verifies

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
                size = room.size(self.inner.info(room.place(room.names.of_oid(oid)))["size"])
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

    # -- refusals ------------------------------------------------------------------------------

    def _refuse(self, action: str, oid: str, error: TdsecError) -> NoReturn:
        """Name the dataset, record the refusal once, raise again."""
        pointer = self.owners.pointer(oid)
        if pointer is not None and isinstance(error, VerdictMissing):
            error = self._said_of_folder(pointer) or error
        name = pointer.name if pointer else f"object {oid}"
        if error.code != "access-denied":
            with contextlib.suppress(TdsecError):
                self.vault.note(action, "denied", name, reason=error.code)
        if pointer is not None and not isinstance(error, ConfigurationError):
            error.where = f"dataset '{name}'"
            error.hint = error.hint.replace(f"tdsec check {oid}", f"tdsec check {name}").replace(
                "tdsec check --all", f"tdsec check {name}"
            )
        error.args = (error.line(),)
        raise error

    def _said_of_folder(self, pointer: Pointer) -> TdsecError | None:
        """Why the whole dataset is refused: that says more than that nothing covers one of its files."""
        if pointer not in self._said:
            self._said[pointer] = None
            try:
                self.vault.book.for_oid(pointer.name, pointer.oid)
            except TdsecError as exc:
                self._said[pointer] = exc
        return copy.copy(self._said[pointer])


def content(data: bytes) -> Opener:
    """An opener of bytes in memory."""
    return lambda: contextlib.nullcontext(cast(BinaryIO, io.BytesIO(data)))
