"""What must be on the storage: the objects of the versions that accepted verdicts name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import TdsecError, Unverified, VerdictMissing
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.storage.room import Room
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.vault.upkeep.trouble import UNVERIFIED, Trouble, weight
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified


@dataclass(frozen=True, slots=True)
class Need:
    """One object (``oid``) or manifest (no oid) that a version needs, by storage name and place."""

    name: str
    place: str
    oid: str
    paths: tuple[str, ...] = ()


def versions(storage: Storage, repository: Repository | None) -> Iterator[Verified | Pointer | Trouble]:
    """The accepted version of each pointer in the work tree, or (no ``repository``) all accepted ones.

    A pointer without an accepted verdict is itself the answer where a rule exempts it, and trouble
    elsewhere: nothing vouches for its data.
    """
    book = storage.vault.book
    if repository is not None:
        for pointer in dict.fromkeys(repository.work_tree()):
            try:
                yield book.for_oid(pointer.name, pointer.oid)
            except TdsecError as exc:
                if isinstance(exc, Unverified) and storage.placing.exempt([pointer.name]):
                    yield pointer
                    continue
                yield Trouble(exc.code, exc.line(), weight(exc), oid=pointer.oid, datasets=(pointer.name,))
        return
    for dataset in book.datasets():
        try:
            history = book.history(dataset)
        except TdsecError as exc:
            yield Trouble(exc.code, exc.line(), weight(exc), datasets=(dataset,))
            continue
        for seen in history:
            accepted = accepted_of(book, seen)
            if isinstance(accepted, Verified):
                yield accepted


def accepted_of(book: VerdictBook, seen: Verified) -> Verified | TdsecError:
    """The verdict if it is accepted today, else the error that says why not."""
    version = seen.verdict.version
    try:
        return book.accepted(version.name, version.root)
    except TdsecError as exc:
        return exc


def room_of(storage: Storage, dataset: str) -> Room:
    """The room that a dataset's objects belong in."""
    if len(storage.labels) == 1 and not storage.vault.divided:
        return storage.main
    return storage.room(storage.vault.book.policies.access.label(storage.vault.name, dataset))


def needs(storage: Storage, version: DatasetVersion) -> Iterator[Need]:
    """Everything that a pull of ``version`` would fetch.

    Raises:
        VerdictMissing: its manifest is neither here nor in the vault. IntegrityError: nor as signed.
        KeyUnavailable: its compartment is closed to me.
    """
    room = room_of(storage, version.name)
    name = room.names.of_oid(version.oid)
    yield Need(name, room.place(name), version.oid)
    if not version.is_folder:
        return
    name = room.names.of_manifest(version.root)
    yield Need(name, room.place(name, "manifests"), "")
    manifest = storage.manifest(version)
    if manifest is None:
        raise VerdictMissing(
            "the manifest of this version is neither here nor in the vault",
            where=version.short,
            hint=f"run: tdsec check {version.name} where its data is, then dvc push",
        )
    inside: dict[str, list[str]] = {}
    for entry in manifest.entries:
        inside.setdefault(entry.oid, []).append(entry.path)
    for oid, paths in inside.items():
        name = room.names.of_oid(oid)
        yield Need(name, room.place(name), oid, tuple(paths))


def needs_of(storage: Storage, pointer: Pointer, cache: Cache) -> Iterator[Need]:
    """As :func:`needs`, of an exempt pointer: its files as far as their list lies in DVC's cache."""
    room = room_of(storage, pointer.name)
    inside: dict[str, list[str]] = {pointer.oid: []}
    with contextlib.suppress(TdsecError):
        for path, oid in cache.members(pointer.oid, pointer.name):
            inside.setdefault(oid, []).append(path)
    for oid, paths in inside.items():
        name = room.names.of_oid(oid)
        yield Need(name, room.place(name), oid, tuple(paths))


def missing(need: Need, dataset: str, where: str, signers: tuple[str, ...]) -> Trouble:
    """The trouble that the storage lacks ``need`` of ``dataset``, whose verdict ``signers`` signed."""
    what = f"object {need.oid}" if need.oid else "the manifest"
    error = VerdictMissing(
        f"{what} is not on the storage",
        where=where,
        hint="run dvc push where the data is",
    )
    paths = need.paths or (() if need.oid.endswith(".dir") or not need.oid else (dataset.rpartition("/")[2],))
    return Trouble(
        "missing", error.line(), UNVERIFIED, need.place, need.oid, (dataset,), tuple(sorted(paths)), signers
    )
