"""Texts that nearly repeat one another, at a cost that grows with the number of words only.

A text is the set of its pairs of neighbouring words. The smallest of its elements under each of 64 hash
functions agree, for two texts, in about the share of elements that the two have in common (Broder 1997), and
only texts that agree in one of 16 bands of four are compared (locality-sensitive hashing, Indyk & Motwani
1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tdsec_gov.detect.types import FloatArray, IntArray

_HASHES, _BAND = 64, 4
_MOST = 16
"""Texts of one bucket that each text is compared with."""
_ROWS = 2_000
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


def signatures(tokens: Sequence[IntArray], index: IntArray) -> IntArray:
    """Smallest hash values of the texts ``index`` (tokens as codes): shape (texts, 64). Texts without a word
    are all alike to themselves only: none of their values is that of another text."""
    result = np.empty((index.size, _HASHES), dtype=np.int64)
    seeds = np.random.default_rng(0).integers(1, 2**62, (2, _HASHES)).astype(np.uint64)
    for start in range(0, index.size, _ROWS):
        rows = index[start : start + _ROWS]
        sets = [_pairs(tokens[row]) if tokens[row].size else _nothing(int(row)) for row in rows]
        joined = np.concatenate(sets)
        starts = np.cumsum([0, *(one.size for one in sets[:-1])])
        for at in range(_HASHES):
            mixed = _mix(joined * (seeds[0, at] | np.uint64(1)) + seeds[1, at])
            least = np.minimum.reduceat(mixed, starts)
            result[start : start + rows.size, at] = least.view(np.int64)
    return result


def near_pairs(of: IntArray, among: IntArray, least: float) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of signatures (rows of ``of``, rows of ``among``) that agree in a share of at least ``least``:
    positions in both and the shares, each shape (pairs,), each pair once. At 0.6 in common nine of ten pairs
    are seen, at 0.7 all but one in eighty."""
    wide = np.int64(max(1, among.shape[0]))
    seen = []
    for start in range(0, _HASHES, _BAND):
        ours, theirs = (_keys(one[:, start : start + _BAND]) for one in (of, among))
        order = np.argsort(theirs, kind="stable")
        ordered = theirs[order]
        low = np.searchsorted(ordered, ours, side="left")
        size = np.minimum(np.searchsorted(ordered, ours, side="right") - low, _MOST)
        row = np.repeat(np.arange(ours.size), size)
        place = np.arange(row.size) - np.repeat(np.cumsum(size) - size, size)
        seen.append(row * wide + order[np.repeat(low, size) + place])
    pairs = np.unique(np.concatenate(seen))
    left, right = pairs // wide, pairs % wide
    share = np.concatenate(
        [np.empty(0)]
        + [
            (of[left[at : at + 10_000]] == among[right[at : at + 10_000]]).mean(axis=1)
            for at in range(0, pairs.size, 10_000)
        ]
    )
    kept = share >= least
    return left[kept], right[kept], share[kept]


def _pairs(tokens: IntArray) -> np.ndarray:
    """The set of neighbouring words, or the one word."""
    words = tokens.astype(np.uint64) + np.uint64(1)
    found = words if words.size == 1 else _mix(words[:-1] * _SPREAD) + words[1:]
    return np.unique(_mix(found))


def _nothing(row: int) -> np.ndarray:
    return _mix(np.array([row + 1], dtype=np.uint64) * _SPREAD ^ _SPREAD)


def _mix(values: np.ndarray) -> np.ndarray:
    """A bijection of 64 bits that spreads small differences (the finaliser of SplitMix64, Steele 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def _keys(band: IntArray) -> np.ndarray:
    """One number for each band of values."""
    total = np.zeros(band.shape[0], dtype=np.uint64)
    for column in band.T:
        total = _mix(total * _SPREAD + np.ascontiguousarray(column).view(np.uint64))
    return total
