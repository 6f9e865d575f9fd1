"""Texts as features that judge labels well: lower-case words and word pairs, and pieces of words.

TF-IDF with sub-linear term frequency (Salton & Buckley 1988), each block of a row scaled to length one; pairs
and pieces (3 to 5 characters within a word) are numbered by a checksum. Counting needs no training rows; the
inverse document frequency is learned from those given to :meth:`TextFeatures.weigh` alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.types import FloatArray, IntArray

_BUCKETS = 1 << 18
_PIECES = (3, 4, 5)
_MOST_TOKENS = 2_000_000
"""Tokens in all rows from which on pieces of words are left out: long texts do not need them."""

Matrix = Any  # scipy.sparse.csr_array


class TextFeatures:
    """Counts of all text columns; rows are those of ``columns``."""

    def __init__(self, columns: Sequence[Column]) -> None:
        texts = [one for one in columns if one.tokens is not None]
        tokens = sum(sum(row.size for row in one.tokens or ()) for one in texts)
        self._blocks: list[Matrix] = []
        for one in texts:
            self._blocks += _blocks(one, pieces=tokens <= _MOST_TOKENS)

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def weigh(self, index: IntArray) -> list[FloatArray]:
        """Inverse document frequency of each feature of each block among the rows ``index``."""
        weights = []
        for block in self._blocks:
            seen = np.bincount(block[index].indices, minlength=block.shape[1])
            weights.append(np.where(seen > 0, np.log((1 + index.size) / (1 + seen)) + 1, 0.0))
        return weights

    def rows(self, index: IntArray, weights: Sequence[FloatArray]) -> list[Matrix]:
        """The weighted blocks of the rows ``index``, each shape (rows, features)."""
        return [_scaled(block[index], weight) for block, weight in zip(self._blocks, weights, strict=True)]


def _blocks(column: Column, *, pieces: bool) -> list[Matrix]:
    from scipy import sparse

    rows = column.tokens or ()
    flat = np.concatenate([*rows, np.empty(0, dtype=np.int64)])
    sizes = np.array([row.size for row in rows], dtype=np.int64)
    row = np.repeat(np.arange(sizes.size), sizes)
    small, words = _lowered(column.names)
    word = small[flat] if flat.size else flat
    follows = np.flatnonzero(row[1:] == row[:-1])
    pair = (word[follows] * 1_000_003 + word[follows + 1]) % _BUCKETS + len(words)
    shape = (sizes.size, len(words) + _BUCKETS)
    where = np.concatenate([row, row[follows]]), np.concatenate([word, pair])
    found = [_counted(sparse.coo_array((np.ones(where[0].size), where), shape=shape))]
    if pieces:
        counts = sparse.coo_array((np.ones(row.size), (row, word)), shape=(sizes.size, len(words))).tocsr()
        found.append(_counted(counts @ _pieces(words)))
    return found


def _lowered(names: Sequence[str]) -> tuple[IntArray, list[str]]:
    """The code of each token in lower case, and these tokens."""
    table: dict[str, int] = {}
    codes = np.fromiter((table.setdefault(name.lower(), len(table)) for name in names), np.int64)
    return codes, list(table)


def _pieces(words: Sequence[str]) -> Matrix:
    """How often each piece stands in each word: shape (words, buckets)."""
    from scipy import sparse

    places, rows = [], []
    for number, word in enumerate(words):
        padded = f" {word} "
        found = [
            zlib.crc32(padded[at : at + size].encode()) % _BUCKETS
            for size in _PIECES
            for at in range(len(padded) - size + 1)
        ]
        places += found
        rows += [number] * len(found)
    shape = (len(words), _BUCKETS)
    return sparse.coo_array((np.ones(len(rows)), (rows, places)), shape=shape).tocsr()


def _counted(counts: Any) -> Matrix:
    """Sub-linear term frequency: 1 + log(count)."""
    matrix = counts.tocsr()
    matrix.sum_duplicates()
    matrix.data = 1 + np.log(matrix.data)
    return matrix


def _scaled(block: Matrix, weight: FloatArray) -> Matrix:
    from scipy import sparse

    weighted = block.copy()
    weighted.data = weighted.data * weight[weighted.indices]
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.csr_array(sparse.diags_array(1 / np.maximum(length, 1e-12)) @ weighted)
