"""Repetitions over a whole table, or over all tables of a dataset, without holding their values.

Equal rows have equal 64-bit digests, so only rows whose digest repeats are looked at; few of them are then
compared as they are, more than a million are taken for what they look like.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from tdsec_gov.checks.schema.frame import ROWS

EXACT = 1_000_000
Repeated = dict[int, tuple[int, tuple[int, ...]]]


class Table(Protocol):
    """Something that yields a lazy frame whenever it is asked."""

    @contextmanager
    def lazy(self) -> Iterator[Any]: ...


class Held:
    """A lazy frame that is open already."""

    def __init__(self, lazy: Any) -> None:
        self._lazy = lazy

    @contextmanager
    def lazy(self) -> Iterator[Any]:
        yield self._lazy


def repeated(tables: Sequence[Table], columns: Sequence[str], *, skip_nulls: bool = False) -> Repeated:
    """By index of the table: how many rows repeat another row of any table in ``columns``, and the first 20.

    Null equals null, as in pandera; with ``skip_nulls`` rows with a null are left out. Takes about 24 bytes
    of memory per row.
    """
    import polars

    digests = []
    for table in tables:
        with table.lazy() as lazy:
            digests.append(_keys(lazy, columns, skip_nulls).select("digest").collect()["digest"])
    ordered = polars.concat(digests).drop_nulls().sort()
    twice = ordered.filter(ordered == ordered.shift(1)).unique()
    del ordered
    if not len(twice):
        return {}
    suspects = sum(int(one.is_in(twice.implode()).sum()) for one in digests)
    del digests
    return _compared(tables, columns, skip_nulls, twice, suspects <= EXACT)


def _keys(lazy: Any, columns: Sequence[str], skip_nulls: bool) -> Any:
    """Row numbers, the digest of ``columns`` (null: left out) and the columns themselves."""
    import polars

    digest = polars.struct(polars.col(list(columns))).hash(7)
    if skip_nulls:
        full = polars.all_horizontal(polars.col(list(columns)).is_not_null())
        digest = polars.when(full).then(digest).otherwise(None)
    return lazy.select(*columns).select(polars.all().name.prefix("c:"), digest=digest).with_row_index("row")


def _compared(
    tables: Sequence[Table], columns: Sequence[str], skip_nulls: bool, twice: Any, exact: bool
) -> Repeated:
    import polars

    parts = []
    for index, table in enumerate(tables):
        with table.lazy() as lazy:
            keys = _keys(lazy, columns, skip_nulls).filter(polars.col("digest").is_in(twice.implode()))
            keys = keys if exact else keys.select("row", "digest")
            parts.append(keys.collect().with_columns(table=polars.lit(index, polars.UInt32)))
    suspects = polars.concat(parts, how="vertical_relaxed")
    if exact:
        suspects = suspects.filter(suspects.select(f"c:{one}" for one in columns).is_duplicated())
    found: Repeated = {}
    for index in suspects["table"].unique().sort():
        rows = suspects.filter(polars.col("table") == index)["row"].sort()
        found[int(index)] = len(rows), tuple(int(row) for row in rows.head(ROWS))
    return found
