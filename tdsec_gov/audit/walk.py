"""Inside one transaction of the log: extend it, and replay its leaf hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tdsec_gov.audit.body import PROJECTED, encode, projections
from tdsec_gov.audit.chain import link
from tdsec_gov.audit.merkle import HASH_SIZE, Frontier, RootOf, leaf_hash, merkle_root
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.errors import LogTampered, UsageError

if TYPE_CHECKING:
    from tdsec_gov.audit.store import HeadRow, Session


@dataclass(frozen=True, slots=True)
class Appended:
    """An event that is durably recorded: its number, leaf hash and chain hash (64 hex digits each)."""

    seq: int
    leaf: str
    chain: str


def extend(session: Session, batch: list[AuditEvent], origin: str) -> list[Appended]:
    """Write ``batch`` and the new head in the write transaction under way.

    Raises LogTampered when the log there is not ``origin`` any more.
    """
    head = session.head()
    same_log(session, head, origin)
    frontier, chain = Frontier.from_bytes(head.size, head.frontier), head.chain
    rows: list[tuple[object, ...]] = []
    done: list[Appended] = []
    for seq, event in enumerate(batch, head.size + 1):
        body = encode(seq, event)
        leaf = leaf_hash(body.encode())
        chain = link(seq, chain, leaf)
        frontier.append(leaf)
        columns = projections(event)
        rows.append((seq, body, leaf, chain, *(columns[name] for name in PROJECTED)))
        done.append(Appended(seq, leaf.hex(), chain.hex()))
    session.insert(rows)
    session.set_head(replace(head, size=frontier.size, chain=chain, frontier=frontier.to_bytes()))
    return done


def same_log(session: Session, head: HeadRow, origin: str) -> None:
    """Raises LogTampered when another log lies in the place of ``origin``."""
    if head.origin != origin:
        raise LogTampered("audit log was replaced", where=session.where, expected=origin, found=head.origin)


def within(head: HeadRow, wanted: int | None) -> int:
    """``wanted``, or the whole log's size. Raises UsageError beyond it."""
    size = head.size if wanted is None else wanted
    if not 0 <= size <= head.size:
        raise UsageError("the log has fewer events", expected=f"at most {head.size}", found=size)
    return size


def leaves(session: Session, low: int, high: int) -> Iterator[bytes]:
    """Stored leaf hashes of the events low+1..high. Raises LogTampered when one is missing."""
    expected = low
    for seq, leaf in session.leaves(low, high):
        expected += 1
        if seq != expected or not isinstance(leaf, bytes) or len(leaf) != HASH_SIZE:
            raise LogTampered(f"event {expected} is missing or malformed", where=session.where)
        yield leaf
    if expected != high:
        raise LogTampered(f"event {expected + 1} is missing: the log was cut", where=session.where)


def subtree(session: Session) -> RootOf:
    """Roots over ranges of the stored leaf hashes, in constant memory."""
    return lambda low, high: merkle_root(leaves(session, low, high))


def replay(
    session: Session, head: HeadRow, checkpoints: Iterable[Checkpoint], start: Frontier | None = None
) -> Frontier:
    """The frontier over all stored leaf hashes, which must extend each of ``checkpoints``.

    From ``start``, a frontier the caller has authenticated, only later leaves are read and later
    checkpoints asked; the earlier ones were when ``start`` was signed.

    Raises:
        LogTampered: they do not, or the head row disagrees with them.
    """
    where, frontier = session.where, start or Frontier()
    later = [one for one in checkpoints if one.size >= frontier.size or one.origin != head.origin]
    for mark in sorted(later, key=lambda one: one.size):
        same_log(session, head, mark.origin)
        if mark.size > head.size:
            found = f"{head.size} events"
            raise LogTampered("audit log was cut", where=where, expected=f"{mark.size} events", found=found)
        _advance(frontier, session, mark.size)
        if frontier.root().hex() != mark.root:
            raise LogTampered(f"an event among the first {mark.size} was rewritten", where=where)
    _advance(frontier, session, head.size)
    if frontier.to_bytes() != head.frontier:
        raise LogTampered("head row does not match the events", where=where)
    return frontier


def _advance(frontier: Frontier, session: Session, size: int) -> None:
    for leaf in leaves(session, frontier.size, size):
        frontier.append(leaf)
