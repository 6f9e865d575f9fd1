"""Manifests of folder datasets: kept privately beside the work tree, and encrypted in the vault."""

from __future__ import annotations

from pathlib import Path

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.errors import DataTampered, IntegrityError, UsageError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.versions import build_manifest

FOLDER = ".tdsec/manifests"


def of_single_file(version: DatasetVersion) -> Manifest:
    """The manifest of a dataset that is one file, rebuilt from its signed verdict.

    Raises:
        IntegrityError: the verdict contradicts itself.
    """
    name = version.name.rsplit("/", 1)[-1]
    manifest = Manifest.of([FileEntry(name, version.size, version.content or "", version.oid)])
    return checked(manifest.to_bytes(), version)


def checked(data: bytes, version: DatasetVersion) -> Manifest:
    """Parse a manifest that must be the one ``version`` was signed with.

    Raises:
        DataTampered: it is not.
    """
    if sha256_hex(data) != version.root:
        raise DataTampered("manifest is not the one that was signed", where=version.short)
    return Manifest.from_bytes(data)


class LocalManifests:
    """``.tdsec/manifests/<root>.json``: private, not committed, worth no more than its SHA-256."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, manifest: Manifest) -> None:
        data = manifest.to_bytes()
        write_atomic(self.root / FOLDER / f"{sha256_hex(data)}.json", data)

    def load(self, version: DatasetVersion) -> Manifest | None:
        """The manifest if it is here and intact."""
        if not version.is_folder:
            return of_single_file(version)
        data = WorkTree(self.root).read(f"{FOLDER}/{version.root}.json")
        if data is None:
            return None
        try:
            return checked(data, version)
        except IntegrityError:
            return None

    def rebuild(self, version: DatasetVersion) -> Manifest | None:
        """The manifest from the bytes in DVC's cache, if they are all here and as signed."""
        try:
            manifest = build_manifest(Pointer(version.name, version.oid, ""), Cache.of(self.root))
        except (UsageError, IntegrityError):
            return None
        return manifest if manifest.root == version.root else None
