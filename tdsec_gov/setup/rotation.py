"""New epochs from beginning to end: access.yaml, keyrings, git's index, audit events, and the storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import ConfigurationError, TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.policy.load import access_in
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup.members import ACCESS, overlaid, without_member, without_reading
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.revoke import orphaned, revocation
from tdsec_gov.vault.keyrings.rotate import (
    change_keys,
    done,
    labels_of,
    pending,
    rotation,
    unfinished,
    vaults_of,
)
from tdsec_gov.vault.plugin.wiring import open_storage
from tdsec_gov.vault.upkeep.inspect import Inspection
from tdsec_gov.vault.upkeep.listing import Kind, stored
from tdsec_gov.vault.upkeep.progress import kept_in, place
from tdsec_gov.vault.upkeep.reencrypt import Left, Reencryption
from tdsec_gov.vault.upkeep.trouble import Trouble

Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Turned:
    """A new epoch is in the work tree: epoch by label, the files to commit, the datasets whose verdicts
    count no longer, and why the files are not in git's index, where they are not."""

    epochs: dict[str, int]
    files: list[str]
    orphaned: list[str] = field(default_factory=list)
    unstaged: str = ""
    wrote: bool = False
    """Whether somebody was removed who could write: what they pushed on their word alone counts no longer."""

    def __str__(self) -> str:
        return ", ".join(f"{label} {epoch}" for label, epoch in sorted(self.epochs.items())) or "none"


def turn(repository: Repository, vault_name: str, *, eager: bool) -> Turned:
    """A new epoch for the vault and its compartments, for today's readers.

    ``eager``: it is remembered that the objects are to be sealed anew (:func:`seal_anew`).

    Raises:
        AccessDenied: I cannot give one of them a new keyring. PolicyInvalid, IntegrityError: as it says.
    """
    vault = OpenedVault(vault_name, WorkTree(repository.root), repository.root)
    labels = labels_of(vault)
    files = rotation(vault, labels)
    epochs = {label: vault.statements_of(label)[0].epoch + 1 for label in labels}
    unstaged = stage(repository, change_keys(repository.root, files, epochs if eager else {}))
    _record(repository, vault, epochs, eager=eager)
    return Turned(epochs, list(files), unstaged=unstaged)


def resumed(repository: Repository) -> Turned | None:
    """The eager rotation that was interrupted, brought to where :func:`seal_anew` can go on; None: none."""
    left = pending(repository.root)
    if left is None:
        return None
    return Turned(left.epochs, list(left.files), unstaged=stage(repository, left.files))


def remove_reader(repository: Repository, name: str, *, eager: bool, keep_signer: bool) -> Turned:
    """Take a member out of access.yaml and give all that they could read a new epoch, as one change.

    The whole entry goes: their signature counts no longer, and every keyring is signed by me. With
    ``keep_signer`` only what lets them read goes.

    Raises:
        UsageError: no such member, or it is me. AccessDenied: the last reader, the recovery key, or a
        label that I cannot give a new keyring. ConfigurationError: an earlier change was interrupted.
        PolicyInvalid: access.yaml cannot be edited by machine. Nothing was changed.
    """
    root, tree = repository.root, WorkTree(repository.root)
    if unfinished(root):
        raise ConfigurationError(
            "a change of keys was interrupted", hint="finish it first: tdsec vault rotate --resume"
        )
    data = (without_reading if keep_signer else without_member)(tree, name)
    after = access_in(data)
    vaults = [OpenedVault(one, tree, root) for one in vaults_of(root)]
    if not vaults:
        raise ConfigurationError("there is no keyring here", where=".tdsec/vaults", hint="run: tdsec init")
    book = vaults[0].book
    member = next(one for one in book.policies.access.file.members if one.name == name)
    found = [revocation(vault, member, after) for vault in vaults]
    lost = orphaned(book, overlaid(tree, data))
    files: dict[str, bytes | None] = {}
    for one in found:
        files |= one.files()
    files[ACCESS] = data
    epochs = {label: epoch for one in found for label, epoch in one.epochs.items()}
    unstaged = stage(repository, change_keys(root, files, epochs if eager else {}))
    for one in found:
        _record(repository, one.vault, one.epochs, eager=eager, removed=name)
    wrote = book.policies.access.may_write(member) and not keep_signer
    return Turned(epochs, list(files), lost, unstaged, wrote)


@dataclass(frozen=True, slots=True)
class Remaining:
    """How many objects of one label stay under epochs before ``epoch``; None when nobody could count."""

    label: str
    epoch: int
    count: int | None
    error: str = ""


def remaining(repository: Repository, turned: Turned) -> list[Remaining]:
    """What a lazy rotation leaves under the old keys: with a new epoch just begun, all that is there."""
    found: list[Remaining] = []
    for vault in _vaults(turned):
        mine = {label: epoch for label, epoch in turned.epochs.items() if label.partition("/")[0] == vault}
        counts: Counter[str] | None = Counter()
        error = ""
        try:
            storage = open_storage(repository.root, vault)
            counts = Counter(one.label for one in stored(storage) if one.kind in (Kind.OBJECT, Kind.PATH))
        except TdsecError as exc:
            counts, error = None, exc.line()
        for label, epoch in sorted(mine.items()):
            found.append(Remaining(label, epoch, None if counts is None else counts[label], error))
    return found


@dataclass
class Renewed:
    """What :func:`seal_anew` did: objects by what became of them, those left, and what verify says."""

    counts: Counter[str] = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def seal_anew(repository: Repository, turned: Turned, jobs: int, watch: Watch) -> Renewed:
    """Seal every object of these labels under its newest epoch, then verify the vaults.

    Raises:
        BackendUnavailable: the storage went away; the same call goes on later.
        AccessDenied, KeyUnavailable: I can seal or open nothing there.
    """
    found = Renewed()
    for vault in _vaults(turned):
        storage = open_storage(repository.root, vault)
        labels = [label for label in turned.epochs if label.partition("/")[0] == vault]
        for label in labels:
            storage.vault.require_readers(label)
        work = Reencryption(storage, {label: storage.vault.keyrings_of(label) for label in labels}, jobs)
        left = work.run(watch)
        details: dict[str, JsonValue] = {"vault": vault, "epochs": dict(turned.epochs), "left": len(left)}
        Journal.open(repository.root, storage.vault.identity).record(
            "vault.rotate",
            "failure" if left else "success",
            vault,
            reason="objects sealed anew",
            details={**details, **work.counts},
        )
        found.counts += work.counts
        found.left += left
    done(repository.root)
    for vault in _vaults(turned):
        storage = open_storage(repository.root, vault)
        check = Inspection(storage, repository, jobs=jobs, all_versions=False)
        with kept_in(place(repository.git.git_dir, vault), resume=False) as progress:
            found.troubles += [one for one in check.run(progress, watch) if one.exit_code]
    return found


def stage(repository: Repository, names: Iterable[str]) -> str:
    """Put files into git's index, and take out of it what is gone. Why git refused, empty when it did not:
    a locked index is no reason to stop a change of keys halfway."""
    there = [name for name in names if (repository.root / name).is_file()]
    gone = [name for name in names if not (repository.root / name).is_file()]
    try:
        repository.git.stage(*there)
        if gone:
            repository.git.ask("rm", "--cached", "-q", "--ignore-unmatch", "--", *gone)
    except ConfigurationError as exc:
        return f"not staged, do it by hand (git add .tdsec policies): {exc.line()}"
    return ""


def _vaults(turned: Turned) -> list[str]:
    return sorted({label.partition("/")[0] for label in turned.epochs})


def _record(
    repository: Repository, vault: OpenedVault, epochs: dict[str, int], *, eager: bool, removed: str = ""
) -> None:
    details: dict[str, JsonValue] = {"vault": vault.name, "epochs": dict(epochs), "eager": eager}
    if removed:
        details["removed"] = removed
    journal = Journal.open(repository.root, vault.identity)
    journal.record("vault.rotate", "success", vault.name, details=details)
