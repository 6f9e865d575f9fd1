"""The distance of two versions by random Fourier features (Rahimi & Recht 2007): sums, so that they merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tdsec_gov.detect.scale.figures.moments import numbers
from tdsec_gov.detect.types import FloatArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Embedded:
    """``rows`` and the sum of their features, shape (2 * features,)."""

    rows: int
    total: FloatArray


class MeanEmbedding:
    """Mean features of the number columns under a Gaussian kernel of width one on scaled numbers."""

    name: ClassVar[str] = "embedding"

    def __init__(
        self, centre: Sequence[float], scale: Sequence[float], features: int = 128, seed: int = 0
    ) -> None:
        """``centre`` and ``scale`` of each number column (medians and spreads of the accepted version)."""
        self._centre, self._scale = np.asarray(centre, dtype=float), np.asarray(scale, dtype=float)
        width = self._centre.size
        spread = np.sqrt(max(1, width))
        self._waves = np.random.default_rng(seed).normal(size=(width, features)) / spread

    def partial(self, content: polars.DataFrame, labels: polars.Series) -> Embedded:
        scaled = np.clip((numbers(content) - self._centre) / self._scale, -5, 5)
        phase = scaled @ self._waves
        return Embedded(
            content.height, np.concatenate([np.cos(phase).sum(axis=0), np.sin(phase).sum(axis=0)])
        )

    def merge(self, left: Embedded, right: Embedded) -> Embedded:
        return Embedded(left.rows + right.rows, left.total + right.total)

    def finish(self, whole: Embedded) -> Embedded:
        return whole


def squared_mmd(left: Embedded, right: Embedded) -> float:
    """Squared maximum mean discrepancy, less what two samples of these sizes from one source would show
    on average (so about 0 for the same data, and may fall below)."""
    features = left.total.size // 2
    one, other = left.total / left.rows, right.total / right.rows
    within = sum(
        (1 - float(mean @ mean) / features) / max(1, rows - 1)
        for mean, rows in ((one, left.rows), (other, right.rows))
    )
    return float((one - other) @ (one - other)) / features - within
