"""Who can open a vault: the members in policies/access.yaml, and the keyrings sealed to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import AccessDenied, KeyUnavailable
from tdsec_gov.files import WorkTree
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.load import access_in
from tdsec_gov.vault.keyrings.change import apply, finish
from tdsec_gov.vault.keyrings.circle import ACCESS, Circle
from tdsec_gov.vault.keyrings.keyring import Keyring, epochs
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.sealing import seal_keyrings
from tdsec_gov.vault.keyrings.statement import KeyringStatement


@dataclass(frozen=True, slots=True)
class LabelReaders:
    """One label: who should open it by policy, and by its statements who can, epoch by epoch."""

    label: str
    readers: tuple[str, ...]
    writers: tuple[str, ...]
    recovery: str | None
    statements: tuple[KeyringStatement, ...]

    @property
    def agree(self) -> bool:
        """Whether every keyring is sealed to exactly the people of the policy."""
        wanted = (set(self.readers), set(self.writers), self.recovery)
        return all((set(one.readers), set(one.writers), one.recovery) == wanted for one in self.statements)


def readers(vault: OpenedVault) -> list[LabelReaders]:
    """One entry per label of the vault. Raises Unverified, IntegrityError: a keyring is not as signed."""
    access = vault.book.policies.access
    found = []
    for label in access.labels(vault.name):
        people = access.readers(label)
        only = tuple(one.name for one in access.writers(label) if one not in people)
        signed = vault.statements_of(label)
        recovery = access.settings(label).recovery
        names = tuple(one.name for one in people)
        found.append(LabelReaders(label, names, only, recovery, tuple(signed)))
    return found


def may_seal(vault: OpenedVault, label: str) -> bool:
    """Whether I may write ``label`` and can open its newest keyring (or nobody has made one yet)."""
    member = vault.book.policies.access.member(vault.identity.keyid)
    if member is None or not vault.book.policies.access.may_write(member, label):
        return False
    known = epochs(vault.tree, label)
    if not known:
        return vault.book.policies.access.may_read(member, label)
    try:
        return vault.keyrings_of(label)[0].data is not None and vault.keyrings_of(label)[0].epoch == known[0]
    except KeyUnavailable:
        return False


def resealed(
    vault: OpenedVault, label: str, access: Access | None = None, *, rotate: bool = False
) -> dict[str, bytes | None]:
    """The files of ``label`` sealed to the people of ``access`` (today's policy when None); with ``rotate``
    under a new epoch as well.

    A label without a keyring (a new compartment) gets its first one.

    Raises:
        AccessDenied: I may not write it, so nobody would believe my keyring. KeyUnavailable: I cannot
        open its newest keyring. PolicyInvalid: nobody may read it, or a key is missing.
        IntegrityError: this clone has seen a newer keyring.
    """
    access = access or vault.book.policies.access
    member = access.member(vault.identity.keyid)
    if member is None or not access.may_write(member, label):
        raise AccessDenied(
            f"'{vault.identity.name}' may not change who reads '{label}'",
            where=ACCESS,
            hint="ask somebody who may write it",
        )
    circle, strong = Circle.of(access, label), access.settings(label).post_quantum
    pin = vault.seen.pin("keyring", label) if vault.seen is not None else None
    signed = vault.statements_of(label)
    if vault.seen is not None and pin is not None and (not signed or signed[0].sequence < pin.sequence):
        vault.seen.require("keyring", label, signed[0].sequence if signed else 0, "", sealing=True)
    if not signed:
        return seal_keyrings([Keyring.generate(label, post_quantum=strong)], circle, vault.identity)
    last = signed[0]
    rings = [one for one in vault.keyrings_of(label) if one.data is not None]
    if not rings or rings[0].epoch != last.epoch:
        raise KeyUnavailable(
            f"'{vault.identity.name}' cannot open the newest keyring of '{label}'",
            expected=f"one of its readers ({', '.join(sorted(last.readers))})",
            hint="ask one of them",
        )
    if rotate:
        rings = [rings[0].successor(post_quantum=strong), *rings]
    return seal_keyrings(rings, circle, vault.identity, last)


def reseal(root: Path, name: str, access: bytes | None = None, *, record: bool = True) -> list[str]:
    """Seal the keyrings of vault ``name`` and its compartments to the policy's people; the files written.

    Labels that I may not write, or cannot open, are left to those who can, as long as there is one that
    I can. ``access``: new bytes for policies/access.yaml, written in the same change. ``record``: as events
    of the audit log.

    Raises:
        AccessDenied, KeyUnavailable: I can seal none of them. PolicyInvalid, IntegrityError: as
        :func:`resealed`; nothing was written then.
    """
    finish(root)
    vault = OpenedVault(name, WorkTree(root), root)
    after = vault.book.policies.access if access is None else access_in(access)
    mine = [label for label in after.labels(name) if may_seal(vault, label)] or [name]
    files: dict[str, bytes | None] = {}
    for label in mine:
        files |= resealed(vault, label, after)
    if access is not None:
        files[ACCESS] = access
    written = apply(root, files)
    for label in mine if record else ():
        vault.note("key.reader", "success", label)
    return written
