"""``tdsec fix pii``: a new version of a dataset in which a column is dropped, masked or keyed.

Order: the new files in a folder of their own, then each renamed over the old one, then ``dvc add``, then the
audit event that says what it was derived from. Files in the work tree that DVC does not know are never lost:
they are refused without ``force``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.audit.journal import Journal
from tdsec_gov.checks.contract import DataFile
from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.files import naming_os_errors, sync_folder
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.setup.remotes import dvc
from tdsec_gov.setup.rewriting.change import Change
from tdsec_gov.setup.rewriting.files import can_rewrite, rewrite

ACTION = "fix.pii"


@dataclass(frozen=True, slots=True)
class Mended:
    """What :func:`fix_pii` did: roots of both versions, files rewritten, values changed in them."""

    dataset: str
    derived_from: str
    root: str
    files: int
    values: int


def fix_pii(repository: Repository, pointer: Pointer, change: Change, *, force: bool = False) -> Mended:
    """Apply ``change`` to every file of the dataset that ``pointer`` names and has what it changes.

    Raises:
        UsageError: no file has the column, the data is not here, or the pointer is an output of a stage.
        ConfigurationError: the work tree holds changes that DVC does not know (without ``force``).
        Unreadable: a file is not of its format; nothing was written.
    """
    _refuse_stage(pointer)
    before = build_manifest(pointer, repository.cache)
    place = repository.root / pointer.name
    members = repository.cache.members(pointer.oid, pointer.name)
    whole = not pointer.oid.endswith(".dir")
    targets = [(path, place if whole else place / path, oid) for path, oid in members]
    if not force:
        _refuse_unknown(repository, pointer, targets)
    with naming_os_errors(place, "cannot be written"):
        space = Path(tempfile.mkdtemp(prefix=".tdsec-fix-", dir=place.parent))
        try:
            done = _write_all(repository, targets, space, change)
            for made, target, _ in done:
                shutil.copymode(repository.cache.location(pointer.oid) if whole else target, made)
                made.chmod(0o644)
                made.replace(target)
            sync_folder(place.parent)
        finally:
            shutil.rmtree(space, ignore_errors=True)
    dvc(repository, "add", "--quiet", pointer.name)
    return _record(repository, pointer, before.root, change, [count for _, _, count in done])


def _write_all(
    repository: Repository, targets: list[tuple[str, Path, str]], space: Path, change: Change
) -> list[tuple[Path, Path, int]]:
    """New files in ``space``, for those that hold what is to change; what lies in the cache is the source."""
    done: list[tuple[Path, Path, int]] = []
    for number, (path, target, oid) in enumerate(targets):
        location = repository.cache.location(oid)
        file = DataFile(path, location, location.stat().st_size, "")
        if not can_rewrite(file, change):
            continue
        made = space / f"{number}-{target.name}"
        count = rewrite(file, made, change)
        if count is not None:
            done.append((made, target, count))
    if not done:
        what = f"column {change.column!r}" if change.column else "personal data in text files"
        raise UsageError(
            f"no file of the dataset has {what}",
            expected="a column of a CSV, TSV, JSON lines, Parquet or Arrow table, or text without --column",
            hint="see the columns that: tdsec check names",
        )
    return done


def _refuse_stage(pointer: Pointer) -> None:
    if not pointer.file.endswith(".dvc"):
        raise UsageError(
            f"'{pointer.name}' is the output of a DVC stage, which would write it again",
            where=pointer.file,
            hint="mend it in the stage's own command",
        )


def _refuse_unknown(repository: Repository, pointer: Pointer, targets: list[tuple[str, Path, str]]) -> None:
    """Refuse to write over what exists nowhere else."""
    changed = [str(path) for path, target, oid in targets if target.exists() and _md5(target) != oid]
    place = repository.root / pointer.name
    known = {target for _, target, _ in targets}
    if place.is_dir():
        strange = (path for path in place.rglob("*") if path.is_file() and path not in known)
        changed += [path.relative_to(place).as_posix() for path in strange]
    if changed:
        raise ConfigurationError(
            f"{len(changed)} files in the work tree differ from the version that DVC knows",
            where=pointer.name,
            found=changed[0],
            hint="run: dvc add (to keep them) or dvc checkout (to drop them), or give --force",
        )
    if repository.git.ask("status", "--porcelain", "--", pointer.file).strip():
        raise ConfigurationError(
            "the pointer file has changes that git does not know",
            where=pointer.file,
            hint="commit it first, so that the old version can be found again, or give --force",
        )


def _md5(path: Path) -> str:
    """DVC's own digest of a file: names it, proves nothing."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _record(repository: Repository, pointer: Pointer, old: str, change: Change, counts: list[int]) -> Mended:
    after = next(
        one for one in repository.select([str(repository.root / pointer.name)], repository.root)
        if one.name == pointer.name
    )  # fmt: skip
    root = build_manifest(after, repository.cache).root
    values = sum(counts)
    Journal.open(repository.root).record(
        ACTION,
        "success",
        pointer.name,
        reason=f"{change.how} {change.shown}",
        details={
            "derived_from": old,
            "root": root,
            "how": change.how,
            "column": change.shown,
            "files": len(counts),
            "values": values,
        },
    )
    return Mended(pointer.name, old, root, len(counts), values)


def private_key(home: Path) -> bytes:
    """The key for ``--how hmac`` that is kept beside the identity; made (32 random bytes) when missing.

    Raises:
        ConfigurationError: others may read the file, or it is too short.
    """
    path = home / "pii-hmac.key"
    with naming_os_errors(path, "cannot be used"):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.write(os.urandom(32).hex().encode())
                stream.flush()
                os.fsync(stream.fileno())
        if path.stat().st_mode & 0o077:
            raise ConfigurationError("others may read this key", where=path, hint=f"run: chmod 600 {path}")
        return usable_key(path.read_bytes().strip(), str(path))


def usable_key(key: bytes, where: str) -> bytes:
    """``key`` when it has at least 16 bytes. Raises ConfigurationError."""
    if len(key) < 16:
        raise ConfigurationError(
            "the key is too short",
            where=where,
            expected="at least 16 bytes",
            hint="for example: openssl rand -hex 32",
        )
    return key
