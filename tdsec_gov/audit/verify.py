"""Verification of a whole log: every row, the chain, the tree, the head, signed checkpoints.

The walk streams rows in constant memory and stops at the first fault, which it names. What no
database can show (a log rewritten or cut with all hashes recomputed) the checkpoints show: they are
signed and kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tdsec_gov.audit.body import PROJECTED, read, sortable_time
from tdsec_gov.audit.chain import genesis, link
from tdsec_gov.audit.faults import Walk, chain_broken, missing, out_of_place, tampered, unlike
from tdsec_gov.audit.merkle import Frontier, leaf_hash
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.errors import InternalError, LogTampered

if TYPE_CHECKING:
    from tdsec_gov.audit.log import AuditLog
    from tdsec_gov.audit.store import HeadRow, Session


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """What a verification established.

    ``size`` events, Merkle ``root`` and ``chain`` (64 hex digits each); ``checkpoints`` that the log
    was compared with, ``covered``: events up to the newest of them (later ones rest on the database
    alone); first and last ``event_time`` in the order of recording (empty for an empty log).
    """

    origin: str
    size: int
    root: str
    chain: str
    checkpoints: int
    covered: int
    first_time: str
    last_time: str

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.origin, self.size, self.root)


def verify_log(
    log: AuditLog, checkpoints: Iterable[Checkpoint] = (), *, require_origin: str | None = None
) -> VerifiedLog:
    """Verify every event of ``log`` against itself and against signed ``checkpoints``.

    Args:
        log: the log; it may be written to meanwhile, one state of it is verified.
        checkpoints: verified checkpoints of any origin; those of other logs are passed over.
        require_origin: the origin this log must have, where the caller knows it; without it a log
            deleted and created anew looks like a new log.

    Raises:
        LogTampered: naming the first event that was changed, deleted, renumbered or moved, the
            events cut from the end, or the range that was rewritten.
        BackendUnavailable: the log cannot be read.
    """
    with log.snapshot() as session:
        head = session.head()
        if require_origin is not None and head.origin != require_origin:
            raise tampered(
                log.where, "the log was replaced by another", expected=require_origin, found=head.origin
            )
        marks = _marks(checkpoints, head.origin, log.where)
        walk = Walk(log.where, genesis(head.origin))
        _walk(session, walk, marks)
        _check_end(walk, head, marks)
    return VerifiedLog(
        head.origin,
        walk.seq,
        walk.frontier.root().hex(),
        walk.chain.hex(),
        len(marks),
        max(marks, default=0),
        walk.first_time,
        walk.last_time,
    )


def _marks(checkpoints: Iterable[Checkpoint], origin: str, where: str) -> dict[int, bytes]:
    """Root by size for one origin. Two roots for one size mean the log was forked."""
    marks: dict[int, bytes] = {}
    for one in checkpoints:
        root = bytes.fromhex(one.root)
        if one.origin == origin and marks.setdefault(one.size, root) != root:
            raise tampered(where, f"two signed checkpoints of size {one.size} disagree: the log was forked")
    if marks.get(0, Frontier().root()) != Frontier().root():
        raise tampered(where, "the checkpoint of the empty log is malformed")
    return marks


def _rows(session: Session, walk: Walk) -> Iterator[Sequence[Any]]:
    """All rows; where the database cannot give one, LogTampered names its number."""
    try:
        yield from session.entries()
    except LogTampered as exc:
        raise tampered(walk.where, f"event {walk.seq + 1} cannot be read: {exc.message}") from None


def _walk(session: Session, walk: Walk, marks: dict[int, bytes]) -> None:
    rows = _rows(session, walk)
    for row in rows:
        _check(row, walk, rows)
        root = marks.get(walk.seq)
        if root is not None:
            if walk.frontier.root() != root:
                raise _rewritten(walk, marks)
            walk.proven = walk.seq


def _check(row: Sequence[Any], walk: Walk, rest: Iterable[Sequence[Any]]) -> None:
    """Check one row and step over it."""
    seq, body, leaf, chain = row[:4]
    expected = walk.seq + 1
    if type(body) is not str:
        raise tampered(walk.where, f"event {expected} was changed: its body is not a text")
    try:
        fields = read(body)
    except LogTampered as exc:
        fault = "was changed" if seq == expected else "was deleted or renumbered, and the next one changed"
        raise tampered(walk.where, f"event {expected} {fault}: {exc.message}") from None
    if seq != expected:
        raise missing(walk, seq, fields)
    hashed = leaf_hash(body.encode())
    if hashed != leaf or type(leaf) is not bytes:
        raise unlike(walk, fields, leaf, hashed, chain)
    if fields["seq"] != seq:
        raise out_of_place(walk, fields, rest)
    linked = link(seq, walk.chain, leaf)
    if linked != chain:
        raise chain_broken(walk, fields)
    _check_columns(row[4:], walk, fields)
    walk.step(leaf, linked, fields["event_time"])


def _check_columns(columns: Sequence[Any], walk: Walk, fields: dict[str, Any]) -> None:
    time = fields["event_time"]
    texts = (
        time[:-1] + ".000000Z" if len(time) == 20 else _time(time, walk),
        fields["action"],
        fields["outcome"],
        fields["initiator"],
        fields["target"],
        fields["purpose"],
        fields["legal_basis"],
    )
    if tuple(columns) != texts:
        wrong = ", ".join(n for n, a, b in zip(PROJECTED, columns, texts, strict=True) if a != b)
        raise tampered(walk.where, f"event {walk.seq + 1}{walk.said(fields)}: column {wrong} was changed")


def _time(time: str, walk: Walk) -> str:
    try:
        return sortable_time(time)
    except InternalError:
        raise tampered(walk.where, f"event {walk.seq + 1} was changed: its time is malformed") from None


def _rewritten(walk: Walk, marks: dict[int, bytes]) -> LogTampered:
    first, last = walk.proven + 1, walk.seq
    which = f"event {first} was" if first == last else f"one or more of the events {first} to {last} were"
    return tampered(
        walk.where,
        f"{which} rewritten with recomputed hashes: the signed checkpoint of size {last} has another root",
        expected=marks[last].hex()[:16],
        found=walk.frontier.root().hex()[:16],
    )


def _check_end(walk: Walk, head: HeadRow, marks: dict[int, bytes]) -> None:
    count, newest = walk.seq, max(marks, default=0)
    claimed, by = max((head.size, "its head row"), (newest, "a signed checkpoint"), key=lambda one: one[0])
    if claimed > count:
        gone = f"events {count + 1} to {claimed} were" if claimed > count + 1 else f"event {claimed} was"
        raise tampered(
            walk.where,
            f"the end of the log was cut: {gone} deleted",
            expected=f"{claimed} events ({by})",
            found=f"{count} events",
        )
    if head.size < count:
        raise tampered(
            walk.where,
            f"the head row was changed or event {head.size + 1} was added behind it",
            expected=f"{count} events",
            found=f"{head.size} in the head row",
        )
    if (head.chain, head.frontier) != (walk.chain, walk.frontier.to_bytes()):
        raise tampered(walk.where, "the head row was changed: its hashes do not match the events")
