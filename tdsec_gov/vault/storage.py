"""Put, get, list and remove objects of one vault on its inner remote."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, BinaryIO, NoReturn, cast

from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import TdsecError, VerdictMissing
from tdsec_gov.keys.age.intake import Source
from tdsec_gov.repo.manifests import LocalManifests, checked
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault import objects
from tdsec_gov.vault.cover import Cover, Covered
from tdsec_gov.vault.guards import PlaintextGuard, WatchedSource
from tdsec_gov.vault.opened import OpenedVault
from tdsec_gov.verdicts.verify import require_policy

_SPOOL = 32 << 20


class Storage:
    """Objects of one vault. ``inner`` is DVC's own filesystem object of the inner remote."""

    def __init__(self, vault: OpenedVault, inner: Any, base: str) -> None:
        self.vault = vault
        self.inner = inner
        self.base = base
        self._said: dict[Pointer, TdsecError | None] = {}

    @cached_property
    def cover(self) -> Cover:
        return Cover(self.vault.book, self.manifest)

    @cached_property
    def local(self) -> LocalManifests | None:
        return LocalManifests(self.vault.root) if self.vault.root else None

    def place(self, name: str, kind: str = "objects") -> str:
        """Path on the inner remote of the object with this storage name."""
        return cast(str, self.inner.join(self.base, kind, name[:2], name[2:]))

    def place_of(self, oid: str) -> str:
        return self.place(self.vault.names.of_oid(oid))

    # -- in ------------------------------------------------------------------------------------

    def put(self, oid: str, source: BinaryIO, callback: Any = None) -> None:
        """Encrypt and upload one DVC object, if an accepted verdict vouches for its very bytes.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: nothing is uploaded.
        """
        try:
            self.vault.require("write")
            self.vault.require_readers()
            covered = self._current(self.cover.require(oid))
            if oid.endswith(".dir"):
                self._put_listing(oid, source.read(), covered)
            else:
                watched = WatchedSource(source, PlaintextGuard(covered, self._what(oid)))
                self._send(watched, self.vault.names.of_oid(oid), covered[0].size or 0, callback)
        except TdsecError as exc:
            self._refuse("push", oid, exc)
        for one in covered:
            if one.version.oid == oid:
                self.vault.note("push", "success", one.version.name, one.version)

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

    def _put_listing(self, oid: str, data: bytes, covered: list[Covered]) -> None:
        """The ``.dir`` object last, its manifest before it: whoever finds the one finds the other."""
        for one in covered:
            one.require_listing(data)
            if one.manifest is not None:
                self._upload_manifest(one.manifest)
        self._send(io.BytesIO(data), self.vault.names.of_oid(oid), len(data))

    def _upload_manifest(self, manifest: Manifest) -> None:
        name = self.vault.names.of_manifest(manifest.root)
        data = manifest.to_bytes()
        if not self.inner.exists(self.place(name, "manifests")):
            self._send(io.BytesIO(data), name, len(data), kind="manifests")

    def _send(
        self, source: Source, name: str, size: int, callback: Any = None, kind: str = "objects"
    ) -> None:
        target, expected = self.place(name, kind), objects.sealed_size(size)
        reader = objects.seal(source, self.vault.keyrings[0], name)
        extra = {} if callback is None else {"callback": callback}
        try:
            self.inner.put_file(reader, target, size=expected, **extra)
        except BaseException:
            self._drop_partial(target, expected)
            raise

    def _drop_partial(self, target: str, expected: int) -> None:
        """Some stores commit what they got so far when an upload fails: take that away again."""
        with contextlib.suppress(OSError):
            if self.inner.exists(target) and self.inner.info(target)["size"] != expected:
                self.inner.rm_file(target)

    # -- out -----------------------------------------------------------------------------------

    def get(self, oid: str, to: Path) -> None:
        """Download, decrypt, verify; ``to`` appears only when everything holds.

        Raises:
            Unverified, GateDenied, IntegrityError, AccessDenied, KeyUnavailable: ``to`` is untouched.
            FileNotFoundError: the storage does not have it.
        """
        part = to.with_name(f".{to.name[:40]}.{secrets.token_hex(4)}.tdsec-part")
        try:
            with part.open("xb") as sink:
                covered = self._fetch(oid, cast(BinaryIO, sink))
            self._note_pull(covered)
            part.replace(to)
        except TdsecError as exc:
            self._refuse("pull", oid, exc)
        finally:
            part.unlink(missing_ok=True)

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

    def _fetch(self, oid: str, sink: BinaryIO) -> list[Covered]:
        """Decrypt and verify into ``sink``; which verdicts vouched for it."""
        self.vault.require("read")
        name = self.vault.names.of_oid(oid)
        try:
            covered = self.cover.require(oid)
        except TdsecError:
            if not self.inner.exists(self.place(name)):  # DVC asks for what may not be there yet
                raise FileNotFoundError(oid) from None
            raise
        if oid.endswith(".dir"):
            data = self._unseal(name)
            for one in covered:
                one.require_listing(data)
            sink.write(data)
        else:
            guard = PlaintextGuard(covered, self._what(oid))

            def take(piece: memoryview) -> None:
                guard(piece)
                sink.write(piece)

            with self._reading(self.place(name)) as source:
                objects.unseal(source, take, self.vault.keyrings, name)
            guard.finish()
        return covered

    def _unseal(self, name: str, kind: str = "objects") -> bytes:
        plain = bytearray()
        with self._reading(self.place(name, kind)) as source:
            objects.unseal(source, plain.extend, self.vault.keyrings, name)
        return bytes(plain)

    @contextlib.contextmanager
    def _reading(self, place: str) -> Iterator[BinaryIO]:
        """The ciphertext: opened where the inner remote is a disk, downloaded whole elsewhere."""
        if self.inner.protocol == "local":
            with Path(place).open("rb", buffering=0) as stream:
                yield cast(BinaryIO, stream)
            return
        with tempfile.TemporaryDirectory(prefix="tdsec-") as folder:
            part = Path(folder) / "object"
            self.inner.get_file(place, str(part))
            with part.open("rb", buffering=0) as stream:
                yield cast(BinaryIO, stream)

    def manifest(self, version: DatasetVersion) -> Manifest | None:
        """The manifest of a version: private copy, else the vault, else rebuilt from DVC's cache."""
        found = self.local.load(version) if self.local else None
        if found is None:
            with contextlib.suppress(FileNotFoundError):
                name = self.vault.names.of_manifest(version.root)
                found = checked(self._unseal(name, "manifests"), version)
        if found is None and self.local:
            found = self.local.rebuild(version)
        if found is not None and version.is_folder and self.local:
            self.local.save(found)
        return found

    # -- names ---------------------------------------------------------------------------------

    def oids(self, shelf: str | None = None) -> Iterator[str]:
        """Oids of all objects, or of one of the 256 shelves (a partition that has nothing to do with
        the oid's own first digits)."""
        folder = self.inner.join(self.base, "objects", *([shelf] if shelf else []))
        if not self.inner.exists(folder) and self.inner.protocol == "local":
            return
        for path in self.inner.find(folder):
            parts = self.inner.parts(path)
            oid = self.vault.names.to_oid("".join(parts[-2:]))
            if oid is not None:
                yield oid

    def remove(self, oid: str) -> None:
        self.vault.require("write")
        self.inner.rm_file(self.place_of(oid))

    # -- refusals ------------------------------------------------------------------------------

    @cached_property
    def _owners(self) -> dict[str, Pointer]:
        """Dataset by oid, as the pointers on disk have it: for messages only."""
        owners: dict[str, Pointer] = {}
        with contextlib.suppress(TdsecError):
            repository = Repository.discover(self.vault.root) if self.vault.root else None
            for pointer in repository.work_tree() if repository else []:
                owners[pointer.oid] = pointer
                with contextlib.suppress(TdsecError):
                    for _, oid in repository.cache.members(pointer.oid, pointer.name) if repository else []:
                        owners.setdefault(oid, pointer)
        return owners

    def _what(self, oid: str) -> str:
        return self._owners[oid].name if oid in self._owners else f"object {oid}"

    def _refuse(self, action: str, oid: str, error: TdsecError) -> NoReturn:
        """Name the dataset, record the refusal once, raise again."""
        if oid in self._owners and isinstance(error, VerdictMissing):
            error = self._said_of_folder(self._owners[oid]) or error
        name = self._what(oid)
        if error.code != "access-denied":
            with contextlib.suppress(TdsecError):
                self.vault.note(action, "denied", name, reason=error.code)
        if oid in self._owners:
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
