"""Who can open a vault: the readers in policies/access.yaml, and the keyrings sealed to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import AccessDenied, UsageError
from tdsec_gov.files import WorkTree
from tdsec_gov.keys.age import x25519
from tdsec_gov.keys.identity import Identity
from tdsec_gov.vault.keyring import epochs, keyring_statement, write_keyring
from tdsec_gov.vault.opened import OpenedVault


@dataclass(frozen=True, slots=True)
class Readers:
    """By policy: who should open the vault. By keyring: who can, epoch by epoch (names)."""

    policy: tuple[str, ...]
    keyrings: dict[int, tuple[str, ...]]


def readers(vault: OpenedVault) -> Readers:
    """Raises Unverified, IntegrityError: a keyring is not as signed."""
    access = vault.book.policies.access
    sealed: dict[int, tuple[str, ...]] = {}
    for epoch in epochs(vault.tree, vault.name):
        named = keyring_statement(vault.tree, vault.name, epoch, vault.writers).get("readers")
        sealed[epoch] = tuple(sorted(named)) if isinstance(named, dict) else ()
    return Readers(tuple(one.name for one in access.readers(vault.name)), sealed)


def reseal(root: Path, name: str, identity: Identity) -> list[str]:
    """Seal the keyrings that I can open to every reader the policy names; returns the files written.

    Raises:
        AccessDenied: I may not write this vault, so nobody would believe my keyring.
        UsageError: the policy names no reader. KeyUnavailable: I can open no keyring.
    """
    vault = OpenedVault(name, WorkTree(root), root)
    access = vault.book.policies.access
    member = access.member(identity.keyid)
    if member is None or not access.may_write(member, name):
        raise AccessDenied(
            f"'{identity.name}' may not change who reads '{name}'", where="policies/access.yaml"
        )
    people = {one.name: x25519.Recipient.parse(one.age) for one in access.readers(name)}
    if not people:
        raise UsageError("a vault without readers could never be opened", where="policies/access.yaml")
    written: list[str] = []
    for keyring in vault.keyrings:
        written += write_keyring(root, keyring, people, identity)
    vault.note("key.reader", "success", name)
    return written
