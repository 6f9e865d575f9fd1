"""From files to rows: both versions of a dataset stacked in one frame, with labels as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.tables import is_table, read_table
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.columns import prepare
from tdsec_gov.detect.data.diff import content_codes
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars

MAX_CLASSES = 200


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
    """Read the tables of both versions.

    Raises:
        NotRunnable: no label column configured or found, no table, labels that are no classes.
        Unreadable: a table of this version or of the one before is damaged.
    """
    if not label:
        raise NotRunnable("no label column is configured (params: label)")
    notes: list[str] = []
    now = _tables(files, label)
    before = _tables(previous or (), label)
    gaps = _gaps(files, now, label, {name for name, _ in before})
    if not now:
        raise NotRunnable("no file of this version is a table with the configured label column")
    others = sum(not is_table(file) for file in files)
    if others:
        notes.append(f"{others} files that are no tables (images, audio, documents)")
    columns = _columns(now, before, label, ignore, notes, gaps)
    frame = _stack([one.select([*columns, label]) for _, one in (*before, *now)])
    labels, classes = _codes(frame[label])
    lengths = [one.height for _, one in (*before, *now)]
    numbers = np.concatenate([np.arange(length, dtype=np.int64) for length in lengths])
    old = sum(one.height for _, one in before)
    if not bool((labels[old:] >= 0).any()):
        raise NotRunnable("the label column of this version is empty")
    content = frame.select(columns)
    stack = Stack(
        content=content_codes(content),
        labels=labels,
        classes=classes,
        current=np.arange(frame.height) >= old,
        columns=lambda index: tuple(prepare(content[index])),
        label_name=label,
        notes=tuple(notes),
        gaps=tuple(gaps),
    )
    return Loaded(
        stack=stack,
        file=np.repeat(np.arange(len(lengths), dtype=np.int64), lengths),
        row=numbers,
        files=tuple(name for name, _ in (*before, *now)),
    )


def _tables(files: Sequence[DataFile], label: str) -> list[tuple[str, polars.DataFrame]]:
    read = [(file.path, read_table(file)) for file in files if is_table(file)]
    return [(path, frame) for path, frame in read if label in frame.columns]


def _gaps(
    files: Sequence[DataFile], now: list[tuple[str, polars.DataFrame]], label: str, before: set[str]
) -> list[str]:
    have = {name for name, _ in now}
    lacking = [file.path for file in files if is_table(file) and file.path not in have]
    lost = [path for path in lacking if path in before]
    if lost:
        raise NotRunnable(f"{len(lost)} tables had the label column before and lack it now")
    return [f"{len(lacking)} tables without the label column"] if lacking else []


def _columns(
    now: list[tuple[str, polars.DataFrame]],
    before: list[tuple[str, polars.DataFrame]],
    label: str,
    ignore: frozenset[str],
    notes: list[str],
    gaps: list[str],
) -> list[str]:
    """Content columns that every table has, in a fixed order."""
    tables = [frame for _, frame in (*now, *before)]
    shared = reduce(lambda left, right: left & right, (set(frame.columns) for frame in tables))
    seen = set().union(*(frame.columns for _, frame in now))
    nested = {name for frame in tables for name in frame.columns if _is_opaque(frame.schema[name])}
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


def _stack(frames: list[polars.DataFrame]) -> polars.DataFrame:
    """One below the other; a column whose types do not meet becomes text, times become numbers."""
    import polars as pl

    stacked = [_stack_column([frame.select(name) for frame in frames]) for name in frames[0].columns]
    return pl.concat(stacked, how="horizontal")


def _stack_column(parts: list[polars.DataFrame]) -> polars.DataFrame:
    import polars as pl
    from polars import selectors

    try:
        whole = pl.concat(parts, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        plain = [part.with_columns(selectors.temporal().to_physical()) for part in parts]
        whole = pl.concat([part.select(pl.all().cast(pl.String)) for part in plain])
    return whole.with_columns(selectors.temporal().to_physical())


def _codes(labels: polars.Series) -> tuple[IntArray, int]:
    """Labels as codes in sorted order; missing is -1."""
    import polars as pl

    if labels.dtype.is_float():
        labels = labels.fill_nan(None)
        whole = labels.drop_nulls()
        if bool((whole != whole.round()).any()) and whole.n_unique() > 20:
            raise NotRunnable("the label column is a continuous target; classes are needed")
    text = labels.cast(pl.String)
    known = sorted(text.drop_nulls().unique().to_list())
    if len(known) > MAX_CLASSES:
        raise NotRunnable(f"the label column has more than {MAX_CLASSES} classes")
    table = {value: code for code, value in enumerate(known)}
    codes = np.fromiter((-1 if one is None else table[one] for one in text), np.int64, len(text))
    return codes, len(known)
