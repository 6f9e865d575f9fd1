"""Take a reader out: which labels need a new epoch, who must not be taken out, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import AccessDenied, SignerUntrusted, TdsecError, UsageError
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import Member
from tdsec_gov.vault.keyrings.circle import ACCESS
from tdsec_gov.vault.keyrings.keyring import statements
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.keyrings.readers import resealed
from tdsec_gov.vault.keyrings.rotate import labels_of, require_sealable, rotation
from tdsec_gov.vault.keyrings.sealing import Files
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import verdict_names, version_of
from tdsec_gov.verdicts.trust import member_keys


@dataclass(frozen=True, slots=True)
class Revocation:
    """What taking a reader out does to one vault.

    ``read`` are the labels they could read: these get a new epoch. ``sealed`` are others whose keyrings
    name them, or are signed by them alone: these are sealed and signed anew.
    """

    vault: OpenedVault
    read: tuple[str, ...]
    sealed: tuple[str, ...]
    access: Access

    def files(self) -> Files:
        """The new keyrings. Raises as :func:`tdsec_gov.vault.keyrings.rotate.rotation`."""
        files = dict(rotation(self.vault, self.read, self.access))
        for label in self.sealed:
            files |= resealed(self.vault, label, self.access)
        return files

    @property
    def epochs(self) -> dict[str, int]:
        """The new epoch by label."""
        return {label: self.vault.statements_of(label)[0].epoch + 1 for label in self.read}


def revocation(vault: OpenedVault, member: Member, after: Access) -> Revocation:
    """What it takes to take ``member`` out of ``vault``; ``after`` is access.yaml without them.

    Raises:
        UsageError: it is me. AccessDenied: they are the last reader of a label, or hold its recovery key,
        or I cannot give a label of theirs a new keyring. Nothing was changed.
    """
    if member.keyid == vault.identity.keyid:
        raise UsageError("nobody takes out themselves", hint="ask another member who may write the vault")
    read, sealed = [], []
    for label in labels_of(vault):
        signed = vault.statements_of(label)
        if vault.book.policies.access.may_read(member, label) or any(
            member.name in one.readers for one in signed
        ):
            read.append(label)
        elif any(member.name in one.writers for one in signed) or not _stands(vault, label, after):
            sealed.append(label)
    for label in (*read, *sealed):
        _require_removable(vault, label, member, after)
        require_sealable(vault, label)
    return Revocation(vault, tuple(read), tuple(sealed), after)


def _stands(vault: OpenedVault, label: str, after: Access) -> bool:
    """Whether the label's statements are signed by somebody who may still write and read it."""
    try:
        statements(vault.tree, label, member_keys(after.keepers(label)))
    except SignerUntrusted:
        return False
    return True


def _require_removable(vault: OpenedVault, label: str, member: Member, after: Access) -> None:
    if not after.readers(label):
        raise AccessDenied(
            f"'{member.name}' is the last reader of '{label}'",
            where=ACCESS,
            expected="somebody who can still read it",
            hint="run first: tdsec vault add-reader",
        )
    if after.settings(label).recovery in (member.age, member.age_pq or member.age):
        raise AccessDenied(
            f"the key of '{member.name}' is the recovery key of '{label}'",
            where=ACCESS,
            hint="the recovery key is changed by hand in policies/access.yaml, with a review",
        )


def orphaned(book: VerdictBook, after: Tree) -> list[str]:
    """Datasets with a verdict that is accepted now and would no longer be under policies/ in ``after``."""
    later = VerdictBook.open(after, book.now)
    found: set[str] = set()
    for name in verdict_names(book.evidence):
        version = version_of(name)
        if version is not None and version[0] not in found and _accepts(book, version):
            found |= set() if _accepts(later, version) else {version[0]}
    return sorted(found)


def _accepts(book: VerdictBook, version: Sequence[str]) -> bool:
    try:
        book.accepted(version[0], version[1])
    except TdsecError:
        return False
    return True
