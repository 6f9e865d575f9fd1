"""Fernet files of before tdsec become plaintext files that ``dvc add`` takes; nothing is overwritten."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tdsec_gov.errors import TdsecError, UsageError
from tdsec_gov.files import naming_os_errors, sync_folder
from tdsec_gov.vault.importing.fernet import Token
from tdsec_gov.vault.importing.fernet_key import FernetKey

SUFFIXES = (".fernet", ".enc", ".encrypted", ".token")
"""Taken off the names; other names stay as they are."""
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True, slots=True)
class Item:
    """One encrypted file, and where its plaintext goes below the target folder."""

    source: Path
    name: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file: ``size`` in bytes; ``known`` says it lay there already, the same."""

    item: Item
    size: int = 0
    created: int = 0
    known: bool = False
    error: TdsecError | None = None


def plan(sources: Sequence[Path], pattern: str = "*") -> list[Item]:
    """The files to decrypt: those named, and of each folder all whose name fits ``pattern``.

    Raises:
        UsageError: a source is not there, there is nothing, or two files want the same name.
    """
    items: list[Item] = []
    for source in sources:
        if source.is_dir():
            items += [Item(path, _plain_name(path.relative_to(source))) for path in _files(source, pattern)]
        elif source.exists():
            items.append(Item(source, _plain_name(Path(source.name))))
        else:
            raise UsageError("no such file or folder", where=source)
    if not items:
        raise UsageError("there is no file to import", where=", ".join(map(str, sources)))
    names = [item.name for item in items]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise UsageError("two files would get the same name", found=", ".join(twice[:5]))
    return items


def _files(folder: Path, pattern: str) -> list[Path]:
    def fail(exc: OSError) -> None:
        raise exc

    with naming_os_errors(folder, "cannot be read"):
        tree = [(Path(top), names) for top, _, names in os.walk(folder, onerror=fail)]
    return sorted(top / name for top, names in tree for name in names if fnmatch(name, pattern))


def _plain_name(path: Path) -> str:
    short = path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
    return short.as_posix()


def import_files(items: Sequence[Item], out: Path, keys: Sequence[FernetKey]) -> Iterator[Imported]:
    """Decrypt each item below ``out``; one that is refused does not keep the others from it.

    Raises:
        BackendUnavailable, ConfigurationError: ``out`` cannot be written.
    """
    with naming_os_errors(out, "cannot be written"):
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".tdsec-import-", dir=_room(out)))
    try:
        with naming_os_errors(work, "cannot be written"):
            (work / ".gitignore").write_text("*\n")
        for item in items:
            yield _import(item, out / item.name, work / "part", keys)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _room(out: Path) -> Path:
    """Where parts lie: beside ``out`` (so that ``dvc add`` never finds one there), if it can be."""
    beside = out.resolve().parent
    fit = os.access(beside, os.W_OK) and beside.stat().st_dev == out.stat().st_dev
    return beside if fit else out


def _import(item: Item, target: Path, part: Path, keys: Sequence[FernetKey]) -> Imported:
    try:
        if item.source.is_symlink() or not item.source.is_file():
            raise UsageError("not a regular file", where=item.source)
        with naming_os_errors(item.source, "cannot be read"), item.source.open("rb") as stream:
            token = Token(stream, item.source)
            key = token.authenticate(keys)
            if os.path.lexists(target):
                size, known = _compare(token, key, target), True
            else:
                size, known = _write(token, key, target, part), False
            return Imported(item, size, token.created, known)
    except TdsecError as exc:
        return Imported(item, error=exc)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _compare(token: Token, key: FernetKey, target: Path) -> int:
    """Size of the plaintext that lies at ``target`` already. Raises UsageError: something else does."""
    ours = hashlib.sha256()
    size = token.decrypt(key, ours.update)
    same = False
    if target.is_file() and not target.is_symlink():
        with naming_os_errors(target, "cannot be read"), target.open("rb") as stream:
            same = hashlib.file_digest(stream, "sha256").digest() == ours.digest()
    if not same:
        raise UsageError("there is another file already, and it stays", where=target)
    return size


def _write(token: Token, key: FernetKey, target: Path, part: Path) -> int:
    with naming_os_errors(target, "cannot be written"):
        with part.open("xb") as stream:
            size = token.decrypt(key, stream.write)
            stream.flush()
            os.fsync(stream.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(part, target)  # unlike a rename, never over another file
        except FileExistsError:
            raise UsageError("there is another file already, and it stays", where=target) from None
        except OSError as exc:
            if exc.errno not in _NO_LINKS or os.path.lexists(target):
                raise
            part.replace(target)
        sync_folder(target.parent)
    return size
