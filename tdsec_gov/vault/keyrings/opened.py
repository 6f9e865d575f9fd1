"""A vault, opened for one process: people, keys, names and cover, each read on first need.

So are the modules behind them: what only lists (``dvc status -c``, ``dvc gc -c``) loads neither the
policies nor the audit log, which take longer to import than to read.
"""

from __future__ import annotations

import datetime as dt
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import AccessDenied, KeyUnavailable, PolicyInvalid, TdsecError
from tdsec_gov.keys.committed import identity_of
from tdsec_gov.keys.identity import Identity
from tdsec_gov.vault.keyrings.keyring import Keyring, keyring_name, open_names, open_signed, statements
from tdsec_gov.vault.keyrings.naming import Names
from tdsec_gov.vault.keyrings.statement import KeyringStatement

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.keys.members import MemberKeys
    from tdsec_gov.vault.keyrings.seen import Seen
    from tdsec_gov.verdicts.book import VerdictBook


class OpenedVault:
    """Who I am in vault ``name``, what I may do, and what has happened.

    ``tree`` holds the evidence (work tree or git revision); ``root`` is the work tree that it lies in, None
    for a revision. ``clone`` is the local repository whose journal is written and whose pins are obeyed, None
    when there is none (``dvc get`` from a URL); ``commit`` the revision's, of that clone.
    """

    def __init__(
        self, name: str, tree: Tree, root: Path | None, clone: Path | None = None, commit: str = ""
    ) -> None:
        self.name = name
        self.tree = tree
        self.root = root
        self.clone = clone or root
        self.commit = commit
        self._lock = threading.RLock()
        self._noted: set[tuple[str, str, str]] = set()
        self._digests: dict[str, str] = {}
        self._allowed: set[str] = set()
        self._may: set[tuple[str, str | None]] = set()
        self._exempt: dict[str, str | None] = {}
        self._opened_journal: Journal | None = None
        self._current: set[tuple[str, str]] = set()
        self._keyrings: dict[str, list[Keyring]] = {}
        self._statements: dict[str, list[KeyringStatement]] = {}

    @cached_property
    def seen(self) -> Seen | None:
        """What this clone has seen; None where there is no clone."""
        from tdsec_gov.vault.keyrings.seen import Seen

        return Seen(self.clone) if self.clone is not None else None

    @cached_property
    def identity(self) -> Identity:
        return identity_of(self.root)

    @cached_property
    def book(self) -> VerdictBook:
        from tdsec_gov.verdicts.book import VerdictBook

        return VerdictBook.open(self.tree, dt.datetime.now(dt.UTC))

    def writers_of(self, label: str) -> dict[str, MemberKeys]:
        """Keys that may sign for objects of ``label`` (the vault, or one of its compartments)."""
        from tdsec_gov.verdicts.trust import member_keys

        access = self.book.policies.access
        return member_keys(access.writers(label))

    def keepers_of(self, label: str) -> dict[str, MemberKeys]:
        """Keys that may sign the keyrings of ``label``: of those who write and read it. Whoever made a
        keyring knows its secret, so one by a member who may only write would let them read."""
        from tdsec_gov.verdicts.trust import member_keys

        return member_keys(self.book.policies.access.keepers(label))

    @property
    def keyrings(self) -> list[Keyring]:
        """Keyrings of all epochs that I may use, newest first. Raises as ``open_keyrings``."""
        return self.keyrings_of(self.name)

    def keyrings_of(self, label: str) -> list[Keyring]:
        """As :attr:`keyrings`, of ``label``."""
        with self._lock:
            if label not in self._keyrings:
                signed = self.statements_of(label)
                self._keyrings[label] = open_signed(self.tree, label, self.identity, signed)
            return self._keyrings[label]

    def statements_of(self, label: str) -> list[KeyringStatement]:
        """What writers signed about the keyrings of ``label``, newest epoch first.

        Raises:
            Unverified, IntegrityError: not as signed, or older than what this clone has seen.
        """
        from tdsec_gov.vault.keyrings.seen import require_newest

        with self._lock:
            if label not in self._statements:
                signed = statements(self.tree, label, self.keepers_of(label))
                if signed and self.seen is not None:
                    require_newest(self.seen, signed[0])
                self._statements[label] = signed
            return self._statements[label]

    @cached_property
    def names(self) -> Names:
        return Names(self.keyrings[0].name_key)

    def name_key_of(self, label: str) -> bytes:
        """The name key of ``label`` (64 bytes), of keyrings that were verified now or, for listing without
        policies, by this clone before. Raises as ``open_keyrings``."""
        from tdsec_gov.vault.keyrings import listed

        with self._lock:
            if label in self._keyrings:
                return self._keyrings[label][0].name_key
            digest = listed.digest_of(self.tree, label)
            if self.clone is not None and listed.is_verified(self.clone, label, digest):
                return open_names(self.tree, label, self.identity)
            key = self.keyrings_of(label)[0].name_key
            if self.clone is not None:
                listed.remember(self.clone, label, digest)
            return key

    def policy_digest(self, dataset: str) -> str:
        """Digest of today's policy for a dataset. Raises PolicyInvalid: no rule matches it."""
        from tdsec_gov.checks.registry import policy_digest

        if dataset not in self._digests:
            self._digests[dataset] = policy_digest(self.book.policies.for_dataset(dataset))
        return self._digests[dataset]

    @cached_property
    def divided(self) -> bool:
        """Whether policies/access.yaml names compartments of this vault."""
        return len(self.book.policies.access.labels(self.name)) > 1

    def exempt(self, dataset: str) -> str | None:
        """Why the policy asks for no verdict on ``dataset``; None when it does, or has no rule for it."""
        if dataset not in self._exempt:
            try:
                self._exempt[dataset] = self.book.policies.for_dataset(dataset).rule.exempt
            except PolicyInvalid:
                self._exempt[dataset] = None
        return self._exempt[dataset]

    @property
    def exempts(self) -> bool:
        """Whether any rule asks for no verdict."""
        return any(rule.exempt for rule in self.book.policies.policy.datasets)

    def require(self, act: str, label: str | None = "") -> None:
        """Raises AccessDenied unless policies/access.yaml lets me ``read`` or ``write`` the label: the
        vault ("" too), one of its compartments, or any of them when None."""
        label = self.name if label == "" else label
        if (act, label) in self._may:
            return
        access = self.book.policies.access
        member = access.member(self.identity.keyid)
        ask = access.may_read if act == "read" else access.may_write
        labels = access.labels(self.name) if label is None else (label,)
        if member is None or not any(ask(member, one) for one in labels):
            error = AccessDenied(
                f"'{self.identity.name}' may not {act} vault '{label or self.name}'",
                where="policies/access.yaml",
                expected=f"a member with a role or grant to {act} it",
                hint="ask somebody who may write it to add you, and commit",
            )
            self.note("push" if act == "write" else "pull", "denied", self.name, reason=error.code)
            raise error
        self._may.add((act, label))

    def require_readers(self, label: str | None = None) -> None:
        """Raises unless what I seal for ``label`` (the vault itself when None) is for today's readers only.

        Raises:
            AccessDenied: a key that access.yaml does not name could read it, or the recovery key could
                not: a former reader's keyring, or another repository's, both of them well signed.
            KeyUnavailable: I can open older keyrings only, which former readers know.
            IntegrityError: this clone has seen a newer keyring, or its history holds one.
        """
        label = self.name if label is None else label
        if f"seal {label}" in self._allowed:
            return
        newest = self.keyrings_of(label)[0]
        said = self.statements_of(label)[0]
        if newest.epoch != said.epoch:
            raise KeyUnavailable(
                f"'{self.identity.name}' cannot open the newest keyring of vault '{label}'",
                where=keyring_name(label, said.epoch),
                expected=f"one of its readers ({', '.join(sorted(said.readers))})",
                hint="ask one of them for: tdsec vault rewrap",
            )
        from tdsec_gov.vault.keyrings.circle import require_circle
        from tdsec_gov.vault.keyrings.seen import require_newest, require_newest_committed

        if self.seen is not None:
            require_newest(self.seen, said, sealing=True)
            require_newest_committed(self.seen, said)
        require_circle(self.book.policies.access, said)
        self._allowed.add(f"seal {label}")

    def next_sequence(self, label: str, name: str, now: int) -> int:
        """Sequence for a new placement of ``name``: ``now`` (microseconds since 1970), or more."""
        pin = self.seen.pin("path", f"{label}:{name}") if self.seen else None
        return max(now, pin.sequence + 1) if pin else now

    def saw(self, label: str, name: str, sequence: int, sha256: str) -> None:
        """Remember a placement. Raises IntegrityError: a newer one was seen in this clone."""
        if self.seen is not None:
            self.seen.require("path", f"{label}:{name}", sequence, sha256, sealing=True)
            self.seen.note("path", f"{label}:{name}", sequence, sha256)

    def require_current(self, dataset: str, oid: str) -> None:
        """Raises IntegrityError where a newer version of ``dataset`` was accepted, here or in what this
        clone has seen: somebody has put this one back."""
        from tdsec_gov.vault.keyrings.seen import require_current

        with self._lock:
            if (dataset, oid) not in self._current:
                require_current(self.book, dataset, oid, self.seen, self.commit)
                self._current.add((dataset, oid))

    def _journal(self, root: Path) -> Journal:
        from tdsec_gov.audit.journal import Journal

        if self._opened_journal is None:
            self._opened_journal = Journal.open(root, self.identity)
        return self._opened_journal

    def note(
        self, action: str, outcome: str, target: str, version: DatasetVersion | None = None, reason: str = ""
    ) -> None:
        """Record one act per target and outcome and process; a journal that fails stops the act."""
        key = (action, outcome, version.short if version else target)
        with self._lock:
            if key in self._noted or self.clone is None:
                return
            purpose = legal_basis = ""
            try:
                policy = self.book.policies.for_dataset(target)
                purpose, legal_basis = policy.purpose, policy.legal_basis
            except TdsecError:
                reason = reason or "no rule for this dataset"
            self._journal(self.clone).record(
                action,
                outcome,
                target,
                reason=reason,
                purpose=purpose,
                legal_basis=legal_basis,
                details={"vault": self.name, **({"sha256": version.root} if version else {})},
            )
            self._noted.add(key)
