"""Taking: one stream of bytes back into files, each of them the signed one before it is whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import DataTampered
from tdsec_gov.repo.cache import Cache, parse_dir_object
from tdsec_gov.repo.manifests import checked
from tdsec_gov.vault.review.packing import once
from tdsec_gov.vault.review.statement import ReviewRequest

Part = tuple[Path | None, int, str]
"""Where it goes (None: into memory), bytes, SHA-256 (empty for what is compared otherwise)."""


class Unpacking:
    """A sink for what :class:`~tdsec_gov.vault.review.packing.Contents` gave; call :meth:`finish` at the end.

    ``cache`` is an empty folder that becomes a DVC cache of this one version. Raises DataTampered as soon
    as anything is not what the request and its verdict name.
    """

    def __init__(self, request: ReviewRequest, version: DatasetVersion, cache: Cache) -> None:
        self._request, self._version, self._cache = request, version, cache
        self.manifest: Manifest | None = None
        self._parts = self._all()
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._begin()

    def __call__(self, piece: memoryview) -> None:
        while len(piece):
            if self._part is None:
                raise self._tampered("there are more bytes than its manifest names")
            take = piece[: self._left]
            self._digest.update(take)
            if self._file is None:
                self._memory += take
            else:
                self._file.write(take)
            self._left -= len(take)
            piece = piece[len(take) :]
            if not self._left:
                self._end()

    def finish(self) -> Manifest:
        """The manifest, once everything that it names has arrived."""
        if self._part is not None or self.manifest is None:
            raise self._tampered("bytes are missing")
        return self.manifest

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _all(self) -> Iterator[Part]:
        """What comes one after the other; each part is read before the next is asked for."""
        yield None, self._request.manifest_bytes, self._version.root
        manifest = checked(bytes(self._memory), self._version)
        if DatasetVersion.of(self._version.name, self._version.oid, manifest) != self._version:
            raise self._tampered("its manifest is not the one of its verdict")
        self.manifest = manifest
        self._memory = bytearray()
        if self._version.is_folder or self._request.listing_bytes:
            yield None, self._request.listing_bytes, ""
            self._keep_listing(manifest, bytes(self._memory))
        for entry in once(manifest):
            yield self._cache.location(entry.oid), entry.size, entry.sha256

    def _keep_listing(self, manifest: Manifest, data: bytes) -> None:
        listed = sorted(parse_dir_object(data, self._version.name))
        if not self._version.is_folder or listed != sorted((one.path, one.oid) for one in manifest.entries):
            raise self._tampered("DVC's list of files is not that of its manifest")
        place = self._cache.location(self._version.oid)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.write_bytes(data)
        place.chmod(0o400)

    def _begin(self) -> None:
        """The next part that has bytes; empty files come into being at once."""
        while True:
            self._part = next(self._parts, None)
            if self._part is None:
                return
            place, self._left, _ = self._part
            self._digest = hashlib.sha256()
            if place is not None:
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb")
            if self._left:
                return
            self._check()

    def _end(self) -> None:
        self._check()
        self._begin()

    def _check(self) -> None:
        self.close()
        if self._part is not None and self._part[2] not in ("", self._digest.hexdigest()):
            raise self._tampered("its bytes are not the ones that were signed")

    def _tampered(self, what: str) -> DataTampered:
        return DataTampered(f"review request refused: {what}", where=self._request.short)
