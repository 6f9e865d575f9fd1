"""Rotation: a new epoch with a new data key for a vault's labels, as one change of the work tree.

Lazy: what is pushed from now on is sealed under the new epoch. Eager: what lies on the storage as well
(:mod:`.reencrypt`); a private journal in git's folder says that it is not finished. Copies of every keyring
made here stay in git's folder: throwing away the work tree before it was committed loses no key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.errors import AccessDenied, IntegrityError, TdsecError
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.policy.access import Access
from tdsec_gov.repo.git import git_folder
from tdsec_gov.vault.keyrings.change import apply, finish, intent_path
from tdsec_gov.vault.keyrings.circle import ACCESS
from tdsec_gov.vault.keyrings.keyring import epochs
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.readers import may_seal, resealed
from tdsec_gov.vault.keyrings.sealing import Files
from tdsec_gov.vault.keyrings.seen import COPIES

_JOURNAL = "tdsec-rotation"
_KEYRINGS = ".tdsec/vaults/"


def vaults_of(root: Path) -> list[str]:
    """Names of all vaults of this repository that have a keyring."""
    folder = ".tdsec/vaults"
    found = {name.removeprefix(f"{folder}/").split("/")[0] for name in WorkTree(root).names(folder)}
    return sorted(name for name in found if epochs(WorkTree(root), name))


def labels_of(vault: OpenedVault) -> list[str]:
    """The vault and those compartments of the policy that have a keyring."""
    return [label for label in vault.book.policies.access.labels(vault.name) if epochs(vault.tree, label)]


def rotation(vault: OpenedVault, labels: Iterable[str], access: Access | None = None) -> Files:
    """The files of a new epoch for each of ``labels``, sealed to ``access`` (today's policy when None).

    Raises:
        AccessDenied: I may not write one of them, or cannot open it. Others as ``resealed``.
    """
    files: dict[str, bytes | None] = {}
    for label in labels:
        require_sealable(vault, label)
        files |= resealed(vault, label, access, rotate=True)
    return files


def require_sealable(vault: OpenedVault, label: str) -> None:
    """Raises AccessDenied, naming those who can, unless I can give ``label`` a new keyring."""
    if may_seal(vault, label):
        return
    access = vault.book.policies.access
    readers = {one.name for one in access.readers(label)}
    able = [one.name for one in access.writers(label) if one.name in readers]
    raise AccessDenied(
        f"'{vault.identity.name}' cannot give '{label}' a new keyring: that takes reading and writing it",
        where=ACCESS,
        expected=f"one of {', '.join(able)}" if able else "a member who may read and write it",
        hint="nothing was changed; ask one of them",
    )


def change_keys(root: Path, files: Files, eager: Mapping[str, int]) -> list[str]:
    """Put the new keyrings (and what goes with them) into the work tree as one change.

    ``eager``: the epoch by label that the objects are to be sealed under afterwards; it is remembered.
    Returns the files that were written or taken away.
    """
    for name, data in files.items():
        if data is not None and name.startswith(_KEYRINGS):
            write_atomic(_copy(root, name), data, mode=0o600)
    journal = Unfinished(dict(eager), tuple(files), False)
    if eager:
        journal.write(root)
    written = apply(root, files)
    if eager:
        replace(journal, applied=True).write(root)
    return written


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An eager rotation on its way: epoch by label, the files of its change, and whether they are there."""

    epochs: dict[str, int]
    files: tuple[str, ...]
    applied: bool

    def write(self, root: Path) -> None:
        names: list[JsonValue] = list(self.files)
        body: dict[str, JsonValue] = {"epochs": dict(self.epochs), "files": names, "applied": self.applied}
        write_atomic(_journal(root), canonical_bytes({"format": 1, **body}), mode=0o600)

    @property
    def vaults(self) -> list[str]:
        return sorted({label.partition("/")[0] for label in self.epochs})


def pending(root: Path) -> Unfinished | None:
    """The eager rotation that is not finished.

    A change that was left in the middle is finished first, and keyrings of the rotation that were thrown
    away are taken from their copies: objects may be sealed under them. A rotation that never got as far as
    its change is forgotten: nothing had happened yet.

    Raises:
        IntegrityError: the journal is broken, or the change cannot be finished.
    """
    finish(root)
    place = _journal(root)
    if not place.is_file():
        return None
    found = _parse(place)
    tree = WorkTree(root)
    missing = any(max(epochs(tree, label), default=0) < epoch for label, epoch in found.epochs.items())
    if missing and not found.applied:
        place.unlink()
        return None
    if missing:
        lost = [name for name in found.files if name.startswith(_KEYRINGS) and _copy(root, name).is_file()]
        apply(root, {name: _copy(root, name).read_bytes() for name in lost})
    return found


def unfinished(root: Path) -> bool:
    """Whether something was left in the middle; nothing is changed."""
    return _journal(root).is_file() or intent_path(root).is_file()


def done(root: Path) -> None:
    """The eager rotation is finished."""
    _journal(root).unlink(missing_ok=True)


def _journal(root: Path) -> Path:
    return git_folder(root) / _JOURNAL


def _copy(root: Path, name: str) -> Path:
    return git_folder(root) / COPIES / name.removeprefix(_KEYRINGS)


def _parse(place: Path) -> Unfinished:
    try:
        body = parse_object(place.read_bytes(), "journal of a rotation")
        wanted, names, applied = body["epochs"], body["files"], body["applied"]
        if body["format"] != 1 or not isinstance(wanted, dict) or not isinstance(names, list):
            raise ValueError("malformed")
        found = {label: epoch for label, epoch in wanted.items() if type(epoch) is int}
        if len(found) < len(wanted) or not isinstance(applied, bool):
            raise ValueError("malformed")
        return Unfinished(found, tuple(str(name) for name in names), applied)
    except (ValueError, KeyError, OSError, TdsecError):
        raise IntegrityError(
            "the journal of an unfinished rotation is broken",
            where=place,
            hint="remove it and run: tdsec vault rotate --eager",
        ) from None
