"""Rooms of a vault: the vault's own and one for each compartment; which datasets belong where."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tdsec_gov.errors import (
    KeyUnavailable,
)
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.storage.room import Room


class Rooms:
    """The rooms of one vault on its inner remote. ``inner`` is DVC's own filesystem object, ``top`` our
    folder there; ``sub`` what follows the name in the remote's URL."""

    def __init__(self, vault: OpenedVault, inner: Any, top: str, sub: str = "") -> None:
        self.vault = vault
        self.inner = inner
        self._top = top
        self.sub = sub
        self._rooms: dict[str, Room] = {}
        self._top_rooms: dict[str, Room] = {}

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

    def rooms_of(self, names: list[str]) -> list[Room]:
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
