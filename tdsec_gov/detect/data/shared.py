"""One meaning for the columns of many tables: the types that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Plan:
    """Which ``columns`` are content, which one is the ``label``, and the type of each in all tables
    (None: only text can hold the values of all)."""

    columns: tuple[str, ...]
    label: str
    types: Mapping[str, Any]

    @classmethod
    def of(cls, columns: Sequence[str], label: str, schemas: Sequence[Mapping[str, Any]]) -> Plan:
        """``schemas``: the polars types of each table's columns, by name."""
        types = {name: _common([one[name] for one in schemas]) for name in (*columns, label)}
        return cls(tuple(columns), label, types)

    def content(self, batch: polars.DataFrame) -> polars.DataFrame:
        """The content columns; times become numbers, a column whose types do not meet text."""
        import polars as pl

        return pl.DataFrame([_cast(batch[name], self.types[name]) for name in self.columns])

    def labels(self, batch: polars.DataFrame) -> polars.Series:
        return _cast(batch[self.label], self.types[self.label])


def _cast(series: polars.Series, shared: Any) -> polars.Series:
    import polars as pl

    if shared is None:
        return (series.to_physical() if series.dtype.is_temporal() else series).cast(pl.String)
    series = series.cast(shared)
    return series.to_physical() if shared.is_temporal() else series


def _common(types: Sequence[Any]) -> Any:
    """The type that holds the values of all, or None."""
    import polars as pl

    plain = [pl.String() if one in (pl.Categorical, pl.Enum) else one for one in types]
    frames = [pl.DataFrame(schema={"c": one}) for one in dict.fromkeys(plain)]
    try:
        shared = pl.concat(frames, how="vertical_relaxed").schema["c"]
    except pl.exceptions.PolarsError:
        return None
    return None if shared == pl.String and len(frames) > 1 else shared
