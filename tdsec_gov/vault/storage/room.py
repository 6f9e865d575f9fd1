"""Room: the objects of one label (a vault or a compartment) on the storage, sealed under its keys.

Kinds of objects, each in a folder of its own: ``objects`` by oid, ``manifests`` by root, ``placements``
by what they speak of, ``paths`` by path. A room knows keys and names and decides nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast

from tdsec_gov.errors import BackendUnavailable, DataTampered
from tdsec_gov.keys.age.errors import PayloadInvalid
from tdsec_gov.vault.keyrings.keyring import Keyring
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.objects import objects
from tdsec_gov.vault.objects.carrier import carrier_of
from tdsec_gov.vault.objects.carriers import Carrier
from tdsec_gov.vault.objects.padding import Padded, padme

_LARGEST_TEXT = 1 << 30
"""Bytes of a sealed list of files or manifest: some five million files."""

_FIRST_LINES = 64
"""Bytes that hold an age file's first line and the kind of its first stanza."""

Opener = Callable[[], contextlib.AbstractContextManager[BinaryIO]]
"""Gives a source of plaintext, each time from its start."""


class Room:
    """``inner`` is DVC's filesystem object of the inner remote, ``top`` the vault's folder on it."""

    def __init__(self, vault: OpenedVault, label: str, inner: Any, top: str, sub: str = "") -> None:
        self.vault = vault
        self.label = label
        self.inner = inner
        self._top = top
        self._sub = sub
        self.carrier: Carrier = carrier_of(inner)

    # -- keys and names ------------------------------------------------------------------------

    @cached_property
    def names(self) -> Names:
        """Names of this room; policies are read for them only where its keyrings are new to this clone."""
        return Names(self.vault.name_key_of(self.label))

    @cached_property
    def keyrings(self) -> list[Keyring]:
        """All epochs that I may open, newest first. Raises as ``open_keyrings``."""
        return self.vault.keyrings_of(self.label)

    @cached_property
    def base(self) -> str:
        """The room's folder on the inner remote."""
        parts = [self.names.of_compartment(self.label)] if "/" in self.label else []
        parts += ["sub", *self.names.of_path(self._sub).split("/")] if self._sub else []
        return cast(str, self.inner.join(self._top, *parts))

    def place(self, name: str, kind: str = "objects", version: str = "") -> str:
        """Path on the inner remote of the object with this storage name."""
        if kind != "paths":
            return f"{self.base}/{kind}/{name[:2]}/{name[2:]}"
        place = f"{self.base}/{kind}/{name}" if name else f"{self.base}/{kind}"
        return cast(str, self.inner.join_version(place, version)) if version else place

    # -- in ------------------------------------------------------------------------------------

    @property
    def sealing(self) -> Keyring:
        """The keyring that seals. Raises AccessDenied, IntegrityError: nothing may be sealed with it."""
        self.vault.require_readers(self.label)
        return self.keyrings[0]

    @cached_property
    def _padded(self) -> bool:
        return self.vault.book.policies.access.settings(self.label).padding == "padme"

    def put_bytes(self, data: bytes, name: str, kind: str = "objects", *, pad: bool = True) -> None:
        """Seal and store a small object."""
        if self._padded and pad:
            data = data.ljust(padme(len(data)), b"\0")
        self.carrier.send(objects.seal_bytes(data, self.sealing, name), self.place(name, kind))

    def put(
        self,
        source: Any,
        size: int,
        name: str,
        kind: str = "objects",
        callback: Any = None,
        *,
        pad: bool = True,
    ) -> None:
        """Seal and store what ``source`` (with ``readinto``) yields, ``size`` bytes."""
        padded = Padded(source, padme(size) - size) if self._padded and pad else source
        self.carrier.send(objects.seal(padded, self.sealing, name), self.place(name, kind), callback)

    # -- out -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def sealed(
        self,
        name: str,
        kind: str,
        near: Path | None = None,
        version: str = "",
        *,
        seekable: bool = True,
        most: int | None = None,
    ) -> Iterator[BinaryIO]:
        """The ciphertext, of at most ``most`` bytes of content (padded or not).

        Raises:
            FileNotFoundError: there is none. DataTampered: it is larger.
        """
        limit = None if most is None else objects.most_sealed(padme(most))
        place = self.place(name, kind, version)
        with self.carrier.receive(place, near, seekable=seekable, most=limit) as stream:
            yield stream

    def get(
        self,
        name: str,
        sink: Callable[[memoryview], object],
        kind: str = "objects",
        near: Path | None = None,
        version: str = "",
        most: int | None = None,
    ) -> int:
        """Decrypt into ``sink``; bytes of plaintext, padding included. Raises as ``objects.unseal``.

        ``sink`` gets views that are good until the call after the next one returns.
        """
        with self.sealed(name, kind, near, version, seekable=False, most=most) as source:
            return objects.unseal(source, sink, self.keyrings, name)

    def get_bytes(
        self, name: str, kind: str = "objects", near: Path | None = None, most: int = 4 * objects.SMALL
    ) -> bytes:
        """The plaintext of a small object, padding included. Raises DataTampered: over ``most`` bytes."""
        with self.sealed(name, kind, near, most=most) as source:
            if source.seek(0, os.SEEK_END) > most:
                raise DataTampered(
                    "object on the storage is too large for what it should be", where=name[:16]
                )
            source.seek(0)
            return objects.unseal_bytes(source.read(), self.keyrings, name)

    def get_text(self, name: str, kind: str) -> bytes:
        """A manifest or statement: JSON, which holds no zeros, without its padding."""
        return self.get_bytes(name, kind, most=_LARGEST_TEXT).rstrip(b"\0")

    def exists(self, name: str, kind: str = "objects") -> bool:
        return bool(self.inner.exists(self.place(name, kind)))

    def remove(self, name: str, kind: str = "objects") -> None:
        self.inner.fs.rm_file(self.place(name, kind))

    def size(self, cipher_size: object, place: str) -> int:
        """Bytes of plaintext (padding included) in the object of ``cipher_size`` bytes at ``place``.

        Arithmetic, unless the epochs differ in their kind of key: then the object's first bytes are read.

        Raises:
            BackendUnavailable: the storage named no size. PayloadInvalid: no object has this size.
        """
        if type(cipher_size) is not int:
            raise BackendUnavailable("the storage does not say how large an object is", where=self.label)
        keyring: Keyring | None = self.keyrings[0]
        if len({one.recipient.stanza_type for one in self.keyrings}) > 1:
            start = self.inner.fs.cat_file(place, start=0, end=_FIRST_LINES)
            keyring = objects.sealed_by(start, self.keyrings)
        if keyring is None:
            raise PayloadInvalid("no object of this vault begins like this", where=self.label)
        return objects.opened_size(cipher_size, keyring)

    # -- listing -------------------------------------------------------------------------------

    def oids(self, shelf: str | None = None) -> Iterator[str]:
        """Oids of all objects, or of one of the 256 shelves (a partition that has nothing to do with
        the oid's own first digits)."""
        folder = self.inner.join(self.base, "objects", *([shelf] if shelf else []))
        if self.inner.protocol == "local" and not self.inner.exists(folder):
            return
        to_oid = self.names.to_oid
        for path in self.inner.find(folder):
            above, _, rest = path.rpartition("/")
            oid = to_oid(above[-2:] + rest)
            if oid is not None:
                yield oid
