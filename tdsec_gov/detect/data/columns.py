"""Content columns as numbers, categories or texts: what both the label model and the items start from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.types import ByteArray, FloatArray, IntArray

if TYPE_CHECKING:
    import polars

TOKEN = re.compile(r"\w+|[^\w\s]")
_TEXT_TOKENS = 3.0
_HUGE = 1e100
_TEXT_DISTINCT = 0.2
MAX_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Column:
    """One content column over all stacked rows.

    A number has ``numbers`` (missing: nan); a category has ``codes`` (missing has its own code) out
    of ``width``; a text has ``tokens``, one tuple of token codes per row in reading order, out of
    ``width``; an image has ``pixels``, shape (rows, height, width, channels). ``names`` are the values behind
    codes, for item ids only, never for a message.
    """

    name: str
    width: int = 0
    numbers: FloatArray | None = None
    codes: IntArray | None = None
    tokens: tuple[IntArray, ...] | None = None
    pixels: ByteArray | None = None
    names: tuple[str, ...] = ()


def prepare(frame: polars.DataFrame) -> list[Column]:
    """All columns of ``frame``, in its order."""
    return [_column(frame[name]) for name in frame.columns]


def _column(series: polars.Series) -> Column:
    import polars as pl

    if series.dtype.is_numeric():
        numbers = series.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)
        finite = np.where(np.isfinite(numbers), np.clip(numbers, -_HUGE, _HUGE), np.nan)
        return Column(series.name, numbers=finite)
    values = series.cast(pl.String).to_list()
    distinct = sorted({one for one in values if one is not None})
    if len(distinct) > _TEXT_DISTINCT * len(values):
        sample = [len(TOKEN.findall(one)) for one in distinct[:1000]]
        if sum(sample) >= _TEXT_TOKENS * len(sample):
            return _text(series.name, values)
    table: dict[str | None, int] = {value: code for code, value in enumerate(distinct)}
    table[None] = len(distinct)
    codes = np.fromiter((table[one] for one in values), np.int64, len(values))
    return Column(series.name, width=len(distinct) + 1, codes=codes, names=(*distinct, ""))


def _text(name: str, values: list[str | None]) -> Column:
    table: dict[str, int] = {}
    rows = []
    for value in values:
        found = TOKEN.findall(value or "")[:MAX_TOKENS]
        rows.append(np.array([table.setdefault(one, len(table)) for one in found], dtype=np.int64))
    return Column(name, width=len(table), tokens=tuple(rows), names=tuple(table))
