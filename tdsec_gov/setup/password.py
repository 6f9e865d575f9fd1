"""Password mode: an identity in the repository under a passphrase, and a vault that it opens."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from tdsec_gov.errors import KeyUnavailable, UsageError
from tdsec_gov.files import WorkTree, naming_os_errors, write_atomic
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.age import scrypt
from tdsec_gov.keys.age.errors import NoMatchingIdentity
from tdsec_gov.keys.committed import COMMITTED, has_own, identity_of
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.load import policies_from
from tdsec_gov.repo.repository import Repository
from tdsec_gov.setup.init import Done, initialise
from tdsec_gov.setup.members import ACCESS, NewMember, with_member
from tdsec_gov.setup.passphrase import require_strong
from tdsec_gov.setup.remotes import vault_remote
from tdsec_gov.vault.keyrings.readers import reseal

Ask = Callable[[], str]
_ATTRIBUTES = ".tdsec/.gitattributes"
_BINARY = "*.age -text"
_MAGIC = b"age-encryption.org/v1\n"


def initialise_with_passphrase(
    repository: Repository, storage: str | None, name: str, folder: Path, choose: Ask, ask: Ask
) -> Done:
    """As :func:`~tdsec_gov.setup.init.initialise`, with a vault that a passphrase opens.

    ``choose`` gives the new passphrase where one is needed, ``ask`` the one that was chosen before.
    Whoever has an identity of their own keeps it: the passphrase's becomes a member beside it. Each
    step looks before it writes, so an interrupted run is completed by the next.

    Raises:
        UsageError: the passphrase is weak. KeyUnavailable: a wrong one, or nobody here may let it in.
    """
    path = repository.root / COMMITTED
    member = f"{name}-passphrase" if has_own() else name
    new = not path.is_file()
    if new and not has_own() and (repository.root / ACCESS).exists():
        raise KeyUnavailable(
            "only a member can let a passphrase in, and there is no identity here",
            hint="run: tdsec key new --name NAME, and have it added: tdsec vault add-reader",
        )
    if has_own():
        done = initialise(repository, storage, name, folder)
        strong = _strong(repository)
        identity = create(path, member, choose(), post_quantum=strong) if new else open_sealed(path, ask())
        done.files += _let_in(repository, identity, done)
    else:
        secret = choose() if new else ask()
        if new:
            create(path, member, secret)
        identity = identity_of(repository.root, lambda: secret)
        done = initialise(repository, storage, name, folder)
    if new:
        done.lines.insert(0, f"identity '{identity.name}' in {COMMITTED}, sealed with your passphrase")
        done.files.append(COMMITTED)
    done.files += _binary(repository.root)
    repository.git.stage(*done.files)
    return done


def create(path: Path, name: str, passphrase: str, *, post_quantum: bool = False) -> Identity:
    """A new identity in ``path``, sealed. Raises UsageError: the passphrase is weak, nothing was written."""
    require_strong(passphrase, name, path.parent.parent.name)
    identity = Identity.generate(name, post_quantum=post_quantum)
    _write(path, identity.to_text().encode(), passphrase, 0o644)
    return identity


def open_sealed(path: Path, passphrase: str) -> Identity:
    """The identity in ``path``. Raises KeyUnavailable: not sealed with this passphrase, or with none."""
    return Identity.parse(_open(path, passphrase).decode("utf-8", "replace"), path)


def change_passphrase(path: Path, old: Ask, new: Ask) -> Identity:
    """Seal the identity file ``path`` with another passphrase, in one step or not at all.

    A file without one (a private identity file) gets its first. ``old`` is not called for it.

    Raises:
        KeyUnavailable: there is no file, it is none that a passphrase seals, or ``old`` is wrong.
        UsageError: ``new`` is weak, or the old one.
    """
    if not path.is_file():
        raise KeyUnavailable("no identity", where=path, hint="run: tdsec key new, or tdsec init --password")
    with naming_os_errors(path, "cannot be read"):
        data, mode = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    before = old() if data.startswith(_MAGIC) else None
    plain = data if before is None else _open(path, before)
    identity = Identity.parse(plain.decode("utf-8", "replace"), path)
    after = new()
    if after == before:
        raise UsageError("the new passphrase is the old one", where=path)
    require_strong(after, identity.name)
    _write(path, plain, after, mode)
    return identity


def _write(path: Path, plain: bytes, passphrase: str, mode: int) -> None:
    sealed = age_file.encrypt_bytes(plain, [scrypt.Recipient(passphrase)])
    if age_file.decrypt_bytes(sealed, [scrypt.Identity(passphrase)]) != plain:
        raise KeyUnavailable("the sealed identity does not open again; nothing was written", where=path)
    write_atomic(path, sealed, mode=mode)


def _open(path: Path, passphrase: str) -> bytes:
    if not passphrase:
        raise KeyUnavailable("the identity needs its passphrase", where=path, hint="set TDSEC_PASSPHRASE")
    with naming_os_errors(path, "cannot be read"):
        data = path.read_bytes()
    try:
        return age_file.decrypt_bytes(data, [scrypt.Identity(passphrase)])
    except NoMatchingIdentity:
        raise KeyUnavailable("this is not the identity's passphrase", where=path) from None


def _let_in(repository: Repository, identity: Identity, done: Done) -> list[str]:
    """Make ``identity`` a member with my own role, and seal the keyrings to it; the files to commit."""
    root, tree = repository.root, WorkTree(repository.root)
    access = policies_from(tree).access
    if access.member(identity.keyid) is not None:
        return []
    mine, vault = access.member(identity_of(root).keyid), vault_remote(repository)
    if mine is None or not mine.roles or vault is None:
        raise KeyUnavailable("only a member with a role can let a passphrase in", where=ACCESS)
    new = NewMember(
        identity.name,
        str(identity.age.recipient),
        str(identity.verify_key),
        mine.roles[0],
        age_pq="" if identity.age_pq is None else str(identity.age_pq.recipient),
        signing_pq="" if identity.signing_pq is None else str(identity.signing_pq.verify_key),
    )
    files = reseal(root, vault[1], with_member(tree, new))
    done.lines.append(f"member '{identity.name}' with role {mine.roles[0]}, who can open vault '{vault[1]}'")
    return files


def _strong(repository: Repository) -> bool:
    """Whether the vault asks its members for post-quantum keys."""
    vault = vault_remote(repository)
    access = policies_from(WorkTree(repository.root)).access
    return vault is not None and access.settings(vault[1]).post_quantum


def _binary(root: Path) -> list[str]:
    """Keep git from changing line ends in age files, where it takes one for text."""
    path = root / _ATTRIBUTES
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if _BINARY in text.splitlines():
        return []
    write_atomic(path, f"{text}{_BINARY}\n".encode())
    return [_ATTRIBUTES]
