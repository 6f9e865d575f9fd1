"""Rows in memory as a stack: what :mod:`tdsec_gov.detect.scale` makes of files, for columns that are here."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np

from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.types import IntArray


def contents(columns: tuple[Column, ...]) -> IntArray:
    """One code for each distinct content: shape (rows,)."""
    known: dict[bytes, int] = {}
    found = np.empty(_rows(columns[0]), dtype=np.int64)
    for row in range(found.size):
        state = blake2b(digest_size=16)
        for one in columns:
            for part in (one.numbers, one.codes, one.tokens, one.pixels):
                if part is not None:
                    state.update(part[row].tobytes() + b"|")
        found[row] = known.setdefault(state.digest(), len(known))
    return found


def taken(column: Column, index: IntArray) -> Column:
    """The column at the rows ``index``."""
    return replace(
        column,
        numbers=None if column.numbers is None else column.numbers[index],
        codes=None if column.codes is None else column.codes[index],
        tokens=None if column.tokens is None else tuple(column.tokens[row] for row in index),
        pixels=None if column.pixels is None else column.pixels[index],
    )


def grown(
    columns: tuple[Column, ...], labels: IntArray, classes: int, accepted: IntArray, push: IntArray
) -> Stack:
    """The stack of an accepted version with the rows ``accepted``, and of one that has those and ``push``."""
    at = np.concatenate([accepted, accepted, push])
    return Stack(
        content=contents(columns)[at],
        labels=labels[at],
        classes=classes,
        current=np.arange(at.size) >= accepted.size,
        columns=lambda index: tuple(taken(one, at[index]) for one in columns),
    )


def _rows(column: Column) -> int:
    parts = (column.numbers, column.codes, column.tokens, column.pixels)
    return next(len(one) for one in parts if one is not None)
