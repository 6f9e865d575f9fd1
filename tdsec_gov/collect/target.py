"""PATH: where collected data may be put, and what is there already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.collect.location import Location
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.collect.stream import safe_name
from tdsec_gov.errors import TdsecError, UsageError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository

_NOT_OURS = (".git", ".dvc", ".tdsec", "policies", "hooks")


@dataclass(frozen=True, slots=True)
class Target:
    """``name`` from the repository's root; ``before`` is the version that DVC tracks there now, if any;
    ``exists`` whether anything lies there."""

    name: str
    path: Path
    before: Pointer | None
    exists: bool


def target(repository: Repository, out: str, folder: Path, force: bool) -> Target:
    """PATH as a dataset name.

    Raises:
        UsageError: outside the repository, in a folder of git, DVC or ours, tracked by git, in or around
            another dataset, or something is there and ``force`` is not given.
        Rejected: what is there would be lost.
    """
    root = repository.root.resolve()
    path = folder / out
    try:
        name = path.parent.resolve().joinpath(path.name).relative_to(root).as_posix()
        safe_name(name, Location("", "", name))
    except (ValueError, Rejected):
        raise UsageError("PATH is no place for a dataset", where=out, expected="a path inside it") from None
    if name.split("/")[0] in _NOT_OURS or name.endswith(".dvc"):
        raise UsageError("PATH is not for data", where=name, expected="a path such as data/train.csv")
    if repository.git.tracked(f":(literal){name}"):
        raise UsageError("git tracks this path itself", where=name, hint=f"run: git rm --cached {name}")
    before = _before(repository, name)
    place = root / name
    exists = place.exists() or place.is_symlink()
    if (exists or before) and not force:
        raise UsageError(
            "there is data already", where=name, hint="replace it: --force, or choose another --out"
        )
    if exists:
        _require_kept(repository, name, place, before)
    return Target(name, place, before, exists)


def _before(repository: Repository, name: str) -> Pointer | None:
    """The pointer of exactly this dataset. Raises UsageError: a pipeline makes it, or another is there."""
    for one in repository.work_tree():
        if one.name == name:
            if one.file != f"{name}.dvc":
                raise UsageError("a DVC pipeline makes this path", where=name, found=one.file)
            return one
        if name.startswith(f"{one.name}/") or one.name.startswith(f"{name}/"):
            raise UsageError("another dataset is in the way", where=name, found=one.name)
    return None


def _require_kept(repository: Repository, name: str, place: Path, before: Pointer | None) -> None:
    """Raises Rejected unless DVC's cache holds what lies there now, byte by byte (by MD5)."""
    lost = "what lies there is in no version that DVC keeps, and would be lost"
    hint = f"run: dvc add {name} (or move it away), then collect again"
    if before is None:
        raise Rejected(lost, where=name, hint=hint)
    try:
        known = dict(repository.cache.members(before.oid, name))
    except TdsecError:
        raise Rejected(lost, where=name, hint=f"run: dvc fetch {name} (or move it away)") from None
    folder = before.oid.endswith(".dir")
    here = {one.relative_to(place).as_posix(): one for one in place.rglob("*") if not one.is_dir()}
    files = here if folder else {place.name: place}
    same = place.is_dir() == folder and set(files) == set(known)
    if not same or any(_md5(one) != known[path] for path, one in files.items()):
        raise Rejected(lost, where=name, hint=hint)
    if not all(repository.cache.holds(oid) for oid in known.values()):
        raise Rejected(lost, where=name, hint=hint)


def _md5(path: Path) -> str:
    """DVC's oid of a file; it finds bytes and proves nothing."""
    digest = hashlib.md5(usedforsecurity=False)
    with naming_os_errors(path, "cannot be read"), path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
