"""Journal: the audit log of one repository, as the rooms above write it.

The log is ``.tdsec/audit.db`` (private to this clone). Its signed head is kept in two places that
somebody who edits the database does not reach at once: the user's config folder after every event,
and the committed ``.tdsec/checkpoint`` whenever the gate runs or ``tdsec audit checkpoint`` is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from tdsec_gov.audit.body import encode
from tdsec_gov.audit.checkpoints import advance
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.turns import Turns
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.errors import KeyUnavailable, LogTampered
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.committed import COMMITTED
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import config_home, load_identity

DATABASE = ".tdsec/audit.db"
CHECKPOINT = ".tdsec/checkpoint"


def private_checkpoint(origin: str) -> Path:
    """Where this user's copy of a log's newest checkpoint lies."""
    return config_home() / "checkpoints" / origin.rsplit("/", 1)[-1]


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Act(NamedTuple):
    """What happened, for :meth:`Journal.record_many`; the fields of an event that its caller knows."""

    action: str
    outcome: str
    target: str
    reason: str = ""
    purpose: str = ""
    legal_basis: str = ""
    details: dict[str, JsonValue] | None = None


class Journal:
    """Record events and sign where the log stands.

    Open it once and keep it: any thread may record, and threads that record at the same time share
    one commit and one signature. A forked child may go on using it. When the log's file was replaced
    by another log meanwhile, recording raises LogTampered.
    """

    def __init__(self, root: Path, log: AuditLog, identity: Identity | None) -> None:
        self.root = root
        self.log = log
        self.identity = identity
        self._clock: Callable[[], dt.datetime] = utc_now
        self._turns: Turns[AuditEvent, LogHead] = Turns(self._write)

    @classmethod
    def open(cls, root: Path, identity: Identity | None = None) -> Journal:
        """The journal of the repository at ``root``; its log is created when missing.

        Without ``identity`` the one of the config folder is taken, if there is one: without any the
        events are recorded, and the head stays unsigned.

        Raises:
            BackendUnavailable, ConfigurationError, LogTampered: the log cannot be used.
        """
        if identity is None:
            try:
                identity = load_identity(committed=root / COMMITTED)
            except KeyUnavailable:
                identity = None
        place, pin = root / DATABASE, _pin(root)
        if not place.exists():
            require_first(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            log = AuditLog.create(place)
        else:
            log = AuditLog.open(place)
        _hold(pin, log.origin, place)
        return cls(root, log, identity)

    def record(
        self,
        action: str,
        outcome: str,
        target: str,
        *,
        reason: str = "",
        purpose: str = "",
        legal_basis: str = "",
        details: dict[str, JsonValue] | None = None,
    ) -> LogHead:
        """Append one event and sign the new head into the private copy. Raises as :meth:`record_many`."""
        return self.record_many([Act(action, outcome, target, reason, purpose, legal_basis, details)])

    def record_many(self, acts: Iterable[Act]) -> LogHead:
        """Append events in this order, all or none, and sign the new head into the private copy.

        Returns the log's head, of this call's events or later. On return they survive a power cut.

        Raises:
            InternalError, UsageError: an act is malformed; nothing was recorded.
            BackendUnavailable, LogTampered: nothing was recorded, or the new head could not be signed.
        """
        moment = self._clock().astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        initiator = self.identity.keyid if self.identity else "-"
        events = [
            AuditEvent(
                moment,
                act.action,
                act.outcome,
                initiator,
                act.target,
                act.reason,
                act.purpose,
                act.legal_basis,
                act.details or {},
            )
            for act in acts
        ]
        for event in events:  # a malformed one must not spoil what other threads record with it
            encode(1, event)
        return self._turns.take(events) if events else self.head()

    def _write(self, events: list[AuditEvent]) -> LogHead:
        self.log.append_many(events)
        return self._advance(private_only=True)

    def head(self) -> LogHead:
        head = self.log.head()
        return LogHead(head.origin, head.size, head.root)

    def publish(self) -> Path:
        """Sign the head into the committed ``.tdsec/checkpoint``; returns its path.

        Raises:
            KeyUnavailable: there is no identity to sign with.
        """
        if self.identity is None:
            raise KeyUnavailable(
                "no identity to sign the checkpoint with", hint="run: tdsec key new --name NAME"
            )
        self._advance(private_only=False)
        return self.root / CHECKPOINT

    def _advance(self, *, private_only: bool) -> LogHead:
        """Sign the head, once the log is shown to extend what was signed before.

        Raises:
            LogTampered: it was cut or rewritten since; nothing is signed.
        """
        if self.identity is None:
            return self.head()
        private, public = private_checkpoint(self.log.origin), self.root / CHECKPOINT
        signed = advance(
            self.log,
            self.identity,
            self.identity.name,
            into=[private] if private_only else [private, public],
            against=[public],
            memory=private.with_name(f"{private.name}.edge"),
        )
        return LogHead(signed.origin, signed.size, signed.root)


def _pin(root: Path) -> Path:
    """Where this clone remembers which log is its own: inside git's folder, which dies with the clone."""
    git = root / ".git"
    if git.is_file():  # a linked work tree or a submodule
        git = (
            root / git.read_text(encoding="utf-8", errors="replace").partition("gitdir:")[2].strip()
        ).resolve()
    return git / "tdsec-log"


def require_first(root: Path) -> None:
    """Raises LogTampered when this clone had a log before: beginning anew would forget it."""
    pin, place = _pin(root), root / DATABASE
    if pin.is_file():
        raise LogTampered(
            "the audit log of this clone is gone",
            where=place,
            expected=pin.read_text(encoding="utf-8", errors="replace").strip(),
            hint=f"restore it from a backup; to begin a new log on purpose, remove {pin}",
        )


def _hold(pin: Path, origin: str, place: Path) -> None:
    """Remember the log's origin, once. Raises LogTampered when another log lies in its place."""
    if not pin.parent.is_dir():
        return
    if not pin.is_file():
        write_atomic(pin, f"{origin}\n".encode())
    elif pin.read_text(encoding="utf-8", errors="replace").strip() != origin:
        raise LogTampered(
            "another audit log lies in the place of this clone's",
            where=place,
            expected=pin.read_text(encoding="utf-8", errors="replace").strip(),
            found=origin,
            hint=f"restore it from a backup; to go on with this one on purpose, remove {pin}",
        )
