"""From files to rows: both versions of a dataset one after the other, with labels as codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.poisoning.labels import Labels
from tdsec_gov.checks.poisoning.sources import KEPT, Key, Source, key_of, rows_at
from tdsec_gov.checks.tables import is_table
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.data.digests import Digester, Words, first_seen
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of both versions, and where they came from: ``row`` is the 0-based number of a stacked row
    within its file ``files[file]``."""

    stack: Stack
    file: IntArray
    row: IntArray
    files: tuple[str, ...]


def load(
    files: Sequence[DataFile], previous: Sequence[DataFile] | None, label: str, ignore: frozenset[str]
) -> Loaded:
    """Digest all rows of both versions, in constant memory but for some 60 bytes a row; the content of
    single rows is read when it is asked for. A file of both versions is read once.

    Raises:
        NotRunnable: no label column configured or found, no table, labels that are no classes.
        Unreadable: a table of this version or of the one before is damaged.
    """
    if not label:
        raise NotRunnable("no label column is configured (params: label)")
    notes: list[str] = []
    now = _tables(files, label)
    before = _tables(previous or (), label, now)
    gaps = _gaps(files, now, label, {path for path, _ in before})
    if not now:
        raise NotRunnable("no file of this version is a table with the configured label column")
    others = sum(not is_table(file) for file in files)
    if others:
        notes.append(f"{others} files that are no tables (images, audio, documents)")
    columns = _columns(now, before, label, ignore, notes, gaps)
    sources = [one for _, one in (*before, *now)]
    rows = Rows(sources, {name: _common([one.schema[name] for one in sources]) for name in (*columns, label)})
    content, labels, classes, lengths = rows.digested(columns, label)
    old = sum(lengths[: len(before)])
    if not bool((labels[old:] >= 0).any()):
        raise NotRunnable("the label column of this version is empty")
    stack = Stack(
        content=content,
        labels=labels,
        classes=classes,
        current=np.arange(labels.size) >= old,
        columns=lambda index: tuple(prepare(rows.content(columns, lengths, index))),
        label_name=label,
        notes=tuple(notes),
        gaps=tuple(gaps),
    )
    return Loaded(
        stack=stack,
        file=np.repeat(np.arange(len(lengths), dtype=np.int64), lengths),
        row=np.concatenate([np.arange(length, dtype=np.int64) for length in lengths]),
        files=tuple(path for path, _ in (*before, *now)),
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of all ``sources``, one after the other; ``types`` are the types their columns share
    (None: only text can hold the values of all)."""

    sources: Sequence[Source]
    types: Mapping[str, Any]

    def digested(self, columns: Sequence[str], label: str) -> tuple[IntArray, IntArray, int, list[int]]:
        """Content codes, label codes, classes, and the rows of each source. Reads everything once."""
        digester, table = Digester(), Labels()
        read: dict[Key, tuple[Words, IntArray]] = {}
        for source in self.sources:
            if source.key not in read:
                digests, labels = [], []
                for batch in source.batches():
                    typed = self._typed(batch, (*columns, label))
                    labels.append(table.look(typed[label]))
                    digests.append(digester.rows(typed.select(columns)))
                read[source.key] = np.concatenate(digests), np.concatenate(labels)
        order = [read[one.key] for one in self.sources]
        codes = table.sorted(np.concatenate([labels for _, labels in order]))
        content = first_seen(np.concatenate([digests for digests, _ in order]))
        return content, codes, table.classes, [labels.size for _, labels in order]

    def content(self, columns: Sequence[str], lengths: Sequence[int], index: IntArray) -> polars.DataFrame:
        """The rows at the positions ``index``, in that order. Reads the sources that hold them once."""
        import polars as pl

        wanted, place = np.unique(index, return_inverse=True)
        parts = [self._typed(one, columns) for one in rows_at(self.sources, lengths, wanted)]
        if not parts:
            empty = pl.DataFrame(schema={name: self.sources[0].schema[name] for name in columns})
            return self._typed(empty, columns)
        return pl.concat(parts)[place]

    def _typed(self, batch: polars.DataFrame, columns: Sequence[str]) -> polars.DataFrame:
        """Times become numbers, a column whose types do not meet text."""
        import polars as pl

        return pl.DataFrame([_cast(batch[name], self.types[name]) for name in columns])


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


Table = tuple[str, Source]
"""A table's path in the dataset, and where its rows are."""


def _tables(files: Sequence[DataFile], label: str, known: Sequence[Table] = ()) -> list[Table]:
    tables = [file for file in files if is_table(file)]
    same = {one.key: one for _, one in known}
    found = []
    for place, file in enumerate(tables):
        source = same.get(key_of(file)) or Source(file, keep=place < KEPT)
        if label in source.schema:
            found.append((file.path, source))
    return found


def _gaps(files: Sequence[DataFile], now: list[Table], label: str, before: set[str]) -> list[str]:
    have = {path for path, _ in now}
    lacking = [file.path for file in files if is_table(file) and file.path not in have]
    lost = [path for path in lacking if path in before]
    if lost:
        raise NotRunnable(f"{len(lost)} tables had the label column before and lack it now")
    return [f"{len(lacking)} tables without the label column"] if lacking else []


def _columns(
    now: list[Table],
    before: list[Table],
    label: str,
    ignore: frozenset[str],
    notes: list[str],
    gaps: list[str],
) -> list[str]:
    """Content columns that every table has, in a fixed order."""
    schemas = [one.schema for _, one in (*now, *before)]
    shared = reduce(lambda left, right: left & right, (set(one) for one in schemas))
    seen = set().union(*(one.schema for _, one in now))
    nested = {name for one in schemas for name in one if _is_opaque(one[name])}
    columns = sorted(shared - nested - ignore - {label})
    partial = len(seen - shared)
    if partial:
        gaps.append(f"{partial} columns that not every table and the version before have")
    if nested & seen:
        gaps.append(f"{len(nested & seen)} columns of lists, structures or bytes")
    if ignore & seen:
        notes.append(f"{len(ignore & seen)} columns that the policy ignores")
    if not columns:
        raise NotRunnable("no content column is left beside the label")
    return columns


def _is_opaque(dtype: Any) -> bool:
    import polars as pl

    return bool(dtype.is_nested() or dtype in (pl.Binary, pl.Object))
