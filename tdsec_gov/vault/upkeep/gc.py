"""Garbage of a vault: ciphertext that no evidence names, expired review requests, unfinished transfers.

What is listed here may go, and nothing else: a file must be recognised as the vault's own by its keyed
name (or, for uploads, by DVC's name for them and by how age files begin), and must be old enough that
no push under way needs it. :mod:`tdsec_gov.vault.upkeep.kept` says what must stay.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import TdsecError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.review.shelf import expiry_of
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.kept import Kept
from tdsec_gov.vault.upkeep.listing import Kind, Stored, again, stored

_PART = re.compile(r"\..{1,80}\.tdsec-part\Z")
_MAGIC = b"age-encryption.org/v1\n"
_FETCH = re.compile(r"\.tdsec-[a-z0-9_]{8}\Z")
"""The folder into which a pull downloads one object."""
_ORDER = ("list of files", "object", "manifest", "review request", "unfinished upload", "unfinished pull")


@dataclass(frozen=True, slots=True)
class Garbage:
    """One file that may go: on the storage (``stored``), or an unfinished pull on this disk."""

    what: str
    path: str
    size: int
    stored: Stored | None = None

    def as_json(self) -> dict[str, object]:
        oid = self.stored.digest if self.stored and self.stored.kind is Kind.OBJECT else ""
        return {"what": self.what, "path": self.path, "bytes": self.size, "oid": oid}


@dataclass
class Found:
    """What :func:`look` found: ``garbage`` may go; ``young``, ``undated`` and ``unclear`` look like it and
    stay: too new, of unknown age, or not readable where writers vouch for objects without a verdict."""

    garbage: list[Garbage] = field(default_factory=list)
    objects: int = 0
    young: int = 0
    undated: int = 0
    unclear: int = 0
    foreign: int = 0

    @property
    def size(self) -> int:
        return sum(one.size for one in self.garbage)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {what: sum(one.what == what for one in self.garbage) for what in _ORDER}


def look(storage: Storage, repository: Repository, keep: Kept, *, now: float, older_than: float) -> Found:
    """All garbage, in the order in which it should go. ``now`` in Unix seconds, ``older_than`` in seconds.

    With ``older_than`` 0 also what is new, or has no date because its storage gives none.
    """
    found = Found()
    reviews: dict[str, list[Stored]] = {}
    for one in stored(storage):
        if one.kind is Kind.REVIEW:
            reviews.setdefault(one.digest, []).append(one)
            continue
        what = _what(storage, one, keep)
        found.objects += one.kind is Kind.OBJECT
        found.foreign += one.kind is Kind.FOREIGN
        if what is None:
            continue
        if older_than > 0 and one.changed is None:
            found.undated += 1
        elif older_than > 0 and one.changed is not None and now - one.changed < older_than:
            found.young += 1
        elif one.kind is Kind.OBJECT and (placed := _placed(storage, one)) is not False:
            found.unclear += placed is None
        else:
            found.garbage.append(Garbage(what, one.path, one.size or 0, one))
    for files in reviews.values():
        _judge_review(found, files, now, older_than)
    for path, size, changed in _parts(repository.cache.folder):
        if now - changed < older_than:
            found.young += 1
        else:
            found.garbage.append(Garbage("unfinished pull", str(path), size))
    found.garbage.sort(key=lambda each: (_ORDER.index(each.what), each.path))
    return found


def _judge_review(found: Found, files: list[Stored], now: float, older_than: float) -> None:
    """A review request is garbage when its day is over; one that has no request's file was never sent whole
    (or half taken away), and is judged by its age."""
    days = [day for day in (expiry_of(one.name) for one in files) if day is not None]
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    if days and max(days) >= today:
        return
    times = [one.changed for one in files if one.changed is not None]
    if not days and older_than > 0 and len(times) < len(files):
        found.undated += len(files)
    elif not days and older_than > 0 and now - max(times) < older_than:
        found.young += len(files)
    else:
        found.garbage += [Garbage("review request", one.path, one.size or 0, one) for one in files]


def _what(storage: Storage, one: Stored, keep: Kept) -> str | None:
    """What kind of garbage a file is, None when it must stay."""
    if one.kind is Kind.OBJECT and one.digest not in keep.oids and not _covered(storage, one):
        return "list of files" if one.digest.endswith(".dir") else "object"
    if one.kind is Kind.MANIFEST and one.digest not in keep.roots:
        return "manifest"
    if one.kind is Kind.UNFINISHED and _begins_as_age(storage, one):
        return "unfinished upload"
    return None


def _covered(storage: Storage, one: Stored) -> bool:
    """Whether a pull would take it today: asked once more, by the way a pull asks."""
    try:
        storage.cover.require(one.digest)
    except TdsecError:
        return False
    return True


def _placed(storage: Storage, one: Stored) -> bool | None:
    """Whether a writer's signed word for an object without a verdict lies beside it (exempt by some
    policy, perhaps another branch's); None when the object cannot be read, and there are such words.

    Raises:
        BackendUnavailable, ConfigurationError: the storage does not answer.
    """
    room = storage.room(one.label)
    with naming_os_errors(one.path, "cannot be fetched"):
        if not storage.inner.exists(storage.inner.join(room.base, "placements")):
            return False
        digest = hashlib.sha256()
        try:
            room.get(one.name, digest.update)
        except FileNotFoundError:
            return True
        except TdsecError:
            return None
        return room.exists(room.names.of_placement(one.name, digest.hexdigest()), "placements")


def _begins_as_age(storage: Storage, one: Stored) -> bool:
    """Whether an unfinished file begins as our objects do (it may end before that)."""
    with naming_os_errors(one.path, "cannot be read"):
        try:
            with storage.inner.open(one.path, "rb") as stream:
                begin: bytes = stream.read(len(_MAGIC))
        except FileNotFoundError:
            return False
    return _MAGIC.startswith(begin)


def _parts(cache: Path) -> Iterator[tuple[Path, int, float]]:
    """``(path, size, time)`` of what killed pulls left in DVC's cache: a file, or a folder with one in it."""
    for path in sorted((cache / "files").rglob(".*")):
        with contextlib.suppress(FileNotFoundError):
            status = path.lstat()
            if _PART.match(path.name) and stat.S_ISREG(status.st_mode):
                yield path, status.st_size, status.st_mtime
            elif _FETCH.match(path.name) and stat.S_ISDIR(status.st_mode):
                inside = [one.lstat() for one in path.iterdir() if one.name == "object"]
                if len(inside) == len(list(path.iterdir())) and all(stat.S_ISREG(i.st_mode) for i in inside):
                    newest = max([status.st_mtime, *(one.st_mtime for one in inside)])
                    yield path, sum(one.st_size for one in inside), newest


def collect(
    storage: Storage, repository: Repository, found: Found, details: dict[str, JsonValue]
) -> tuple[int, int]:
    """Record what goes, then remove it; ``(removed, left because they have changed since)``.

    ``details`` is added to the audit event, which names all files by one SHA-256 over their paths.

    Raises:
        AccessDenied: I may not write this vault. BackendUnavailable: the storage failed; what is left
            is garbage as before. LogTampered: nothing was removed.
    """
    for label in sorted({one.stored.label for one in found.garbage if one.stored}):
        storage.vault.require("write", label)
    journal = Journal.open(repository.root, storage.vault.identity)
    paths = "".join(f"{one.path}\n" for one in found.garbage)
    named = hashlib.sha256(paths.encode("utf-8", "surrogateescape"))
    said: dict[str, JsonValue] = {
        "vault": storage.vault.name,
        "bytes": found.size,
        "paths_sha256": named.hexdigest(),
        **{f"{what}s".replace(" ", "_"): count for what, count in found.counts().items()},
        **details,
    }
    journal.record("vault.gc", "success", storage.vault.name, reason="about to remove", details=said)
    removed = 0
    try:
        for one in found.garbage:
            removed += _remove(storage, one)
    except TdsecError as exc:
        done: dict[str, JsonValue] = {"vault": storage.vault.name, "removed": removed}
        journal.record("vault.gc", "failure", storage.vault.name, reason=exc.code, details=done)
        raise
    return removed, len(found.garbage) - removed


def _remove(storage: Storage, one: Garbage) -> bool:
    """Remove one file unless it was written again since it was listed."""
    with naming_os_errors(one.path, "cannot be removed"):
        if one.stored is None:
            _remove_part(Path(one.path))
            return True
        now = again(storage, one.stored)
        if now is None or (now.size, now.changed) != (one.stored.size, one.stored.changed):
            return False
        storage.inner.fs.rm_file(one.path)
        return True


def _remove_part(path: Path) -> None:
    if path.is_dir():
        (path / "object").unlink(missing_ok=True)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
