"""What a vault must keep: all that evidence names, or ever named. Where that is in doubt: nothing goes.

Taking evidence away must never make data look like garbage. So everything that speaks for an object
keeps it, believed or not (another branch, an old commit, an expired or since withdrawn verdict), and
every sign that evidence is missing is a refusal:

1. this clone lacks history (shallow, grafts), or a git remote has commits that were not fetched;
2. a verdict is malformed, or its signature by a member does not verify;
3. a committed verdict is gone from the work tree, or was taken away from a dataset that stands;
4. there is no verdict at all;
5. the audit log of this clone has pushes or pulls of a version that no evidence names;
6. the manifest of an accepted folder version cannot be had, so its files are not known.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.errors import IntegrityError, SignerUntrusted, TdsecError, Unverified, VerdictMissing
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.repo.git import Git, Revision
from tdsec_gov.repo.history import blobs_below, ever_named, remote_tips, require_whole
from tdsec_gov.repo.repository import Repository
from tdsec_gov.vault.storage.storage import Storage
from tdsec_gov.verdicts.statement import from_statement
from tdsec_gov.verdicts.store import FOLDER, shortened_history, verdict_names, version_of
from tdsec_gov.verdicts.trust import member_keys
from tdsec_gov.verdicts.verify import verify_signature

_FORGET = "--unsafe-forget"


@dataclass
class Claims:
    """The versions that evidence names, by root; ``accepted`` those that a verdict ever accepted."""

    versions: dict[str, set[DatasetVersion]] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)

    def add(self, version: DatasetVersion, accepted: bool) -> None:
        self.versions.setdefault(version.root, set()).add(version)
        if accepted:
            self.accepted.add(version.root)


@dataclass(frozen=True, slots=True)
class Kept:
    """Oids of objects and roots of manifests that must stay."""

    oids: frozenset[str]
    roots: frozenset[str]


def kept(
    storage: Storage,
    repository: Repository,
    *,
    workspace_only: bool = False,
    offline: bool = False,
    forget: Collection[str] = (),
) -> Kept:
    """What must stay. ``forget``: roots of versions that need not, unless they are accepted here today.

    ``workspace_only`` leaves out what only other branches, tags and commits name; ``offline`` does not
    ask the git remotes whether they have more.

    Raises:
        IntegrityError: evidence was changed or shortened. Unverified: evidence is missing.
    """
    try:
        return _kept(storage, repository, workspace_only, offline, frozenset(forget))
    except TdsecError as exc:
        storage.vault.note("vault.gc", "denied", storage.vault.name, reason=exc.code)
        raise


def _kept(
    storage: Storage, repository: Repository, workspace_only: bool, offline: bool, forget: frozenset[str]
) -> Kept:
    require_whole(repository.git)
    tips = [] if offline else remote_tips(repository.git)
    here, everywhere = Claims(), Claims()
    tree = WorkTree(repository.root)
    for name in tree.names(FOLDER):
        _claim(storage, name, tree.read(name) or b"", here, everywhere)
    for name, data in blobs_below(repository.git, FOLDER, tips):
        _claim(storage, name, data, everywhere)
    _require_history(repository, workspace_only)
    if not everywhere.versions:
        raise Unverified(
            "there is no verdict at all, so nothing tells data from garbage",
            where=FOLDER,
            hint=f"restore it: git checkout HEAD -- {FOLDER}",
        )
    _require_recorded(storage, repository, everywhere, forget)
    counted = here if workspace_only else everywhere
    return _expand(storage, counted, everywhere.accepted, forget)


def _claim(storage: Storage, name: str, data: bytes, *into: Claims) -> None:
    """Take down what a file below .tdsec/verdicts names; other files than verdicts are passed over.

    Raises:
        IntegrityError: a verdict is malformed, or not what a member signed.
    """
    try:
        verdict = from_statement(Envelope.from_bytes(data).payload)
    except IntegrityError as exc:
        if version_of(name) is None:
            return
        raise IntegrityError(
            "a verdict cannot be read, so what it names is not known",
            where=name,
            found=exc.message,
            hint=f"restore it: git checkout HEAD -- {name}, or use the tdsec that wrote it",
        ) from None
    try:
        verify_signature(data, member_keys(storage.vault.book.policies.access.file.members), 1, name)
    except SignerUntrusted:
        pass  # by somebody who has left: keeps what it names all the same
    except IntegrityError as exc:
        exc.where, exc.hint = name, exc.hint or f"restore it: git checkout HEAD -- {name}"
        raise
    for one in into:
        one.add(verdict.version, verdict.accepted)


def _require_history(repository: Repository, strict: bool) -> None:
    """Raises IntegrityError when a committed verdict is gone from the work tree.

    Against HEAD always; against all that HEAD grew from for datasets that stand (``strict``: for all).
    """
    git: Git = repository.git
    head = git.head()
    if head is None:
        return
    committed = set(verdict_names(Revision(git, head)))
    standing = {pointer.name for pointer in repository.work_tree()}
    for name in sorted(committed | ever_named(git, FOLDER)):
        version = version_of(name)
        if version is None or (repository.root / name).is_file():
            continue
        if strict or name in committed or version[0] in standing:
            raise shortened_history(version[0], name)


def _require_recorded(
    storage: Storage, repository: Repository, known: Claims, forget: Collection[str]
) -> None:
    """Raises IntegrityError when this clone moved a version of which no evidence is left."""
    log = Journal.open(repository.root, storage.vault.identity).log
    for action in ("push", "pull"):
        for one in log.events(action=action, outcome="success"):
            root = str(one.event.details.get("sha256", ""))
            ours = one.event.details.get("vault") == storage.vault.name
            if ours and root and root not in known.versions and root not in forget:
                raise IntegrityError(
                    "no evidence is left of a version that was moved through this vault from here",
                    where=f"{one.event.target}@{root[:12]}",
                    expected=f"its verdict on some branch ({action} recorded as event {one.seq})",
                    hint=f"restore the branch; if it is meant to go: tdsec vault gc {_FORGET} {root}",
                )


def _accepted_here(storage: Storage, versions: set[DatasetVersion]) -> bool:
    """Whether a verdict in the work tree accepts the version today: then it is not to be given up."""
    for version in versions:
        with contextlib.suppress(TdsecError):
            storage.vault.book.accepted(version.name, version.root)
            return True
    return False


def _manifest(storage: Storage, versions: list[DatasetVersion]) -> Manifest | None:
    """The manifest that they share (one root), from wherever one of them lies.

    Raises:
        IntegrityError: a copy is not as signed. KeyUnavailable, AccessDenied: it is closed to me.
    """
    failure: TdsecError | None = None
    for version in versions:
        try:
            found = storage.manifest(version)
        except TdsecError as exc:
            failure = exc
            continue
        if found is not None:
            return found
    if failure is not None:
        raise failure
    return None


def _expand(storage: Storage, claims: Claims, accepted: set[str], forget: frozenset[str]) -> Kept:
    """The objects of the versions. Raises VerdictMissing, IntegrityError: a manifest is not to be had."""
    oids: set[str] = set()
    roots: set[str] = set()
    for root, versions in sorted(claims.versions.items()):
        if root in forget and not _accepted_here(storage, versions):
            continue
        roots.add(root)
        oids |= {version.oid for version in versions}
        folders = sorted((version for version in versions if version.is_folder), key=str)
        if not folders:
            continue
        manifest = _manifest(storage, folders)
        if manifest is not None:
            oids |= {entry.oid for entry in manifest.entries}
        elif root in accepted and root not in forget:
            raise VerdictMissing(
                "the manifest of an accepted version is neither here nor in the vault",
                where=folders[0].short,
                expected="the list of its files, which must stay",
                hint=f"push it from where it was checked; to give it up: tdsec vault gc {_FORGET} {root}",
            )
    return Kept(frozenset(oids), frozenset(roots))
