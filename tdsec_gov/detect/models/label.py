"""Label models: what the content of a row says about its label, also with columns left out.

A multinomial logistic regression over standardised numbers, their quantile bins, categories, TF-IDF tokens
and features of pictures. Everything that is learned, the encoding included, is learned from the rows given to
:func:`fit`; an encoder that had seen the rows under test made a tenth of clean versions alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.models.pictures import Pictures
from tdsec_gov.detect.types import FloatArray, IntArray

_BINS = 6
_MAX_CATEGORIES = 200
_MAX_VOCABULARY = 5_000
_CLIP = 5.0
_PENALTY = 1.0
_STEPS = 60

Matrix = Any  # scipy.sparse.csr_array, or a dense FloatArray


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How one column becomes features: bin edges and scale, or the codes that have a feature."""

    column: Column
    mean: float = 0.0
    scale: float = 1.0
    edges: FloatArray | None = None
    feature: IntArray | None = None
    weight: FloatArray | None = None
    width: int = 0
    pictures: Pictures | None = None


@dataclass(frozen=True, slots=True)
class LabelModel:
    """Fitted weights: ``parts[c]`` has shape (features of column c, classes), ``bias`` (classes,)."""

    encodings: tuple[_Encoding, ...]
    parts: tuple[FloatArray, ...]
    centres: tuple[FloatArray, ...]
    bias: FloatArray

    def contribution(self, column: int, index: IntArray) -> FloatArray:
        """What ``column`` adds to the logits of the rows ``index``, less its mean over the training
        rows: shape (rows, classes). Taking it away leaves a model that does not see the column."""
        features = _features(self.encodings[column], index)
        return np.asarray(features @ self.parts[column]) - self.centres[column]

    def logits(self, index: IntArray) -> FloatArray:
        """Logits of the rows ``index``: shape (rows, classes)."""
        total = np.tile(self.bias, (index.size, 1))
        for column in range(len(self.parts)):
            total += self.contribution(column, index)
        return total

    def token_weight(self, column: int, token: int) -> FloatArray:
        """Logits per occurrence-weight of one token of a text column: shape (classes,)."""
        encoding = self.encodings[column]
        if encoding.feature is None or encoding.weight is None or encoding.feature[token] < 0:
            return np.zeros_like(self.bias)
        place = encoding.feature[token]
        return np.asarray(self.parts[column][place] * encoding.weight[token])

    def knows(self, column: int, token: int) -> bool:
        """Whether the training rows hold the token of a text column (often enough to learn it)."""
        feature = self.encodings[column].feature
        return feature is not None and bool(feature[token] >= 0)

    def squared_norm(self, column: int, row: int) -> float:
        """Squared length of a text's TF-IDF vector before it is scaled to one (1 if it is empty)."""
        encoding = self.encodings[column]
        if encoding.feature is None or encoding.weight is None or encoding.column.tokens is None:
            return 1.0
        tokens = np.unique(encoding.column.tokens[row])
        return float((encoding.weight[tokens[encoding.feature[tokens] >= 0]] ** 2).sum()) or 1.0


def fit(columns: Sequence[Column], labels: IntArray, classes: int, index: IntArray) -> LabelModel:
    """Learn from the rows ``index``, whose labels are 0..classes-1. Cost: linear in rows x features."""
    encodings = tuple(_encode(column, index) for column in columns)
    blocks = [_features(encoding, index) for encoding in encodings]
    weights, bias = _minimise(_join(blocks), labels[index], classes)
    parts, start = [], 0
    for encoding in encodings:
        parts.append(weights[start : start + encoding.width])
        start += encoding.width
    centres = tuple(
        np.asarray(block.mean(axis=0)).ravel() @ part for block, part in zip(blocks, parts, strict=True)
    )
    total = bias + sum(centres, np.zeros(classes))
    return LabelModel(encodings, tuple(parts), centres, total)


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def temperature(logits: FloatArray, labels: IntArray) -> float:
    """The divisor of out-of-fold ``logits`` that makes their probabilities honest (Guo et al. 2017):
    the one of a fixed grid from 1 to 32 with the best likelihood. Overconfident models would else
    make every noisy row look like evidence."""
    grid = [2 ** (step / 4) for step in range(21)]
    rows = np.arange(labels.size)
    fits = [float(np.log(softmax(logits / one)[rows, labels] + 1e-12).sum()) for one in grid]
    return grid[int(np.argmax(fits))]


def folds(rows: int, count: int, rng: np.random.Generator) -> IntArray:
    """A balanced random fold number for each of ``rows`` rows."""
    return np.asarray(rng.permutation(np.arange(rows, dtype=np.int64) % count))


def _encode(column: Column, index: IntArray) -> _Encoding:
    if column.pixels is not None:
        pictures = Pictures.fit(column.pixels, index)
        return _Encoding(column, pictures=pictures, width=pictures.width)
    if column.numbers is not None:
        return _encode_number(column, column.numbers[index])
    if column.codes is not None:
        counts = np.bincount(column.codes[index], minlength=column.width)
        return _encode_codes(column, counts, _MAX_CATEGORIES, None)
    tokens = column.tokens or ()
    counts = np.zeros(column.width, dtype=np.int64)
    for row in index:
        counts[np.unique(tokens[row])] += 1
    return _encode_codes(column, counts, _MAX_VOCABULARY, np.log((1 + index.size) / (1 + counts)) + 1)


def _encode_number(column: Column, seen: FloatArray) -> _Encoding:
    seen = seen[~np.isnan(seen)]
    if seen.size == 0:
        return _Encoding(column, edges=np.empty(0), width=2 + 1)
    edges = np.unique(np.quantile(seen, np.arange(1, _BINS) / _BINS))
    scale = float(seen.std())
    return _Encoding(column, float(seen.mean()), scale or 1.0, edges, width=2 + edges.size + 1)


def _encode_codes(column: Column, counts: IntArray, most: int, weight: FloatArray | None) -> _Encoding:
    """A feature for each code seen at least twice, the most frequent first."""
    order = np.argsort(-counts, kind="stable")[:most]
    order = order[counts[order] >= 2]
    feature = np.full(column.width, -1, dtype=np.int64)
    feature[order] = np.arange(order.size)
    return _Encoding(column, feature=feature, weight=weight, width=int(order.size))


def _features(encoding: _Encoding, index: IntArray) -> Matrix:
    """Features of the rows ``index``: shape (rows, width)."""
    column = encoding.column
    if column.pixels is not None and encoding.pictures is not None:
        return encoding.pictures.features(column.pixels, index)
    if column.numbers is not None and encoding.edges is not None:
        values = column.numbers[index]
        missing = np.isnan(values)
        scaled = np.where(missing, 0.0, (values - encoding.mean) / encoding.scale)
        result = np.zeros((index.size, encoding.width))
        result[:, 0] = np.clip(scaled, -_CLIP, _CLIP)
        result[:, 1] = missing
        place = np.searchsorted(encoding.edges, values[~missing], side="right")
        result[np.flatnonzero(~missing), 2 + place] = 0.5
        return result
    if column.codes is not None and encoding.feature is not None:
        result = np.zeros((index.size, encoding.width))
        place = encoding.feature[column.codes[index]]
        known = place >= 0
        result[np.flatnonzero(known), place[known]] = 1.0
        return result
    return _token_features(encoding, index)


def _token_features(encoding: _Encoding, index: IntArray) -> Matrix:
    """TF-IDF with binary term frequency, rows scaled to length one."""
    from scipy import sparse

    if (
        encoding.feature is None
        or encoding.weight is None
        or encoding.column.tokens is None
        or not index.size
    ):
        return sparse.csr_array((index.size, encoding.width))
    places, values, starts = [], [], [0]
    for row in index:
        tokens = np.unique(encoding.column.tokens[row])
        tokens = tokens[encoding.feature[tokens] >= 0]
        weight = encoding.weight[tokens]
        places.append(encoding.feature[tokens])
        values.append(weight / max(float(np.sqrt((weight**2).sum())), 1e-12))
        starts.append(starts[-1] + tokens.size)
    shape = (index.size, encoding.width)
    return sparse.csr_array((np.concatenate(values), np.concatenate(places), np.array(starts)), shape=shape)


def _join(blocks: list[Matrix]) -> Matrix:
    if all(isinstance(block, np.ndarray) for block in blocks):
        return np.concatenate(blocks, axis=1)
    from scipy import sparse

    return sparse.hstack([sparse.csr_array(block) for block in blocks], format="csr")


def _minimise(features: Matrix, labels: IntArray, classes: int) -> tuple[FloatArray, FloatArray]:
    """Penalised multinomial likelihood by L-BFGS; the bias is not penalised."""
    from scipy.optimize import minimize

    rows, width = features.shape
    target = np.zeros((rows, classes))
    target[np.arange(rows), labels] = 1.0
    turned = features.T if isinstance(features, np.ndarray) else features.T.tocsr()

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weights = flat[: width * classes].reshape(width, classes)
        logits = np.asarray(features @ weights) + flat[width * classes :]
        logits -= logits.max(axis=1, keepdims=True)
        raised = np.exp(logits)
        norm = raised.sum(axis=1, keepdims=True)
        value = float(np.log(norm).sum() - (logits * target).sum() + 0.5 * _PENALTY * (weights**2).sum())
        residual = raised / norm - target
        slope = np.asarray(turned @ residual) + _PENALTY * weights
        return value, np.concatenate([slope.ravel(), residual.sum(axis=0)])

    start = np.zeros(width * classes + classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    return found[: width * classes].reshape(width, classes), found[width * classes :]
