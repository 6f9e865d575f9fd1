"""A table as the rules see it: lazy, with the figures that decoding it strictly yielded on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROWS = 20


class Tally:
    """How many rows, and the first 20 of them (numbered from 0)."""

    __slots__ = ("count", "rows")

    def __init__(self) -> None:
        self.count = 0
        self.rows: tuple[int, ...] = ()

    def add(self, marked: Any, offset: int) -> None:
        """Count the rows that are true in the boolean series ``marked``, which starts at row ``offset``."""
        count = int(marked.sum())
        if count and len(self.rows) < ROWS:
            room = ROWS - len(self.rows)
            self.rows += tuple(offset + int(row) for row in marked.arg_true().head(room))
        self.count += count


@dataclass(frozen=True, slots=True)
class Frame:
    """One table.

    ``lazy`` is a ``polars.LazyFrame`` that may be collected many times, ``height`` its rows, ``names`` its
    columns in order. ``empty`` tallies null values by column. ``unfit`` tallies, in text, the values that do
    not fit the declared type; they are null in ``lazy`` and not counted in ``empty``. ``full`` names columns
    that the strict decoder found without any null and NaN: they need not be read again for that.
    """

    lazy: Any
    height: int
    names: tuple[str, ...]
    empty: Mapping[str, Tally]
    unfit: Mapping[str, Tally] = field(default_factory=dict)
    full: frozenset[str] = frozenset()
