"""AuditLog: append events, read them, prove them.

Each append takes the log's lock, extends the hash chain and the Merkle frontier and writes both
with the event in one transaction, so concurrent writers cannot fork the log. Events are numbered
from 1 in the order they were recorded, which is the only order: clocks may run backwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tdsec_gov.audit.body import decode, sortable_time
from tdsec_gov.audit.chain import ORIGIN_PREFIX, genesis
from tdsec_gov.audit.merkle import EMPTY_ROOT, Frontier, consistency_proof, inclusion_proof, leaf_hash
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.walk import Appended, extend, replay, same_log, subtree, within
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.errors import LogTampered

if TYPE_CHECKING:
    from tdsec_gov.audit.proofs import ConsistencyProof, InclusionProof
    from tdsec_gov.audit.store import Session, Store


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log ends: number of events, Merkle root, chain hash (64 hex digits each), origin.

    ``frontier`` is the right edge of the tree (:class:`~tdsec_gov.audit.merkle.Frontier`).
    """

    size: int
    root: str
    chain: str
    origin: str
    frontier: bytes = b""

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.origin, self.size, self.root)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log holds it, with its number (from 1) and leaf hash (64 hex digits)."""

    seq: int
    leaf: str
    event: AuditEvent


class AuditLog:
    """One audit log, opened. Safe to use from several processes and threads, and after fork().

    Every method may raise BackendUnavailable (file locked, unreadable, disk full) and LogTampered
    (file corrupt, head row broken); a full check is :func:`tdsec_gov.audit.verify.verify_log`.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def create(cls, place: str | Path, *, log_id: str | None = None) -> AuditLog:
        """Make a new, empty log.

        Args:
            place: file path of a SQLite database, or a SQLAlchemy URL.
            log_id: names this log for ever; 16 random hexadecimal digits by default.

        Raises:
            ConfigurationError: something is there already, or the folder is missing.
            DependencyMissing: no driver for this database.
        """
        from tdsec_gov.audit.store import HeadRow, Store

        name = ORIGIN_PREFIX + (secrets.token_hex(8) if log_id is None else log_id)
        origin = Checkpoint(name, 0, EMPTY_ROOT.hex()).origin
        return cls(Store.create(place, HeadRow(origin, 0, genesis(origin), b"")))

    @classmethod
    def open(cls, place: str | Path, *, busy_seconds: float = 30.0) -> AuditLog:
        """Open an existing log; its writes wait at most ``busy_seconds`` for another writer.

        Raises:
            ConfigurationError: there is no log at ``place``.
        """
        from tdsec_gov.audit.store import Store

        return cls(Store.open(place, busy_seconds))

    @property
    def origin(self) -> str:
        """The log's name, as found on opening; nothing is appended to another one in its place."""
        return self._store.origin

    @property
    def where(self) -> str:
        """Path or address, without password."""
        return self._store.where

    def append(self, event: AuditEvent) -> Appended:
        """Record one event durably. Raises InternalError or UsageError for a malformed one."""
        return self.append_many([event])[0]

    def append_many(self, events: Iterable[AuditEvent]) -> list[Appended]:
        """Record events in this order, all or none, in one transaction."""
        batch = list(events)
        if not batch:
            return []
        with self._store.session(write=True) as session:
            return extend(session, batch, self._store.origin)

    def head(self) -> Head:
        """The log's end, as its head row states it."""
        with self.snapshot() as session:
            row = session.head()
        root = Frontier.from_bytes(row.size, row.frontier).root()
        return Head(row.size, root.hex(), row.chain.hex(), row.origin)

    def events(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        target: str | None = None,
        action: str | None = None,
        outcome: str | None = None,
    ) -> Iterator[Recorded]:
        """Events in the order of their numbers, in constant memory. Verify the log first.

        Args:
            since: earliest ``event_time`` wanted, RFC 3339 in UTC with ``Z``.
            until: only events before this time.
            target, action, outcome: only events with exactly this.
        """
        times = [None if one is None else sortable_time(one) for one in (since, until)]
        wanted = {
            "since": times[0],
            "until": times[1],
            "target": target,
            "action": action,
            "outcome": outcome,
        }
        with self.snapshot() as session:
            for seq, body, leaf in session.bodies(wanted):
                yield _recorded(seq, body, leaf, self.where)

    def prove_inclusion(self, seq: int, size: int | None = None) -> InclusionProof:
        """Proof that event ``seq`` (from 1) is among the first ``size`` events (all by default).

        Raises:
            UsageError: no such event.
        """
        from tdsec_gov.audit.proofs import InclusionProof

        with self.snapshot() as session:
            head = session.head()
            total = within(head, size)
            path = inclusion_proof(subtree(session), seq - 1, total)
            body = session.body_of(seq)
        if not isinstance(body, str):
            raise LogTampered(f"event {seq} is missing", where=self.where)
        return InclusionProof(head.origin, seq, total, body, path)

    def prove_consistency(self, first: int, second: int | None = None) -> ConsistencyProof:
        """Proof that the first ``first`` events are the start of the first ``second`` (all by default).

        Raises:
            UsageError: not 0 < first <= second <= number of events.
        """
        from tdsec_gov.audit.proofs import ConsistencyProof

        with self.snapshot() as session:
            head = session.head()
            total = within(head, second)
            path = consistency_proof(subtree(session), first, total)
        return ConsistencyProof(head.origin, first, total, path)

    def extends(self, checkpoints: Iterable[Checkpoint], start: Frontier | None = None) -> Head:
        """The head, once the stored leaf hashes are shown to extend each of ``checkpoints``.

        Sign no new checkpoint without this: it would vouch for a log rewritten since the last one.
        It reads leaf hashes only; that bodies match them is for a full verification to say. From
        ``start``, an authenticated frontier of this log, it reads the later ones only.

        Raises:
            LogTampered: the log was cut or rewritten since one of them, or is another log.
        """
        with self.snapshot() as session:
            row = session.head()
            same_log(session, row, self.origin)
            frontier = replay(session, row, checkpoints, start)
        return Head(row.size, frontier.root().hex(), row.chain.hex(), row.origin, frontier.to_bytes())

    def snapshot(self) -> AbstractContextManager[Session]:
        """One unchanging state of the rows, for :mod:`tdsec_gov.audit.verify`."""
        return self._store.session(write=False)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._store.close()


def _recorded(seq: object, body: object, leaf: object, where: str) -> Recorded:
    if not isinstance(seq, int) or not isinstance(body, str) or not isinstance(leaf, bytes):
        raise LogTampered("an event is malformed", where=where, hint="run `tdsec audit verify`")
    number, event = decode(body)
    if number != seq or leaf_hash(body.encode()) != leaf:
        raise LogTampered(f"event {seq} was changed", where=where, hint="run `tdsec audit verify`")
    return Recorded(seq, leaf.hex(), event)
