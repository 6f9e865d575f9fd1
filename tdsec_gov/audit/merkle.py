"""Merkle tree hashes and proofs of RFC 6962 section 2.1 and RFC 9162 section 2.1, over SHA-256.

All hashes are 32 raw bytes; a *leaf* here is always a leaf hash, never the leaf's data. Indexes
count from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from tdsec_gov.errors import IntegrityError, UsageError

HASH_SIZE = 32
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = sha256(b"").digest()

RootOf = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf's data: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first.

    It holds one hash per set bit of ``size`` (so at most 63), enough to append leaves and to give
    the root without any earlier leaf.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= MAX_SIZE or len(hashes) != size.bit_count():
            raise IntegrityError("Merkle frontier does not fit its tree size")
        if any(len(one) != HASH_SIZE for one in hashes):
            raise IntegrityError("Merkle frontier holds a hash of the wrong length")
        self.size = size
        self._hashes = list(hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Read what :meth:`to_bytes` wrote for a tree of ``size`` leaves.

        Raises:
            IntegrityError: the length of ``data`` does not fit ``size``.
        """
        if len(data) % HASH_SIZE:
            raise IntegrityError("Merkle frontier has a broken length")
        return cls(size, [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)])

    def to_bytes(self) -> bytes:
        """The hashes one after the other, largest subtree first."""
        return b"".join(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        hashes, bits = self._hashes, self.size
        while bits & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            bits >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root hash of the whole tree (SHA-256 of nothing for the empty tree)."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes, in constant memory."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def root_of(leaves: Sequence[bytes]) -> RootOf:
    """The root over ``leaves[lo:hi]`` as a function of ``lo`` and ``hi``."""
    return lambda lo, hi: merkle_root(leaves[lo:hi])


def _split(size: int) -> int:
    """The largest power of two below ``size`` (``size`` of 2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(subtree: RootOf, index: int, size: int) -> tuple[bytes, ...]:
    """Audit path of leaf ``index`` in the tree of the first ``size`` leaves (RFC 9162, 2.1.3.1).

    ``subtree(lo, hi)`` gives the root over leaves lo..hi-1; it is asked once per hash of the path.

    Raises:
        UsageError: no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise UsageError("no such event in a log of this size", expected=f"0..{size - 1}", found=index)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(subtree(middle, high))
            high = middle
        else:
            path.append(subtree(low, middle))
            low = middle
    return tuple(reversed(path))


def consistency_proof(subtree: RootOf, first: int, second: int) -> tuple[bytes, ...]:
    """Proof that the first ``first`` of ``second`` leaves are an earlier tree (RFC 9162, 2.1.4.1).

    Raises:
        UsageError: not 0 < first <= second (nothing can be proven from an empty tree).
    """
    if not 0 < first <= second:
        raise UsageError("a consistency proof needs sizes 0 < first <= second", found=f"{first}, {second}")
    path: list[bytes] = []
    low, high = 0, second
    while first < high:
        middle = low + _split(high - low)
        if first <= middle:
            path.append(subtree(middle, high))
            high = middle
        else:
            path.append(subtree(low, middle))
            low = middle
    if low:  # the old tree is not itself a perfect subtree on the left edge
        path.append(subtree(low, high))
    return tuple(reversed(path))
