"""Profile of a dataset version: rows, nulls per column, and how many of each class. Counts, never values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.refusals import shown_column
from tdsec_gov.checks.tables import NULLS, is_table, scan_batches, table_format

MOST_CLASSES = 50


@dataclass
class Profile:
    """``nulls`` per column, of ``rows``; a column goes by number where its name may be a value (a table
    without a header). ``classes`` by label (kept here to compare two versions; pages show their ranks), empty
    without a label column and where there are more than :data:`MOST_CLASSES`; ``folders``: files per top
    folder of a dataset that is no table; ``unread`` files are left out."""

    rows: int = 0
    files: int = 0
    size: int = 0
    nulls: Counter[str] = field(default_factory=Counter)
    columns: dict[str, None] = field(default_factory=dict)
    classes: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    many_classes: bool = False
    unread: int = 0


def profile(files: Iterable[DataFile], label: str | None) -> Profile:
    """Read all tables once, in constant memory; other files are counted by folder."""
    found = Profile()
    for file in files:
        found.files += 1
        found.size += file.size
        if not is_table(file):
            top, slash, _ = file.path.partition("/")
            if slash:
                found.folders[top] += 1
            continue
        try:
            for batch in scan_batches(file):
                _add(found, batch, table_format(file) in ("csv", "tsv"), label)
        except Unreadable:
            found.unread += 1
    if found.many_classes:
        found.classes.clear()
    return found


def _add(found: Profile, batch: Any, as_text: bool, label: str | None) -> None:
    import pyarrow
    import pyarrow.compute as pc

    found.rows += batch.num_rows
    for index, (name, column) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
        shown = shown_column(name, index)
        found.columns[shown] = None
        nulls = column.null_count
        if as_text:
            nulls += pc.sum(pc.is_in(column, value_set=pyarrow.array(NULLS))).as_py() or 0
        found.nulls[shown] += nulls
        if name == label and not found.many_classes:
            for pair in column.value_counts().to_pylist():
                found.classes[str(pair["values"])] += pair["counts"]
            found.many_classes = len(found.classes) > MOST_CLASSES
