"""What must be on the storage: the objects of the versions that accepted verdicts name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.errors import TdsecError, VerdictMissing
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.storage import Storage
from tdsec_gov.vault.trouble import UNVERIFIED, Owners, Trouble, weight
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified


@dataclass(frozen=True, slots=True)
class Need:
    """One object (``oid``) or manifest (no oid) that a version needs, by its storage name."""

    name: str
    kind: str
    oid: str
    paths: tuple[str, ...] = ()


def versions(storage: Storage, repository: Repository | None) -> Iterator[Verified | Trouble]:
    """The accepted version of each pointer in the work tree, or (no ``repository``) all accepted ones.

    A pointer without an accepted verdict is trouble: nothing vouches for its data.
    """
    book = storage.vault.book
    if repository is not None:
        for pointer in dict.fromkeys(repository.work_tree()):
            try:
                yield book.for_oid(pointer.name, pointer.oid)
            except TdsecError as exc:
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


def needs(storage: Storage, version: DatasetVersion) -> Iterator[Need]:
    """Everything that a pull of ``version`` would fetch.

    Raises:
        VerdictMissing: its manifest is neither here nor in the vault. IntegrityError: nor as signed.
    """
    names = storage.vault.names
    yield Need(names.of_oid(version.oid), "objects", version.oid)
    if not version.is_folder:
        return
    yield Need(names.of_manifest(version.root), "manifests", "")
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
        yield Need(names.of_oid(oid), "objects", oid, tuple(paths))


def missing(storage: Storage, verified: Verified, need: Need, owners: Owners) -> Trouble:
    """The trouble that the storage lacks ``need``."""
    version = verified.verdict.version
    what = f"object {need.oid}" if need.oid else "the manifest"
    error = VerdictMissing(
        f"{what} is not on the storage",
        where=version.short,
        hint="run dvc push where the data is",
    )
    place = storage.place(need.name, need.kind)
    signers = owners.names_of(verified.signers)
    paths = need.paths or ((version.name.rsplit("/", 1)[-1],) if not version.is_folder else ())
    return Trouble(
        "missing", error.line(), UNVERIFIED, place, need.oid, (version.name,), tuple(sorted(paths)), signers
    )
