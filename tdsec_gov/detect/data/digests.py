"""128-bit digests of row contents, fast enough for tens of millions of rows.

A text becomes 16 bytes by keyed BLAKE2b (RFC 7693), a number its 64 bits; the words of a row then meet in
four lanes of multilinear hashing, which is strongly universal (Lemire & Kaser 2014, theorem 3.1): whoever
chose the rows before the key was drawn makes two different ones meet with a chance of 2^-128. The key is
drawn anew in each run and leaves no trace, because digests are compared and never told.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars

_LANES = 4
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MISSING = 1

Words = np.ndarray[Any, np.dtype[np.uint64]]
"""Numbers below 2^32, shape (words, rows); or digests, shape (rows, 2)."""


class Digester:
    """Digests under one key: equal contents have equal digests, whatever frame they come in."""

    def __init__(self, key: bytes | None = None) -> None:
        """``key``: 32 bytes to share between processes of one run; None draws one."""
        self.key = os.urandom(32) if key is None else key
        self._text = hashlib.blake2b(key=self.key, digest_size=16, person=b"tdsec text")
        self._factors = np.empty((0, _LANES), dtype=np.uint64)

    def rows(self, frame: polars.DataFrame) -> Words:
        """Digests of the rows of ``frame``, shape (rows, 2). Its columns, in their order, are the content;
        a type is part of a value only as far as whole, decimal and other values differ."""
        words: list[Words] = []
        for name in frame.columns:
            words.extend(self._column(frame[name]))
        return self._mixed(words, frame.height)

    def _column(self, series: polars.Series) -> list[Words]:
        missing = series.is_null().to_numpy().astype(np.uint64) * np.uint64(_MISSING)
        if series.dtype.is_numeric() or series.dtype.is_temporal() or series.dtype.is_(_boolean()):
            bits = _bits(series)
            if bits is not None:
                return [missing, bits & _LOW, bits >> _HALF]
        return [missing, *self._texts(series)]

    def _texts(self, series: polars.Series) -> list[Words]:
        """Four words for each value, worked out once for each distinct one."""
        import polars as pl
        from pyarrow import compute

        arrow = series.cast(pl.String).to_arrow(compat_level=pl.CompatLevel.oldest())
        coded = compute.dictionary_encode(arrow)
        known = b"".join(self._one(value) for value in coded.dictionary.cast("large_binary").to_pylist())
        table = np.frombuffer(known + bytes(16), dtype="<u4").reshape(-1, 4)
        places = coded.indices.fill_null(table.shape[0] - 1).to_numpy(zero_copy_only=False)
        return [table[places, one].astype(np.uint64) for one in range(4)]

    def _one(self, value: bytes) -> bytes:
        state = self._text.copy()
        state.update(value)
        return state.digest()

    def _mixed(self, words: Sequence[Words], rows: int) -> Words:
        factors = self._drawn(len(words) + 1)
        lanes = []
        for lane in range(_LANES):
            total = np.full(rows, factors[0, lane], dtype=np.uint64)
            for word, factor in zip(words, factors[1:, lane], strict=True):
                total += word * factor
            lanes.append(total >> _HALF)
        return np.stack([lanes[0] << _HALF | lanes[1], lanes[2] << _HALF | lanes[3]], axis=1)

    def _drawn(self, count: int) -> Words:
        """Multipliers, the same for every frame of the run."""
        if self._factors.shape[0] < count:
            state = hashlib.shake_256(b"tdsec factors" + self.key)
            flat = np.frombuffer(state.digest(8 * _LANES * count), dtype="<u8")
            self._factors = flat.reshape(count, _LANES).astype(np.uint64)
        return self._factors[:count]


def first_seen(digests: Words) -> IntArray:
    """For each row the position of the first row with the same digest: shape (rows,).

    What the key was does not show in it. Cost: one sort of 64-bit numbers.
    """
    rows = digests.shape[0]
    order = np.argsort(digests[:, 0], kind="stable")
    high, low = digests[order, 0], digests[order, 1]
    starts = np.r_[True, high[1:] != high[:-1]] if rows else np.empty(0, dtype=np.bool_)
    if bool((~starts[1:] & (low[1:] != low[:-1])).any()):  # two digests agree in one half
        order = np.lexsort((digests[:, 1], digests[:, 0]))
        high, low = digests[order, 0], digests[order, 1]
        starts = np.r_[True, (high[1:] != high[:-1]) | (low[1:] != low[:-1])]
    result = np.empty(rows, dtype=np.int64)
    result[order] = order[starts][np.cumsum(starts) - 1]
    return result


def _boolean() -> Any:
    import polars as pl

    return pl.Boolean


def _bits(series: polars.Series) -> Words | None:
    """A number's 64 bits, missing as 0; None where 64 bits do not hold it (decimals, 128 bits)."""
    import polars as pl

    if series.dtype.is_float():
        values = series.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0  # -0.0 becomes 0.0
        return np.where(np.isnan(values), np.nan, values).view(np.uint64)
    if series.dtype == pl.UInt64:
        return series.fill_null(0).to_numpy().astype(np.uint64)
    if series.dtype.is_integer() and series.dtype in (pl.Int128, pl.UInt128):
        return None
    if series.dtype.is_decimal():
        return None
    plain = series.to_physical().cast(pl.Int64).fill_null(0)
    return plain.to_numpy().astype(np.int64).view(np.uint64)
