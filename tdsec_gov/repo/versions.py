"""From a pointer to the SHA-256 manifest of the bytes that DVC would push."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Self

from tdsec_gov.domain.dataset import FileEntry, Manifest
from tdsec_gov.errors import UsageError
from tdsec_gov.files import os_error
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.digests import Digests, believed
from tdsec_gov.repo.hashers import WORTH, Hashed, Hashers, cores
from tdsec_gov.repo.hashing import digest_of, hash_file
from tdsec_gov.repo.pointers import Pointer

__all__ = ["build_manifest", "hash_file"]

Progress = Callable[[int], None]
Member = tuple[str, str]
_AT_ONCE = 8192
_TOGETHER = 128


def build_manifest(
    pointer: Pointer, cache: Cache, progress: Progress | None = None, known: Digests | None = None
) -> Manifest:
    """SHA-256 of every file of the version that ``pointer`` names, read from DVC's cache.

    ``progress`` is told the size of each file when it is done. With ``known`` only what is not known is read
    (the rule is in :mod:`tdsec_gov.repo.digests`); without it every byte is.

    Raises:
        UsageError: an object is not in the cache.
        DataTampered: the ``.dir`` object is broken.
        BackendUnavailable, ConfigurationError: a file cannot be read.
    """
    entries: list[FileEntry] = []
    with _Reading(pointer.name, cache, known) as reading:
        members = cache.each_member(pointer.oid, pointer.name)
        while batch := list(islice(members, _AT_ONCE)):
            for entry in reading.entries(batch):
                entries.append(entry)
                if progress is not None:
                    progress(entry.size)
    return Manifest.of(entries)


class _Reading:
    """Entries of members; threads and processes that hash are started when there is work for them."""

    def __init__(self, name: str, cache: Cache, known: Digests | None) -> None:
        self._name = name
        self._objects = str(cache.objects)
        self._known = known
        self._cores = min(32, cores())
        self._pool = ThreadPoolExecutor(max_workers=self._cores)
        self._hashers: Hashers | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._hashers is not None:
            self._hashers.close()

    def entries(self, members: list[Member]) -> Iterator[FileEntry]:
        """One entry per member, in order; what is not known is hashed on all cores."""
        found = self._remembered([oid for _, oid in members])
        missing = list(dict.fromkeys(oid for _, oid in members if oid not in found))
        hashed = zip(missing, self._hash_all(missing), strict=True)
        for path, oid in members:
            while oid not in found:
                new, (digest, size, stamp) = next(hashed)
                found[new] = digest, size
                if self._known is not None and stamp is not None:
                    self._known.note(new, stamp, digest)
            digest, size = found[oid]
            yield FileEntry(path, size, digest, oid)

    def _remembered(self, oids: list[str]) -> dict[str, tuple[str, int]]:
        rows = self._known.recall(oids) if self._known is not None else {}
        found = {oid: believed(row, self._path(oid)) for oid, row in rows.items()}
        return {oid: one for oid, one in found.items() if one is not None}

    def _hash_all(self, oids: list[str]) -> Iterable[Hashed]:
        if self._hashers is None and self._cores > 1 and len(oids) >= WORTH:
            self._hashers = Hashers(self._cores)
        together = max(1, min(_TOGETHER, len(oids) // 64))
        parts = [oids[start : start + together] for start in range(0, len(oids), together)]
        done = self._pool.map(self._hash, parts) if len(parts) > 1 else map(self._hash, parts)
        return (one for part in done for one in part)

    def _hash(self, oids: list[str]) -> list[Hashed]:
        paths = [self._path(oid) for oid in oids]
        if self._hashers is not None and len(paths) > 1:
            try:
                return self._hashers.digests(paths)
            except OSError:
                pass  # found again just below, with the name of what is wrong
        return [self._one(oid, path) for oid, path in zip(oids, paths, strict=True)]

    def _one(self, oid: str, path: str) -> Hashed:
        try:
            return digest_of(path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UsageError(
                f"a file of '{self._name}' is not in the DVC cache",
                expected=f"cache object {oid}",
                hint=f"run: dvc fetch {self._name}",
            ) from None
        except OSError as exc:
            raise os_error(exc, path, "cannot be read") from exc

    def _path(self, oid: str) -> str:
        return f"{self._objects}{os.sep}{oid[:2]}{os.sep}{oid[2:]}"
