"""A small neural network on the content of rows, for what its last hidden layer shows.

Numbers and categories come as in :mod:`tdsec_gov.detect.models.embedding`, pixels as they are, words as
counts in 4096 buckets. Two hidden layers of rectified units (64 and 32), trained by Adam (Kingma & Ba 2015)
for a fixed number of passes from a fixed seed: the same rows in the same order give the same network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.embedding import fit_embedding
from tdsec_gov.detect.models.pictures import Pictures
from tdsec_gov.detect.types import ByteArray, FloatArray, IntArray

_HIDDEN = (64, 32)
_PASSES = 20
_BATCH = 128
_RATE = 2e-3
_PENALTY = 1e-3
_BUCKETS = 4_096
_MOST_PIXELS = 3_072

Matrix = Any  # scipy.sparse.csr_array, or a dense array of shape (rows, features)


@dataclass(frozen=True, slots=True)
class SmallNet:
    """A trained network; ``known`` are the labels that it has seen, in the order of its outputs."""

    inputs: Inputs
    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    known: IntArray
    classes: int

    def hidden(self, index: IntArray) -> FloatArray:
        """Activations of the last hidden layer for the rows ``index``: shape (rows, 32)."""
        values = self.inputs.features(index)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values = np.maximum(np.asarray(values @ weight) + bias, 0.0)
        return np.asarray(values, dtype=np.float64)

    def probabilities(self, hidden: FloatArray) -> FloatArray:
        """Of each label, from activations (rows, 32): shape (rows, classes), 0 for labels never seen."""
        logits = hidden @ self.weights[-1] + self.biases[-1]
        if self.known.size <= 2 and logits.shape[1] == 1:
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        result = np.zeros((hidden.shape[0], self.classes))
        result[:, self.known] = raised / raised.sum(axis=1, keepdims=True)
        return result


class Inputs:
    """Content as features of a network; what is learned is learned from the rows ``index``."""

    def __init__(self, columns: Sequence[Column], index: IntArray, rng: np.random.Generator) -> None:
        self._plain = [one for one in columns if one.tokens is None and one.pixels is None]
        self._embedding = fit_embedding(self._plain, index, rng)
        self._texts = [one for one in columns if one.tokens is not None]
        self._pixels = [one.pixels for one in columns if one.pixels is not None]
        self._pictures = [None if _few(one) else Pictures.fit(one, index) for one in self._pixels]
        self._rare = [_rarity(_words(one, index)) for one in self._texts]

    def features(self, index: IntArray) -> Matrix:
        """Shape (rows, features); sparse where there is text."""
        dense = [self._embedding.features(index)] if self._plain else []
        for pixels, pictures in zip(self._pixels, self._pictures, strict=True):
            dense.append(_flat(pixels, index) if pictures is None else pictures.features(pixels, index))
        blocks = [one.astype(np.float32) for one in dense]
        if not self._texts:
            return np.concatenate(blocks, axis=1)
        from scipy import sparse

        words = [
            _weighed(_words(one, index), rare) for one, rare in zip(self._texts, self._rare, strict=True)
        ]
        return sparse.hstack([*(sparse.csr_array(one) for one in blocks), *words], format="csr")


def fit_net(
    columns: Sequence[Column], labels: IntArray, classes: int, index: IntArray, rng: np.random.Generator
) -> SmallNet:
    """Learn the labels of the rows ``index`` (drawn into a random order first, so that none has a better
    place than another). Cost: linear in rows x features."""
    from sklearn.neural_network import MLPClassifier

    index = rng.permutation(index)
    inputs = Inputs(columns, index, rng)
    rows, known = inputs.features(index), np.unique(labels[index])
    if hasattr(rows, "indptr"):
        rows.indices, rows.indptr = rows.indices.astype("i4"), rows.indptr.astype("i4")
    model = MLPClassifier(
        _HIDDEN,
        alpha=_PENALTY,
        batch_size=min(_BATCH, index.size),
        learning_rate_init=_RATE,
        random_state=np.random.RandomState(0),
    )
    for _ in range(_PASSES):
        model.partial_fit(rows, labels[index], classes=known)
    return SmallNet(inputs, tuple(model.coefs_), tuple(model.intercepts_), known, classes)


def _few(pixels: ByteArray) -> bool:
    return int(np.prod(pixels.shape[1:])) <= _MOST_PIXELS


def _flat(pixels: ByteArray, index: IntArray) -> FloatArray:
    return np.asarray(pixels[index].reshape(index.size, -1) / np.float32(255.0))


def _words(column: Column, index: IntArray) -> Matrix:
    """Which buckets of words each row holds: sparse (rows, 4096) of 0 and 1."""
    from scipy import sparse

    tokens = column.tokens or ()
    sets = [np.unique(tokens[row] % _BUCKETS) for row in index]
    starts = np.cumsum([0, *(one.size for one in sets)])
    places = np.concatenate([*sets, np.empty(0, dtype=np.int64)])
    ones = np.ones(places.size, dtype=np.float32)
    return sparse.csr_array((ones, places, starts), shape=(index.size, _BUCKETS))


def _rarity(words: Matrix) -> FloatArray:
    """Inverse document frequency of each bucket."""
    seen = np.bincount(words.indices, minlength=_BUCKETS)
    return np.asarray(np.log((1 + words.shape[0]) / (1 + seen)) + 1, dtype=np.float32)


def _weighed(words: Matrix, rare: FloatArray) -> Matrix:
    """TF-IDF, each row scaled to the length that a dozen scaled numbers have."""
    words.data = words.data * rare[words.indices]
    length = np.sqrt(np.add.reduceat(np.r_[words.data**2, np.float32(0)], words.indptr[:-1]))
    length[np.diff(words.indptr) == 0] = 1.0
    words.data = words.data * np.repeat(np.float32(3.0) / length, np.diff(words.indptr))
    return words
