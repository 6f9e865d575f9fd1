"""What a verification was up to, and the words for what it found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tdsec_gov.audit.body import read
from tdsec_gov.audit.chain import link
from tdsec_gov.audit.merkle import Frontier
from tdsec_gov.domain.events import ACTIONS
from tdsec_gov.errors import LogTampered

HINT = "keep this file as evidence, restore the log from a backup and verify that"


def tampered(where: str, message: str, *, expected: object = None, found: object = None) -> LogTampered:
    """The refusal, with the advice that goes with all of them."""
    return LogTampered(message, where=where, expected=expected, found=found, hint=HINT)


class Walk:
    """Where a verification is: events verified so far, their chain and tree.

    ``proven`` is the size of the last checkpoint whose root was met: up to there nothing is in doubt.
    """

    __slots__ = ("chain", "first_time", "frontier", "last_time", "proven", "seq", "where")

    def __init__(self, where: str, chain: bytes) -> None:
        self.where = where
        self.chain = chain
        self.frontier = Frontier()
        self.seq = 0
        self.proven = 0
        self.first_time = ""
        self.last_time = ""

    def step(self, leaf: bytes, chain: bytes, time: str) -> None:
        """Step over one verified event."""
        self.seq += 1
        self.chain = chain
        self.frontier.append(leaf)
        self.last_time = time
        if self.seq == 1:
            self.first_time = time

    @staticmethod
    def said(fields: dict[str, Any]) -> str:
        """Time and action of an event as its body states them, where they are such."""
        time, action = fields["event_time"], fields["action"]
        fits = type(time) is str and len(time) <= 27 and all(char in "0123456789-:.TZ" for char in time)
        return f" ({time}, {action})" if fits and action in ACTIONS else ""


def missing(walk: Walk, seq: object, fields: dict[str, Any]) -> LogTampered:
    """A number is not the next one."""
    due = walk.seq + 1
    if fields["seq"] == due:
        return tampered(walk.where, f"event {due}{walk.said(fields)} was renumbered", expected=due, found=seq)
    if isinstance(seq, int) and seq > due:
        gone = f"event {due} was" if seq == due + 1 else f"events {due} to {seq - 1} were"
        return tampered(
            walk.where, f"{gone} deleted: after event {due - 1} comes event {seq}{walk.said(fields)}"
        )
    return tampered(walk.where, "an event with an impossible number was added", expected=due, found=seq)


def unlike(walk: Walk, fields: dict[str, Any], leaf: object, hashed: bytes, chain: object) -> LogTampered:
    """Body and leaf hash of the event do not belong together; the chain tells which was changed."""
    due = walk.seq + 1
    event = f"event {due}{walk.said(fields)} was changed"
    if link(due, walk.chain, hashed) == chain:
        return tampered(walk.where, f"{event}: its leaf hash was overwritten, its body is intact")
    return tampered(walk.where, f"{event}: its body does not match its hash")


def out_of_place(walk: Walk, fields: dict[str, Any], rest: Iterable[Sequence[Any]]) -> LogTampered:
    """An intact body of another number stands in this place: was the right one moved or deleted?"""
    due = walk.seq + 1
    there = f"its place holds event {fields['seq']}{walk.said(fields)}"
    for row in rest:
        if _number(row[1]) == due:
            return tampered(walk.where, f"event {due} was moved to place {row[0]}: {there}")
    return tampered(walk.where, f"event {due} was deleted or replaced and others renumbered: {there}")


def _number(body: object) -> int | None:
    try:
        return int(read(body)["seq"]) if isinstance(body, str) else None
    except LogTampered:
        return None


def chain_broken(walk: Walk, fields: dict[str, Any]) -> LogTampered:
    """Body and leaf fit, the chain does not: this event, or the one before it, had its hash recomputed."""
    due = walk.seq + 1
    event = f"event {due}{walk.said(fields)}"
    if walk.proven >= walk.seq:  # the one before is covered by a checkpoint, or there is none
        other = " or the log's origin" if due == 1 else ""
        return tampered(
            walk.where, f"{event}{other} was changed and its hash recomputed: the chain breaks there"
        )
    return tampered(
        walk.where,
        f"event {walk.seq} or {event} was changed and its hash recomputed: the chain breaks between them",
    )
