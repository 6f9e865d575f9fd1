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
from tdsec_gov.errors import AccessDenied, KeyUnavailable, TdsecError
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.members import MemberKeys
from tdsec_gov.vault.circle import require_circle
from tdsec_gov.vault.keyring import Keyring, keyring_name, open_keyrings, statements
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
        self._keyrings: dict[str, list[Keyring]] = {}

    @cached_property
    def identity(self) -> Identity:
        return load_identity()

    @cached_property
    def book(self) -> VerdictBook:
        return VerdictBook.open(self.tree, dt.datetime.now(dt.UTC))

    @property
    def writers(self) -> dict[str, MemberKeys]:
        """Keys that may sign this vault's keyrings."""
        return self.writers_of(self.name)

    def writers_of(self, label: str) -> dict[str, MemberKeys]:
        """Keys that may sign the keyrings of ``label`` (the vault, or one of its compartments)."""
        access = self.book.policies.access
        return member_keys(access.writers(label))

    @property
    def keyrings(self) -> list[Keyring]:
        """Keyrings of all epochs that I may use, newest first. Raises as ``open_keyrings``."""
        return self.keyrings_of(self.name)

    def keyrings_of(self, label: str) -> list[Keyring]:
        """As :attr:`keyrings`, of ``label``."""
        with self._lock:
            if label not in self._keyrings:
                self._keyrings[label] = open_keyrings(self.tree, label, self.identity, self.writers_of(label))
            return self._keyrings[label]

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

    def require_readers(self, label: str | None = None) -> None:
        """Raises unless what I seal for ``label`` (the vault itself when None) is for today's readers only.

        Raises:
            AccessDenied: a key that access.yaml does not name could read it, or the recovery key could
                not: a former reader's keyring, or another repository's, both of them well signed.
            KeyUnavailable: I can open older keyrings only, which former readers know.
        """
        label = self.name if label is None else label
        if f"seal {label}" in self._allowed:
            return
        newest = self.keyrings_of(label)[0]
        said = statements(self.tree, label, self.writers_of(label))[0]
        if newest.epoch != said.epoch:
            raise KeyUnavailable(
                f"'{self.identity.name}' cannot open the newest keyring of vault '{label}'",
                where=keyring_name(label, said.epoch),
                expected=f"one of its readers ({', '.join(sorted(said.readers))})",
                hint="ask one of them for: tdsec vault rewrap",
            )
        require_circle(self.book.policies.access, said)
        self._allowed.add(f"seal {label}")

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
