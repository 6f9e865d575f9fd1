"""Quarantine: a private folder for one collection, held by a lock that ends with its process.

It lies in git's folder (or in .dvc/tmp, where git's folder is on another file system), so that moving the
data into the work tree is a rename. The lock is inherited by ``dvc add``: as long as either lives, nobody
touches the folder. What a dead process left is undone by whoever collects next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.repository import Repository

_NAME = "tdsec-quarantine"
Undo = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """``data`` is where what arrives lies; ``lock`` is the file descriptor that holds the folder."""

    folder: Path
    lock: int

    @property
    def data(self) -> Path:
        return self.folder / "data"


@contextmanager
def quarantine(repository: Repository, near: Path, undo: Undo, sweep: Undo) -> Iterator[Quarantine]:
    """A fresh quarantine on the file system of ``near``; gone afterwards, whatever happens.

    First ``sweep(folder)`` is called for each one that a dead process left, before it is removed;
    ``undo(folder)`` for this one on leaving.

    Raises:
        ConfigurationError: no place on that file system. BackendUnavailable: it cannot be written.
    """
    base = _base(repository, near)
    with naming_os_errors(base, "the quarantine cannot be made"):
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(base):
            _sweep(base, sweep)
            folder = Path(tempfile.mkdtemp(dir=base, prefix="c-"))
            lock = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield Quarantine(folder, lock)
    finally:
        try:
            undo(folder)
        finally:
            _remove(folder)
            os.close(lock)


def leftovers(repository: Repository) -> list[Path]:
    """Quarantine folders that lie here now, alive or dead."""
    return [one for base in _bases(repository) for one in sorted(base.glob("c-*")) if one.is_dir()]


def dead(repository: Repository) -> list[Path]:
    """Those of them whose process is gone; nothing is touched."""
    return [folder for folder in leftovers(repository) if not _alive(folder)]


def _alive(folder: Path) -> bool:
    try:
        handle = os.open(_lock_of(folder), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _bases(repository: Repository) -> tuple[Path, Path]:
    return repository.git.git_dir / _NAME, repository.root / ".dvc" / "tmp" / _NAME


def _base(repository: Repository, near: Path) -> Path:
    there = next(one for one in (near, *near.parents) if one.exists()).stat().st_dev
    for base in _bases(repository):
        above = next(one for one in base.parents if one.exists())
        if above.stat().st_dev == there:
            return base
    raise ConfigurationError(
        "the place to put the data is on another file system than the repository",
        where=near,
        hint="collect into a folder on the repository's own file system",
    )


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    handle = os.open(base / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(base: Path, sweep: Undo) -> None:
    for folder in sorted(base.glob("c-*")):
        if not folder.is_dir():
            continue
        handle = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # its process, or the dvc that it started, is alive
        else:
            sweep(folder)
            _remove(folder)
        finally:
            os.close(handle)
    for lock in base.glob(".c-*.lock"):
        if not base.joinpath(lock.name[1:].removesuffix(".lock")).exists():
            lock.unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


def _remove(folder: Path) -> None:
    """The folder, also where files in it may not be written, then its lock."""
    for base, folders, _ in os.walk(folder):
        for name in folders:
            with contextlib.suppress(OSError):
                Path(base, name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _lock_of(folder).unlink(missing_ok=True)
