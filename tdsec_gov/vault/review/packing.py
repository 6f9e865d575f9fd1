"""Sending: the bytes of one version as one age file, then the signed request that names them."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import DataTampered
from tdsec_gov.files import naming_os_errors
from tdsec_gov.keys.age.file import EncryptReader
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.policy.access_models import Member
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.review.bundle import Bundle, evidence_of
from tdsec_gov.vault.review.people import recipients_of
from tdsec_gov.vault.review.shelf import BYTES, Shelf, request_name
from tdsec_gov.vault.review.statement import ReviewRequest
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import Verified, format_time

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent: the version that ``pointer`` names, its verdict, and who shall see it."""

    pointer: Pointer
    seen: Verified
    reviewers: tuple[Member, ...]
    note: str
    days: int


def send(vault: OpenedVault, shelf: Shelf, cache: Cache, tree: Tree, parcel: Parcel) -> ReviewRequest:
    """Seal and store a request; nothing of it lies in git.

    Raises:
        AccessDenied: I may not write the vault. UsageError: the bytes are not here.
        DataTampered: they are not the ones that the verdict is about. PolicyInvalid: a key is unusable.
    """
    version, now = parcel.seen.verdict.version, vault.book.now
    access = vault.book.policies.access
    label = access.label(vault.name, version.name)
    vault.require("write", label)
    manifest = build_manifest(parcel.pointer, cache)
    if DatasetVersion.of(version.name, parcel.pointer.oid, manifest) != version:
        raise DataTampered(
            "the bytes in the DVC cache are not those that the verdict is about",
            where=version.short,
            found=f"root {manifest.root[:12]}",
            hint=f"run: tdsec check {version.name}",
        )
    listing = _listing(cache, version.oid) if version.is_folder else b""
    evidence = evidence_of(tree, version.name, version.root)
    expires = dt.datetime.combine((now + dt.timedelta(days=parcel.days)).date(), dt.time(23, 59, 59), dt.UTC)
    request = ReviewRequest(
        vault=vault.name,
        dataset=version.name,
        root=version.root,
        oid=version.oid,
        file=parcel.pointer.file,
        manifest_bytes=len(manifest.to_bytes()),
        listing_bytes=len(listing),
        verdict=sha256_hex(evidence.get(verdict_name(version.name, version.root), b"")),
        sender=vault.identity.keyid,
        reviewers=tuple(sorted(one.keyid for one in parcel.reviewers)),
        created=format_time(now),
        expires=format_time(expires),
        note=parcel.note,
        salt=secrets.token_hex(16),
    )
    recipients = recipients_of(access, [request.sender, *request.reviewers], label)
    envelope = Envelope.sign(request.to_payload(), *vault.identity.signers)
    data = Contents(manifest, listing, cache, version.short)
    with EncryptReader(data, recipients) as sealed:
        shelf.put(request.id, BYTES, sealed)
    bundle = Bundle(envelope, evidence)
    shelf.put(request.id, request_name(expires.date()), bundle.sealed(recipients))
    return request


def once(manifest: Manifest) -> Iterator[FileEntry]:
    """The manifest's files in its order, each content once. Raises DataTampered: one oid, two contents."""
    seen: dict[str, tuple[str, int]] = {}
    for entry in manifest.entries:
        known = seen.get(entry.oid)
        if known is None:
            seen[entry.oid] = (entry.sha256, entry.size)
            yield entry
        elif known != (entry.sha256, entry.size):
            raise DataTampered("two files with one MD5 have different bytes", where=entry.oid)


def _listing(cache: Cache, oid: str) -> bytes:
    with naming_os_errors(cache.location(oid), "cannot be read"):
        return cache.location(oid).read_bytes()


class Contents(io.RawIOBase):
    """A source: the manifest, DVC's list of files, then the bytes of every content once.

    What is read from the cache is hashed on its way; a file that is not the checked one ends it.
    """

    def __init__(self, manifest: Manifest, listing: bytes, cache: Cache, where: str) -> None:
        super().__init__()
        self._cache, self._where = cache, where
        self._entries = once(manifest)
        self._pieces = self._all(manifest.to_bytes() + listing)
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; 0 at the end. Raises DataTampered: a file is not what its verdict is about."""
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._held = memoryview(piece)
        with memoryview(buffer).cast("B") as view:
            count = min(len(view), len(self._held))
            view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _all(self, begin: bytes) -> Iterator[bytes]:
        yield begin
        for entry in self._entries:
            yield from self._file(entry, self._cache.location(entry.oid))

    def _file(self, entry: FileEntry, place: Path) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        with naming_os_errors(place, "cannot be read"):
            stream: IO[bytes]
            with place.open("rb") as stream:
                while piece := stream.read(_PIECE):
                    digest.update(piece)
                    size += len(piece)
                    yield piece
        if (digest.hexdigest(), size) != (entry.sha256, entry.size):
            raise DataTampered("a file has changed since it was checked", where=self._where)
