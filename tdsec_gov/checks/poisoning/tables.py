"""From files to rows: both versions of a dataset one after the other, with labels as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice
from typing import Any

import numpy as np

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.poisoning.sources import KEPT, Source, key_of
from tdsec_gov.checks.tables import is_table
from tdsec_gov.detect.contract import NotRunnable
from tdsec_gov.detect.data.shared import Plan
from tdsec_gov.detect.data.subject import Stack
from tdsec_gov.detect.scale.contract import Backend
from tdsec_gov.detect.scale.rows import stacked
from tdsec_gov.detect.scale.serial import Serial
from tdsec_gov.detect.types import IntArray

SERIAL = Serial()


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows of both versions, and where they came from: ``row`` is the 0-based number of a stacked row
    within its file ``files[file]``."""

    stack: Stack
    file: IntArray
    row: IntArray
    files: tuple[str, ...]


def load(
    files: Sequence[DataFile],
    previous: Sequence[DataFile] | None,
    label: str,
    ignore: frozenset[str],
    backend: Backend = SERIAL,
) -> Loaded:
    """Digest all rows of both versions, a batch in memory at a time and some 100 bytes a row; the content
    of single rows is read when it is asked for. A file that is in both versions is read once.

    ``backend`` says where (:mod:`tdsec_gov.detect.scale`); what is loaded does not depend on it.

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
    tables = [*before, *now]
    plan = Plan.of(columns, label, [one.schema for _, one in tables])
    parts = list(dict.fromkeys(part for _, one in tables for part in one.parts(backend.wide)))
    number = {part: place for place, part in enumerate(parts)}
    old, new = (
        [number[part] for _, one in side for part in one.parts(backend.wide)] for side in (before, now)
    )
    stack, lengths = stacked(old, new, parts, plan, backend)
    if not bool((stack.labels[stack.current] >= 0).any()):
        raise NotRunnable("the label column of this version is empty")
    heights = _heights(tables, lengths, backend.wide)
    return Loaded(
        stack=replace(stack, notes=tuple(notes), gaps=tuple(gaps)),
        file=np.repeat(np.arange(len(heights), dtype=np.int64), heights),
        row=np.concatenate([np.arange(height, dtype=np.int64) for height in heights]),
        files=tuple(path for path, _ in tables),
    )


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


def _heights(tables: list[Table], lengths: list[int], wide: bool) -> list[int]:
    """Rows of each table, from those of its parts."""
    rest = iter(lengths)
    return [sum(islice(rest, len(one.parts(wide)))) for _, one in tables]


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
