"""A text table, parsed once and strictly, kept in a nameless temporary file with the types that are meant.

The file has no name from the moment it exists, so nothing of the data remains when the process is killed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.schema.frame import Frame, Tally
from tdsec_gov.checks.schema.jsontypes import settled_types
from tdsec_gov.checks.schema.textvalues import Guess, parsed
from tdsec_gov.checks.tables import NULLS, guarded, scan_batches, table_format

Types = Callable[[Sequence[str]], dict[str, Any]]


@contextmanager
def spilled(file: DataFile, types: Types) -> Iterator[Frame]:
    """The text table ``file`` as a lazy frame; ``types`` tells the declared type of columns by name.

    Columns take the declared type value by value: what does not fit is counted in ``unfit`` and null in the
    frame. A column without one takes the first type that fits all its values. Empty, NA, NaN and null mean
    null in CSV and TSV.

    Raises:
        Unreadable: as :func:`tdsec_gov.checks.tables.read_table`, or a disk that is full.
    """
    import polars

    with guarded(file), tempfile.TemporaryFile(prefix="tdsec-") as store:
        writer = _Writer(file, types)
        writer.write(store)
        store.flush()
        lazy = polars.scan_ipc(f"/dev/fd/{store.fileno()}", glob=False).with_columns(writer.late())
        yield writer.frame(lazy)


class _Writer:
    """Types batches and counts what it sees."""

    def __init__(self, file: DataFile, types: Types) -> None:
        self._file = file
        self._types = types
        self._wanted: dict[str, Any] = {}
        self._guesses: dict[str, Guess] = {}
        self._names: list[str] = []
        self._rows = 0
        self.unfit: dict[str, Tally] = {}
        self.empty: dict[str, Tally] = {}

    def write(self, store: Any) -> None:
        import polars
        from pyarrow import ipc

        explicit = None
        if table_format(self._file) == "jsonl":
            explicit = settled_types(self._file, self._types)
        options = ipc.IpcWriteOptions(compression="lz4")
        writer = None
        try:
            for batch in scan_batches(self._file, types=explicit):
                typed = self._typed(polars.from_arrow(batch))
                table = typed.to_arrow(compat_level=polars.CompatLevel.oldest())
                writer = writer or ipc.new_file(store, table.schema, options=options)
                writer.write_table(table)
                self._rows += typed.height
        finally:
            if writer is not None:
                writer.close()

    def _typed(self, batch: Any) -> Any:
        import polars

        if not self._names:
            self._start(batch)
        if table_format(self._file) != "jsonl":
            cells = polars.col(polars.String)
            batch = batch.with_columns(
                polars.when(cells.is_in(NULLS)).then(None).otherwise(cells).name.keep()
            )
        for name, guess in self._guesses.items():
            guess.look(batch[name])
        plans = {name: _fitting(name, batch.schema[name], dtype) for name, dtype in self._wanted.items()}
        typed = batch.with_columns(plan.alias(name) for name, plan in plans.items() if plan is not None)
        for name in self._names:
            nulls = batch[name].is_null()
            self.empty.setdefault(name, Tally()).add(nulls, self._rows)
            if name in plans and plans[name] is not None:
                self.unfit.setdefault(name, Tally()).add(typed[name].is_null() & ~nulls, self._rows)
        return typed

    def _start(self, batch: Any) -> None:
        import polars

        self._names = batch.columns
        wanted = self._types(self._names)
        self._wanted = {name: wanted[name] for name in self._names if name in wanted}
        if table_format(self._file) != "jsonl":
            free = [name for name in self._names if name not in wanted]
            self._guesses = {name: Guess() for name in free if batch.schema[name] == polars.String}

    def late(self) -> list[Any]:
        """Types that are known at the end only, or that batches cannot share."""
        import polars

        found = []
        for name, guess in self._guesses.items():
            if (dtype := guess.dtype()) != polars.String:
                found.append(parsed(name, dtype).alias(name))
        for name, dtype in self._wanted.items():
            if dtype.base_type() in (polars.Categorical, polars.Enum):
                found.append(polars.col(name).cast(dtype, strict=False))
        return found

    def frame(self, lazy: Any) -> Frame:
        unfit = {name: tally for name, tally in self.unfit.items() if tally.count}
        return Frame(lazy, self._rows, tuple(self._names), self.empty, unfit)


def _fitting(name: str, found: Any, dtype: Any) -> Any:
    """An expression for column ``name`` as ``dtype``; None where it stays as found."""
    import polars

    if found == dtype:
        return None
    if found == polars.String:
        return parsed(name, dtype)
    if found == polars.Null or (found.is_integer() and dtype.base_type().is_numeric()):
        return polars.col(name).cast(dtype, strict=False)
    if isinstance(found, polars.Datetime) and dtype.base_type() is polars.Datetime:
        return polars.col(name).cast(dtype, strict=False)
    return None
