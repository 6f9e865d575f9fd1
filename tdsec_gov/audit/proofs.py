"""Verification of Merkle proofs (RFC 9162, 2.1.3.2 and 2.1.4.2), and proofs as values for people.

Whoever holds a signed checkpoint can check these without the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tdsec_gov.audit.body import decode
from tdsec_gov.audit.merkle import HASH_SIZE, leaf_hash, node_hash
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import LogTampered


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raises LogTampered unless ``path`` proves ``leaf`` at ``index`` of the tree with this root."""
    if not 0 <= index < size or any(len(one) != HASH_SIZE for one in path):
        raise LogTampered("inclusion proof is malformed")
    last, at, result = size - 1, index, leaf
    for sibling in path:
        if last == 0:
            raise LogTampered("inclusion proof is too long")
        if at & 1 or at == last:
            result = node_hash(sibling, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        at, last = at >> 1, last >> 1
    if last or result != root:
        raise LogTampered("inclusion proof does not lead to the signed root")


def verify_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Raises LogTampered unless ``path`` proves the first tree to be the start of the second.

    An empty first tree is refused: it proves nothing (the transparency-dev vectors ask for this).
    """
    if not 0 < first <= second or any(len(one) != HASH_SIZE for one in path):
        raise LogTampered("consistency proof is malformed")
    if first == second:
        if path or first_root != second_root:
            raise LogTampered("two roots for one tree size")
        return
    hashes = list(path)
    if first & (first - 1) == 0:
        hashes.insert(0, first_root)
    if not hashes:
        raise LogTampered("consistency proof is too short")
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise LogTampered("consistency proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    if last or old != first_root or new != second_root:
        raise LogTampered("consistency proof does not join the two roots")


def _hex(path: Sequence[bytes]) -> list[JsonValue]:
    return [one.hex() for one in path]


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That event ``seq`` (from 1), with this canonical ``body``, is in the log of ``size`` events."""

    origin: str
    seq: int
    size: int
    body: str
    path: tuple[bytes, ...]

    def verify(self, checkpoint: Checkpoint) -> None:
        """Raises LogTampered unless the event is in the tree that ``checkpoint`` signs."""
        if (self.origin, self.size) != (checkpoint.origin, checkpoint.size):
            raise LogTampered(
                "inclusion proof belongs to another checkpoint",
                expected=f"{checkpoint.origin} of size {checkpoint.size}",
                found=f"{self.origin} of size {self.size}",
            )
        if decode(self.body)[0] != self.seq:
            raise LogTampered("inclusion proof shows another event", expected=f"event {self.seq}")
        leaf = leaf_hash(self.body.encode())
        verify_inclusion(leaf, self.seq - 1, self.size, self.path, bytes.fromhex(checkpoint.root))

    def as_json(self) -> dict[str, JsonValue]:
        path = _hex(self.path)
        return {"origin": self.origin, "seq": self.seq, "size": self.size, "body": self.body, "path": path}


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the log's first ``first`` events are unchanged in the log of ``second`` events."""

    origin: str
    first: int
    second: int
    path: tuple[bytes, ...]

    def verify(self, older: Checkpoint, newer: Checkpoint) -> None:
        """Raises LogTampered unless ``newer`` signs a log that begins with the one ``older`` signs."""
        if (older.origin, newer.origin) != (self.origin, self.origin):
            raise LogTampered("consistency proof belongs to another log", expected=self.origin)
        if (older.size, newer.size) != (self.first, self.second):
            raise LogTampered("consistency proof belongs to other checkpoints")
        roots = bytes.fromhex(older.root), bytes.fromhex(newer.root)
        verify_consistency(self.first, self.second, self.path, *roots)

    def as_json(self) -> dict[str, JsonValue]:
        path = _hex(self.path)
        return {"origin": self.origin, "first": self.first, "second": self.second, "path": path}
