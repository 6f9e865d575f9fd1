"""From a pointer to the SHA-256 manifest of the bytes that DVC would push."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tdsec_gov.domain.dataset import FileEntry, Manifest
from tdsec_gov.errors import UsageError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.pointers import Pointer

Progress = Callable[[int], None]


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file, streamed.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be read.
    """
    digest = hashlib.sha256()
    size = 0
    with naming_os_errors(path, "cannot be read"), path.open("rb", buffering=0) as stream:
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        while count := stream.readinto(buffer):
            digest.update(view[:count])
            size += count
    return digest.hexdigest(), size


def build_manifest(pointer: Pointer, cache: Cache, progress: Progress | None = None) -> Manifest:
    """SHA-256 of every file of the version that ``pointer`` names, read from DVC's cache.

    Raises:
        UsageError: an object is not in the cache.
        DataTampered: the ``.dir`` object is broken.
        BackendUnavailable, ConfigurationError: a file cannot be read.
    """
    members = cache.members(pointer.oid, pointer.name)

    def entry(member: tuple[str, str]) -> FileEntry:
        path, oid = member
        location = cache.location(oid)
        if not location.is_file():
            raise UsageError(
                f"a file of '{pointer.name}' is not in the DVC cache",
                expected=f"cache object {oid}",
                hint=f"run: dvc fetch {pointer.name}",
            )
        digest, size = hash_file(location)
        if progress is not None:
            progress(size)
        return FileEntry(path, size, digest, oid)

    return Manifest.of(_map(entry, members))


def _map(work: Callable[[tuple[str, str]], FileEntry], items: list[tuple[str, str]]) -> Iterable[FileEntry]:
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(32, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, items, chunksize=16))
