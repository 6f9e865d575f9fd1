"""A vault, opened for one process: people, keys, names and cover, each read on first need."""

from __future__ import annotations

import datetime as dt
import threading
from functools import cached_property
from pathlib import Path

from tdsec_gov.audit.journal import Journal
from tdsec_gov.checks.registry import policy_digest
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import AccessDenied, TdsecError
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.vault.keyring import Keyring, keyring_name, keyring_statement, open_keyrings
from tdsec_gov.vault.naming import Names
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.trust import member_keys


class OpenedVault:
    """Who I am in vault ``name``, what I may do, and what has happened.

    ``tree`` holds the evidence (work tree or git revision); ``root`` the local repository whose
    journal is written, None when there is none (``dvc get`` from a URL).
    """

    def __init__(self, name: str, tree: Tree, root: Path | None) -> None:
        self.name = name
        self.tree = tree
        self.root = root
        self._lock = threading.RLock()
        self._noted: set[tuple[str, str, str]] = set()
        self._digests: dict[str, str] = {}
        self._allowed: set[str] = set()

    @cached_property
    def identity(self) -> Identity:
        return load_identity()

    @cached_property
    def book(self) -> VerdictBook:
        return VerdictBook.open(self.tree, dt.datetime.now(dt.UTC))

    @cached_property
    def writers(self) -> dict[str, MemberKeys]:
        """Keys that may sign this vault's keyrings."""
        access = self.book.policies.access
        members = [member for member in access.file.members if access.may_write(member, self.name)]
        return member_keys(members)

    @property
    def keyrings(self) -> list[Keyring]:
        """Keyrings of all epochs that I may open, newest first. Raises as ``open_keyrings``."""
        with self._lock:
            return self._keyrings

    @cached_property
    def _keyrings(self) -> list[Keyring]:
        return open_keyrings(self.tree, self.name, self.identity, self.writers)

    @cached_property
    def names(self) -> Names:
        return Names(self.keyrings[0].name_key)

    def policy_digest(self, dataset: str) -> str:
        """Digest of today's policy for a dataset. Raises PolicyInvalid: no rule matches it."""
        if dataset not in self._digests:
            self._digests[dataset] = policy_digest(self.book.policies.for_dataset(dataset))
        return self._digests[dataset]

    def require(self, act: str) -> None:
        """Raises AccessDenied unless policies/access.yaml lets me ``read`` or ``write`` here."""
        if act in self._allowed:
            return
        access = self.book.policies.access
        member = access.member(self.identity.keyid)
        allowed = member is not None and (
            access.may_read(member, self.name) if act == "read" else access.may_write(member, self.name)
        )
        if not allowed:
            error = AccessDenied(
                f"'{self.identity.name}' may not {act} vault '{self.name}'",
                where="policies/access.yaml",
                expected=f"a member with a role or grant to {act} it",
                hint="ask somebody who may write it to add you, and commit",
            )
            self.note("push" if act == "write" else "pull", "denied", self.name, reason=error.code)
            raise error
        self._allowed.add(act)

    def require_readers(self) -> None:
        """Raises AccessDenied when what I seal could be read with a key that access.yaml does not name.

        A former reader, or the readers of another repository whose keyring somebody has put here: both
        keyrings are well signed.
        """
        if "seal" in self._allowed:
            return
        known = {member.age for member in self.book.policies.access.readers(self.name)}
        epoch = self.keyrings[0].epoch
        sealed = keyring_statement(self.tree, self.name, epoch, self.writers).get("readers")
        strangers = (
            [who for who, key in sealed.items() if key not in known] if isinstance(sealed, dict) else ["?"]
        )
        if strangers:
            raise AccessDenied(
                f"vault '{self.name}' is open to keys that are no reader's",
                where=keyring_name(self.name, epoch),
                expected="the readers in policies/access.yaml",
                found=", ".join(sorted(strangers)),
                hint="run: tdsec vault rewrap (or restore .tdsec/vaults from git)",
            )
        self._allowed.add("seal")

    def note(
        self, action: str, outcome: str, target: str, version: DatasetVersion | None = None, reason: str = ""
    ) -> None:
        """Record one act per target and outcome and process; a journal that fails stops the act."""
        key = (action, outcome, version.short if version else target)
        with self._lock:
            if key in self._noted or self.root is None:
                return
            self._noted.add(key)
            purpose = legal_basis = ""
            try:
                policy = self.book.policies.for_dataset(target)
                purpose, legal_basis = policy.purpose, policy.legal_basis
            except TdsecError:
                reason = reason or "no rule for this dataset"
            Journal.open(self.root, self.identity).record(
                action,
                outcome,
                target,
                reason=reason,
                purpose=purpose,
                legal_basis=legal_basis,
                details={"vault": self.name, **({"sha256": version.root} if version else {})},
            )
