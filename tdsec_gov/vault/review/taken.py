"""A version that was taken for review: private, in git's own folder, never in the work tree.

``<id>/request.json`` is what came with it, ``cache/`` a DVC cache of it alone, ``files/`` the same to
look at; ``desk/`` holds evidence as it lies in a repository, and what the reviewer signs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.dataset import Manifest
from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.files import naming_os_errors, sync_folder, write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.git import Git, git_folder
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.review.bundle import Bundle
from tdsec_gov.vault.review.opened import Opened, believe, open_request, require_alive
from tdsec_gov.vault.review.shelf import BYTES, Shelf, is_id
from tdsec_gov.vault.review.unpacking import Unpacking

_NAME = "tdsec-reviews"
_HEADER = 4096
_RECIPIENT = 2048
"""More bytes than a header without recipients, or the stanza of any one recipient, has."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One version in its private folder."""

    opened: Opened
    folder: Path

    @property
    def cache(self) -> Cache:
        return Cache(self.folder / "cache")

    @property
    def files(self) -> Path:
        """Where the bytes can be looked at: a file or a folder, under the dataset's own name."""
        return self.folder / "files" / self.opened.request.dataset.rpartition("/")[2]

    @property
    def desk(self) -> Path:
        return self.folder / "desk"

    @property
    def pointer(self) -> Pointer:
        request = self.opened.request
        return Pointer(request.dataset, request.oid, request.file)


def place_of(root: Path, id: str) -> Path:
    """The private folder of request ``id``. Raises UsageError: it cannot be a request's name."""
    if not is_id(id):
        raise UsageError(
            "not a review request", expected="32 hexadecimal digits", hint="see: tdsec review list"
        )
    return git_folder(root) / _NAME / id


def taken_ids(root: Path) -> list[str]:
    """The requests that were taken in this clone."""
    base = git_folder(root) / _NAME
    return sorted(one.name for one in base.iterdir() if is_id(one.name)) if base.is_dir() else []


def take(vault: OpenedVault, shelf: Shelf, root: Path, id: str) -> Taken:
    """Fetch, open and verify request ``id`` into its private folder, which appears when everything holds.

    Raises:
        UsageError, AccessDenied, SignerUntrusted, IntegrityError: as ``open_request``.
        Unverified: it has expired. DataTampered: bytes are not the ones that were signed.
    """
    place = place_of(root, id)
    opened = open_request(vault, shelf, id)
    require_alive(opened.request, vault.book.now)
    if place.exists():
        _forget(place)
    with naming_os_errors(place, "the private folder cannot be written"):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{id[:8]}-"))
    try:
        manifest = _fetch(vault, shelf, opened, part)
        with naming_os_errors(place, "the private folder cannot be written"):
            _lay_out(opened, manifest, part)
            part.rename(place)
            sync_folder(place.parent)
    finally:
        _forget(part)
    return Taken(opened, place)


def retake(vault: OpenedVault, root: Path, id: str) -> Taken:
    """A version taken before, believed again. Raises UsageError: it was not; else as :func:`take`."""
    place = place_of(root, id)
    if not (place / "request.json").is_file():
        raise UsageError(f"review request {id} is not here", hint=f"run: tdsec review take {id}")
    with naming_os_errors(place, "cannot be read"):
        opened = believe(vault, id, Bundle.from_bytes((place / "request.json").read_bytes()))
    require_alive(opened.request, vault.book.now)
    return Taken(opened, place)


def forget(root: Path, id: str) -> None:
    """Remove what was taken of request ``id``, if anything was."""
    _forget(place_of(root, id))


def show_at(taken: Taken, out: Path) -> Path:
    """Copy the files of a taken version below ``out``, an empty folder outside every git work tree.

    Raises:
        UsageError: not empty, no folder, or git could track what lies there.
    """
    refuse_out(out)
    target = out / taken.files.name
    with naming_os_errors(out, "cannot be written"):
        out.mkdir(parents=True, exist_ok=True)
        if taken.files.is_dir():
            shutil.copytree(taken.files, target)
        else:
            shutil.copyfile(taken.files, target)
    return target


def refuse_out(out: Path) -> None:
    """Raises UsageError unless ``out`` is a new or empty folder that no git work tree holds."""
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UsageError("not a new or empty folder", where="--out", found=out)
    above = next(one for one in (out.resolve(), *out.resolve().parents) if one.is_dir())
    try:
        Git.discover(above)
    except ConfigurationError:
        return
    raise UsageError(
        "this folder lies in a git repository, where the data could be committed by mistake",
        where="--out",
        found=out,
        hint="name a folder elsewhere, or leave --out away",
    )


def _fetch(vault: OpenedVault, shelf: Shelf, opened: Opened, part: Path) -> Manifest:
    request, version = opened.request, opened.verified.verdict.version
    plain = request.manifest_bytes + request.listing_bytes + version.size
    most = age_file.ciphertext_size(plain, _HEADER + _RECIPIENT * len(opened.people))
    with naming_os_errors(part, "the bytes cannot be written"):
        sink = Unpacking(request, version, Cache(part / "cache"))
        try:
            with shelf.open(request.id, BYTES, most) as source:
                age_file.decrypt_stream(source, sink, vault.identity.age_identities)
            return sink.finish()
        finally:
            sink.close()


def _lay_out(opened: Opened, manifest: Manifest, part: Path) -> None:
    """The files to look at (other names for the same bytes), the evidence, and last what it came in."""
    taken, folder = Taken(opened, part), opened.verified.verdict.version.is_folder
    (taken.files if folder else taken.files.parent).mkdir(parents=True, mode=0o700)
    for entry in manifest.entries:
        shown = taken.files / entry.path if folder else taken.files
        shown.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.link(taken.cache.location(entry.oid), shown)
    for name, data in opened.bundle.files.items():
        write_atomic(taken.desk / name, data, 0o600)
    write_atomic(part / "request.json", opened.bundle.to_bytes(), 0o600)


def _forget(folder: Path) -> None:
    if folder.exists():
        with naming_os_errors(folder, "cannot be removed"):
            shutil.rmtree(folder)
