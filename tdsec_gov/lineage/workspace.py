"""SHA-256 manifest of the files in the work tree: what a training script will really read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.domain.dataset import FileEntry, Manifest
from tdsec_gov.errors import DataTampered, IntegrityError, Unverified
from tdsec_gov.files import naming_os_errors

_BLOCK = 1 << 20
Fingerprint = tuple[tuple[str, int, int, int, int], ...]


def workspace_manifest(root: Path, name: str) -> Manifest:
    """Manifest of dataset ``name`` as it lies in the work tree at ``root``, symbolic links followed.

    Every file counts, also one that DVC would ignore: the script can read it.

    Raises:
        Unverified: the data is not checked out.
        DataTampered: the folder holds a linked folder, a device or a name that no manifest can hold.
        BackendUnavailable, ConfigurationError: a file cannot be read.
    """
    entries = []
    for relative, path in _files(root, name):
        sha256, oid, size = _digests(path)
        try:
            entries.append(FileEntry(relative, size, sha256, oid))
        except IntegrityError:
            raise DataTampered("holds a file name that was never signed", where=name) from None
    return Manifest.of(entries)


def fingerprint(root: Path, name: str) -> Fingerprint:
    """Cheap identity of the same files: path, inode, size, modification and change time (ns).

    Good for not hashing unchanged bytes twice in one process, for nothing else.
    """
    stats = [(relative, path.stat()) for relative, path in _files(root, name)]
    return tuple((one, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for one, s in stats)


def _files(root: Path, name: str) -> Iterator[tuple[str, Path]]:
    place = root / name
    if place.is_file():
        yield place.name, place
        return
    if not place.is_dir():
        raise Unverified("the data is not in the work tree", where=name, hint=f"run: dvc pull {name}")
    with naming_os_errors(place, "cannot be read"):
        yield from _below(place, place, name)


def _below(folder: Path, top: Path, name: str) -> Iterator[tuple[str, Path]]:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(path, top, name)
        elif entry.is_file():
            yield path.relative_to(top).as_posix(), path
        else:
            raise DataTampered("holds a linked folder or a special file", where=name)


def _digests(path: Path) -> tuple[str, str, int]:
    """SHA-256 and MD5 (hexadecimal) and size of a file in one pass; MD5 only to name it as DVC does."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with naming_os_errors(path, "cannot be read"), path.open("rb", buffering=0) as stream:
        buffer = bytearray(_BLOCK)
        view = memoryview(buffer)
        while count := stream.readinto(buffer):
            sha256.update(view[:count])
            md5.update(view[:count])
            size += count
    return sha256.hexdigest(), md5.hexdigest(), size
