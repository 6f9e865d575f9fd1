"""Images as features for a label model: principal components, and random Fourier features of them.

Rahimi & Recht 2007 for the latter: with them a linear model draws curved borders. All is learned from the
rows given to :meth:`Pictures.fit`; what is random comes from a fixed seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tdsec_gov.detect.types import ByteArray, FloatArray, IntArray

_COMPONENTS = 48
_FOURIER = 512
_MOST_ROWS = 4_000
_REACH = 0.6


@dataclass(frozen=True, slots=True)
class Pictures:
    """``mean`` (pixels,), ``basis`` (pixels, components) scaled so that each component has variance one on
    the training rows; ``waves`` (components, features) and ``phase`` (features,) of the Fourier part."""

    mean: FloatArray
    basis: FloatArray
    waves: FloatArray
    phase: FloatArray

    @classmethod
    def fit(cls, pixels: ByteArray, index: IntArray) -> Pictures:
        """Learn from the rows ``index``, a fixed draw of 4,000 of them at most."""
        from sklearn.utils.extmath import randomized_svd

        rng = np.random.default_rng(0)
        if index.size > _MOST_ROWS:
            index = np.sort(rng.choice(index, _MOST_ROWS, replace=False))
        rows = _flat(pixels, index)
        mean = rows.mean(axis=0) if index.size else np.zeros(rows.shape[1])
        components = min(_COMPONENTS, *rows.shape)
        if components == 0:
            return cls(mean, np.zeros((rows.shape[1], 0)), np.zeros((0, 0)), np.zeros(0))
        _, sizes, turned = randomized_svd(rows - mean, components, random_state=0)
        deviation = np.maximum(sizes / np.sqrt(index.size), 1e-3)
        share = (deviation / deviation[0]) ** 0.5  # the Fourier part sees large components more
        waves = rng.normal(size=(components, _FOURIER)) * share[:, None] * _REACH / np.sqrt(share @ share) * 2
        return cls(mean, turned.T / deviation, waves, rng.uniform(0, 2 * np.pi, _FOURIER))

    @property
    def width(self) -> int:
        return int(self.basis.shape[1] + self.waves.shape[1])

    def features(self, pixels: ByteArray, index: IntArray) -> FloatArray:
        """Features of the rows ``index``: shape (rows, width)."""
        plain = (_flat(pixels, index) - self.mean) @ self.basis
        return np.concatenate([plain, np.cos(plain @ self.waves + self.phase) / 4], axis=1)


def _flat(pixels: ByteArray, index: IntArray) -> FloatArray:
    return np.asarray(pixels[index].reshape(index.size, -1) / 255.0)
