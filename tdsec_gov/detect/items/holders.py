"""Which rows hold an item, asked of rows that nobody drew: a found item is looked up in the whole version."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.detect.data.columns import MAX_TOKENS, TOKEN
from tdsec_gov.detect.types import BoolArray

if TYPE_CHECKING:
    import polars

_CODED = re.compile(r"bin \d+")


@dataclass(frozen=True, slots=True)
class Holder:
    """Tells the rows of a frame that hold an item, by the ``columns`` and ``names`` that make its id.

    Can be sent to other processes; it carries values and belongs into no message or log.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, columns: tuple[str, ...], names: tuple[str, ...]) -> Holder | None:
        """None where rows alone do not tell: bins, rare values together, patches of images."""
        if names[0] == "gram":
            return cls(columns, names)
        values = names[1::2]
        known = all(kind == "value" for kind in names[::2]) and len(values) == len(columns)
        coded = any(name in ("", "rare") or _CODED.fullmatch(name) for name in values)
        return cls(columns, names) if known and not coded else None

    def __call__(self, content: polars.DataFrame) -> BoolArray:
        """Shape (rows,)."""
        if self.names[0] == "gram":
            return _gram(content[self.columns[0]], self.names[1:])
        found = np.ones(content.height, dtype=np.bool_)
        for column, name in zip(self.columns, self.names[1::2], strict=True):
            found &= _value(content[column], name)
        return found


def _value(series: polars.Series, name: str) -> BoolArray:
    import polars as pl

    if not series.dtype.is_numeric():
        return np.asarray((series.cast(pl.String) == name).fill_null(False).to_numpy(), dtype=np.bool_)
    numbers = series.cast(pl.Float64).fill_null(math.nan).to_numpy()
    if name == "nan":
        return np.asarray(~np.isfinite(numbers))
    return np.asarray(numbers == float(name))


def _gram(series: polars.Series, tokens: tuple[str, ...]) -> BoolArray:
    """Rows with the token, or with both next to each other."""
    import polars as pl

    text = series.cast(pl.String).fill_null("")
    may = pl.DataFrame({"t": text}).select(
        pl.all_horizontal(pl.col("t").str.contains(one, literal=True) for one in tokens)
    )
    found = np.zeros(len(text), dtype=np.bool_)
    for row in np.flatnonzero(may.to_series().to_numpy()):
        found[row] = _follows(TOKEN.findall(text[int(row)])[:MAX_TOKENS], tokens)
    return found


def _follows(words: list[Any], tokens: tuple[str, ...]) -> bool:
    size = len(tokens)
    return any(tuple(words[at : at + size]) == tokens for at in range(len(words) - size + 1))
