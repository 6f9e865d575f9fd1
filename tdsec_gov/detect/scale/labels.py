"""The label column, batch by batch and part by part, as codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars

MAX_CLASSES = 200
_CONTINUOUS = 20


class Labels:
    """The labels seen so far."""

    def __init__(self) -> None:
        self._table: dict[str, int] = {}
        self._fractions = False

    @property
    def classes(self) -> int:
        return len(self._table)

    def look(self, labels: polars.Series) -> IntArray:
        """Provisional codes of the next rows. Raises NotRunnable: more classes than a classifier has."""
        import polars as pl

        if labels.dtype.is_float():
            labels = labels.fill_nan(None)
            self._fractions |= bool((labels != labels.round()).any())
        text = labels.cast(pl.String)
        for value in text.drop_nulls().unique(maintain_order=True).to_list():
            self._table.setdefault(value, len(self._table))
        self._refuse()
        known, codes = list(self._table), range(len(self._table))
        coded = text.replace_strict(known, codes, default=-1, return_dtype=pl.Int64)
        return np.asarray(coded.fill_null(-1).to_numpy(), dtype=np.int64)

    @classmethod
    def merged(cls, tables: Sequence[Labels]) -> Labels:
        """One table, in the order of the sorted labels. Raises NotRunnable."""
        whole = cls()
        for value in sorted(set().union(*(one._table for one in tables))):
            whole._table[value] = len(whole._table)
        whole._fractions = any(one._fractions for one in tables)
        whole._refuse()
        return whole

    def place(self, other: Labels) -> IntArray:
        """By code of ``other``: the code here; the last entry, for -1, is -1."""
        return np.array([*(self._table[value] for value in other._table), -1], dtype=np.int64)

    def _refuse(self) -> None:
        if self._fractions and len(self._table) > _CONTINUOUS:
            raise NotRunnable("the label column is a continuous target; classes are needed")
        if len(self._table) > MAX_CLASSES:
            raise NotRunnable(f"the label column has more than {MAX_CLASSES} classes")
