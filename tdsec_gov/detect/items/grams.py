"""1-2-grams of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.items.codings import Bag
from tdsec_gov.detect.types import IntArray

_MOST_GRAMS = 200_000


def grams(columns: Sequence[Column], taken: IntArray) -> Iterator[Bag]:
    """The 1-2-grams of each text column that are in enough of the rows ``taken``."""
    for place, column in enumerate(columns):
        if column.tokens is not None:
            yield _bag(place, column, taken)


def tokens_of(column: Column, code: int) -> tuple[int, ...]:
    """The tokens, one or two, of a gram's code."""
    first, second = divmod(code, column.width + 1)
    return (first,) if second == column.width else (first, second)


def _bag(place: int, column: Column, taken: IntArray) -> Bag:
    tokens = column.tokens or ()
    width = column.width + 1
    codes, rows = [], []
    for row in taken:
        here = tokens[row]
        codes.append(np.unique(np.concatenate([here * width + column.width, here[:-1] * width + here[1:]])))
        rows.append(np.full(codes[-1].size, row))
    return Bag.of(place, np.concatenate(codes), np.concatenate(rows), _MOST_GRAMS)
