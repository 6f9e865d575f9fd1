"""Intent: what a collection is about to change in the work tree, written before the first change.

Whoever finds it in the quarantine of a dead process can undo the change: take away only bytes that the
collection itself put there, and put back what it had moved aside.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from tdsec_gov.collect.intake import Arrived
from tdsec_gov.errors import IntegrityError, TdsecError
from tdsec_gov.files import write_atomic
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import hash_file

_FILE = "intent.json"
_LIST = "files.json"


@dataclass(frozen=True, slots=True)
class Intent:
    """``name`` of the dataset; ``fresh`` are DVC oids that the cache did not hold before; ``made`` are
    folders that were not there; ``provenance`` is the path of the record once it is about to be written;
    ``placed`` says that nothing is to be undone."""

    name: str
    had_pointer: bool
    had_ignore: bool
    fresh: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    provenance: str = ""
    placed: bool = False

    def write(self, quarantine: Path) -> None:
        write_atomic(quarantine / _FILE, json.dumps(asdict(self)).encode(), 0o600)

    def step(self, quarantine: Path, provenance: str = "", placed: bool = False) -> Intent:
        new = replace(self, provenance=provenance or self.provenance, placed=placed)
        new.write(quarantine)
        return new


def begin(repository: Repository, quarantine: Path, name: str, arrived: Sequence[Arrived]) -> Intent:
    """Keep copies of what will change and say so on disk. Raises as :func:`write_atomic`."""
    root = repository.root
    pointer, ignore = root / f"{name}.dvc", (root / name).with_name(".gitignore")
    for path, copy in ((pointer, "pointer"), (ignore, "ignore")):
        if path.is_file():
            write_atomic(quarantine / copy, path.read_bytes(), 0o600)
    digests = {one.name: one.sha256 for one in arrived}
    write_atomic(quarantine / _LIST, json.dumps(digests).encode(), 0o600)
    oids = [one.md5 for one in arrived]
    if arrived[0].name:
        oids.append(_folder_oid(arrived))
    fresh = tuple(sorted({one for one in oids if not repository.cache.holds(one)}))
    above = [one for one in PurePosixPath(name).parents if not (root / one).exists()]
    intent = Intent(name, pointer.is_file(), ignore.is_file(), fresh, tuple(map(str, above)))
    intent.write(quarantine)
    return intent


def undo(repository: Repository, quarantine: Path) -> str | None:
    """Put the work tree and DVC's cache back as they were, where a collection had begun to change them.

    Returns the dataset's name, None where nothing had begun.
    """
    try:
        body = json.loads((quarantine / _FILE).read_bytes())
        intent = Intent(**{**body, "fresh": tuple(body["fresh"]), "made": tuple(body["made"])})
        digests = dict(json.loads((quarantine / _LIST).read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if intent.placed:
        return None
    root = repository.root
    if intent.provenance:
        (root / intent.provenance).unlink(missing_ok=True)
        _prune((root / intent.provenance).parent, root / ".tdsec")
    _take_away(root / intent.name, digests)
    if (quarantine / "old").exists() and not (root / intent.name).exists():
        (quarantine / "old").rename(root / intent.name)
    _restore_pointer(root / f"{intent.name}.dvc", quarantine / "pointer", intent.had_pointer)
    _restore_ignore((root / intent.name).with_name(".gitignore"), quarantine / "ignore", intent)
    _forget(repository, intent)
    for folder in intent.made:
        with contextlib.suppress(OSError):
            (root / folder).rmdir()
    return intent.name


def _take_away(place: Path, digests: dict[str, str]) -> None:
    """Files with the collected bytes only; whatever else lies there is somebody else's."""
    for name, sha256 in digests.items():
        path = place / name if name else place
        if path.is_symlink() or path.is_file():
            with contextlib.suppress(TdsecError, OSError):
                if hash_file(path)[0] == sha256:
                    path.unlink()
                    _prune(path.parent, place.parent)


def _restore_pointer(path: Path, copy: Path, had: bool) -> None:
    if had:
        write_atomic(path, copy.read_bytes())
    else:
        path.unlink(missing_ok=True)


def _restore_ignore(path: Path, copy: Path, intent: Intent) -> None:
    """Take out the one line that ``dvc add`` puts in."""
    if not path.is_file():
        return
    line = "/" + intent.name.rpartition("/")[2]
    before = copy.read_text("utf-8", "surrogateescape").splitlines() if intent.had_ignore else []
    if line in before:
        return
    now = path.read_text("utf-8", "surrogateescape").splitlines()
    if line not in now:
        return
    kept = [one for one in now if one != line]
    if not kept and not intent.had_ignore:
        path.unlink()
    else:
        write_atomic(path, "".join(f"{one}\n" for one in kept).encode("utf-8", "surrogateescape"))


def _forget(repository: Repository, intent: Intent) -> None:
    """Objects that only this collection put into DVC's cache; none at all when others may need them."""
    try:
        named = {one.oid for one in repository.work_tree()}
        for pointer in [one for one in named if one.endswith(".dir") and repository.cache.holds(one)]:
            named |= {oid for _, oid in repository.cache.members(pointer, "dataset")}
    except (TdsecError, OSError):
        return
    for oid in intent.fresh:
        if oid not in named:
            place = repository.cache.location(oid)
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
                _prune(place.parent, repository.cache.folder)


def _prune(folder: Path, upto: Path) -> None:
    """Empty folders from ``folder`` up to, and without, ``upto``."""
    while folder != upto and upto in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _folder_oid(arrived: Sequence[Arrived]) -> str:
    """The oid that DVC gives to the list of these files."""
    items = [{"md5": one.md5, "relpath": one.name} for one in sorted(arrived, key=lambda one: one.name)]
    return hashlib.md5(json.dumps(items).encode(), usedforsecurity=False).hexdigest() + ".dir"


def require_same(expected: Sequence[Arrived], found: dict[str, str], name: str) -> None:
    """Raises IntegrityError unless ``found`` (path, SHA-256) is what arrived."""
    base = name.rpartition("/")[2]
    if {one.name or base: one.sha256 for one in expected} != found:
        raise IntegrityError(
            "DVC tracks other bytes than were collected",
            where=name,
            hint="look for a .dvcignore that leaves files out, and collect again",
        )
