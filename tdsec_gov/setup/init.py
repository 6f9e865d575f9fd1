"""``tdsec init``: everything a git+DVC repository needs, made once; a second run changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tdsec_gov.audit.checkpoints import GIT_ATTRIBUTES
from tdsec_gov.audit.journal import DATABASE, Journal, require_first
from tdsec_gov.errors import IntegrityError, KeyUnavailable
from tdsec_gov.files import WorkTree, write_atomic
from tdsec_gov.keys.committed import COMMITTED, has_own, identity_of
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import identity_path, save_identity
from tdsec_gov.repo.git import Revision
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup import templates
from tdsec_gov.setup.hooks import PRE_COMMIT_CONFIG, install_hooks
from tdsec_gov.setup.members import ACCESS, require_recipient, with_recovery
from tdsec_gov.setup.remotes import ensure_vault, remotes
from tdsec_gov.vault.keyrings.keyring import epochs
from tdsec_gov.vault.keyrings.readers import reseal
from tdsec_gov.vault.plugin.constants import FOLDER


@dataclass
class Done:
    """What was done, one line each, and the files to commit."""

    lines: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def initialise(
    repository: Repository, storage: str | None, name: str, folder: Path, recovery: str | None = None
) -> Done:
    """Make what is missing: identity, vault remote, policies, keyring, audit log, hooks.

    ``name`` is the new identity's, where one is made; ``recovery`` the recipient whose secret lies
    offline. Each step looks before it writes.

    Raises:
        UsageError, ConfigurationError, KeyUnavailable, PolicyInvalid, BackendUnavailable.
    """
    done = Done()
    if recovery is not None:
        require_recipient(recovery)
    if not (repository.root / DATABASE).exists():
        require_first(repository.root)
    identity = _identity(repository.root, name, done)
    vault, lines = ensure_vault(repository, storage, folder)
    done.lines += lines
    done.files += [".dvc/config"] if lines else []
    _write_templates(repository.root, vault, identity, done)
    if recovery is not None:
        _add_recovery(repository.root, vault, recovery, done)
    if not epochs(WorkTree(repository.root), vault):
        _require_first_keyring(repository, vault)
        done.files += reseal(repository.root, vault, record=False)
        done.lines.append(f"keyring of vault '{vault}'")
    if not (repository.root / DATABASE).exists():
        journal = Journal.open(repository.root, identity)
        journal.record("init", "success", vault, reason="tdsec init")
        journal.publish()
        done.lines.append(f"audit log {DATABASE}, its signed head in .tdsec/checkpoint")
        done.files.append(".tdsec/checkpoint")
    done.lines += install_hooks(repository.git)
    if any(PRE_COMMIT_CONFIG in line for line in done.lines):
        done.files.append(PRE_COMMIT_CONFIG)
    repository.git.stage(*done.files)
    return done


def _add_recovery(root: Path, vault: str, recovery: str, done: Done) -> None:
    """Raises UsageError: there is another recovery key."""
    tree = WorkTree(root)
    data = with_recovery(tree, vault, recovery)
    if data is None:
        return
    if epochs(tree, vault):
        done.files += reseal(root, vault, data, record=(root / DATABASE).exists())
    else:
        write_atomic(root / ACCESS, data)
        done.files.append(ACCESS)
    done.lines.append(f"recovery key of vault '{vault}'; keep its secret offline")


def _require_first_keyring(repository: Repository, vault: str) -> None:
    """A second keyring over the first would lock everybody out of what the first one sealed.

    Raises:
        IntegrityError: git holds a keyring of this vault, or its storage holds objects already.
    """
    head = repository.git.head()
    if head is not None and epochs(Revision(repository.git, head), vault):
        raise IntegrityError(
            "the keyring is missing here, but git has it",
            where=f".tdsec/vaults/{vault}",
            hint="run: git checkout HEAD -- .tdsec",
        )
    storage = Path(remotes(repository).get(vault, ""))
    place = (repository.root / ".dvc" / storage / FOLDER).resolve()
    if storage.parts and "://" not in str(storage) and place.is_dir() and any(place.iterdir()):
        raise IntegrityError(
            "the storage holds objects of a vault whose keyring is not here",
            where=place,
            hint="restore .tdsec/vaults from git, or name another storage",
        )


def member_entry(identity: Identity, role: str) -> str:
    """The entry for policies/access.yaml. Public keys only."""
    entry = templates.MEMBER.format(
        name=identity.name, age=identity.age.recipient, signing=identity.verify_key, role=role
    )
    if identity.age_pq is None or identity.signing_pq is None:
        return entry
    return entry + templates.MEMBER_PQ.format(
        age_pq=identity.age_pq.recipient, signing_pq=identity.signing_pq.verify_key
    )


def _identity(root: Path, name: str, done: Done) -> Identity:
    try:
        return identity_of(root)
    except KeyUnavailable:
        if has_own() or (root / COMMITTED).exists():
            raise
    identity = Identity.generate(name)
    save_identity(identity, identity_path())
    done.lines.append(f"identity '{name}' in {identity_path()} (mode 0600; back it up)")
    return identity


def _write_templates(root: Path, vault: str, identity: Identity, done: Done) -> None:
    access = templates.ACCESS.format(vault=vault, member=member_entry(identity, "admin"))
    files: Mapping[str, str] = {
        "policies/policy.yaml": templates.POLICY,
        "policies/sources.yaml": templates.SOURCES,
        "policies/access.yaml": access,
        ".tdsec/.gitignore": templates.GITIGNORE,
        ".tdsec/.gitattributes": GIT_ATTRIBUTES,
    }
    for name, text in files.items():
        if not (root / name).exists():
            write_atomic(root / name, text.encode())
            done.lines.append(f"{name}")
            done.files.append(name)
