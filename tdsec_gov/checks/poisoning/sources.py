"""Tables as typed batches that can be read again: never more than one batch of a table in memory.

Parquet and Arrow are decoded strictly each time; a text table is parsed once into a nameless temporary
file (:mod:`tdsec_gov.checks.schema.spill`). At most ``KEPT`` of those stay open, the rest is parsed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.schema.frame import Frame
from tdsec_gov.checks.schema.spill import spilled
from tdsec_gov.checks.tables import (
    BATCH_ROWS,
    MAX_DECODED,
    MAX_RATIO,
    TEXT_FORMATS,
    guarded,
    scan_batches,
    table_format,
)
from tdsec_gov.detect.scale.contract import Part

if TYPE_CHECKING:
    import polars

KEPT = 64
PART_ROWS = 500_000
Key = tuple[str, int, str]
"""The same for the same bytes in the same place, read the same way."""


def key_of(file: DataFile) -> Key:
    """Two versions that hold one object of the cache read it once."""
    name = PurePosixPath(file.path).name
    return str(file.location), file.size, name[name.find(".") :].lower()


class Source:
    """One table: ``schema`` has the polars type of each column by name, ``key`` tells it from others."""

    def __init__(self, file: DataFile, *, keep: bool = True) -> None:
        """Raises Unreadable: see :func:`tdsec_gov.checks.tables.scan_batches`."""
        self.key = key_of(file)
        self._file = file
        self._rows: int | None = None
        self._open: AbstractContextManager[Frame] | None = None
        self._frame: Frame | None = None
        self._cut: tuple[Part, ...] = ()
        if table_format(file) not in TEXT_FORMATS:
            self.schema: dict[str, Any] = dict(next(self.batches()).schema)
        elif keep:
            self._open = spilled(file, _no_types)
            self._frame = self._open.__enter__()
            self.schema = _schema(file, self._frame)
        else:
            with spilled(file, _no_types) as frame:
                self.schema = _schema(file, frame)

    def parts(self, wide: bool) -> tuple[Part, ...]:
        """The table itself, or, where many processes read, parts of it that can be sent to them."""
        if not wide:
            return (self,)
        self._cut = self._cut or _parts(self._file)
        return self._cut

    def batches(self) -> Iterator[polars.DataFrame]:
        """The rows in order. Raises Unreadable: damaged, or it changed since it was read first."""
        rows = 0
        for batch in self._read():
            rows += batch.height
            yield batch
        if self._rows not in (None, rows):
            raise Unreadable("table changed while it was read", where=self._file.path)
        self._rows = rows

    def _read(self) -> Iterator[polars.DataFrame]:
        import polars

        if table_format(self._file) not in TEXT_FORMATS:
            for batch in scan_batches(self._file):
                yield polars.DataFrame(polars.from_arrow(batch))
            return
        with self._parsed() as frame, guarded(self._file):
            for start in range(0, frame.height, BATCH_ROWS):
                yield frame.lazy.slice(start, BATCH_ROWS).collect()

    @contextmanager
    def _parsed(self) -> Iterator[Frame]:
        if self._frame is not None:
            yield self._frame
            return
        with spilled(self._file, _no_types) as frame:
            yield frame


@dataclass(frozen=True, slots=True)
class Whole:
    """A table that one process reads from end to end."""

    file: DataFile

    def batches(self) -> Iterator[polars.DataFrame]:
        """Raises Unreadable."""
        yield from Source(self.file, keep=False).batches()


@dataclass(frozen=True, slots=True)
class Groups:
    """The row groups ``start`` to ``stop`` of a Parquet file."""

    file: DataFile
    start: int
    stop: int

    def batches(self) -> Iterator[polars.DataFrame]:
        """Raises Unreadable: damaged, or it decodes to more than the budget."""
        import polars
        from pyarrow import parquet

        decoded = 0
        with (
            guarded(self.file),
            parquet.ParquetFile(
                self.file.location, memory_map=True, page_checksum_verification=True
            ) as table,
        ):
            groups = list(range(self.start, self.stop))
            for batch in table.iter_batches(batch_size=BATCH_ROWS, row_groups=groups, use_threads=False):
                batch.validate(full=True)
                decoded += batch.nbytes
                if decoded > max(MAX_DECODED, MAX_RATIO * self.file.size):
                    raise Unreadable("table decodes to more than the budget", where=self.file.path)
                yield polars.DataFrame(polars.from_arrow(batch))


def _parts(file: DataFile) -> tuple[Part, ...]:
    """Row groups in runs of half a million rows or more; other tables are not cut."""
    from pyarrow import parquet

    if table_format(file) != "parquet":
        return (Whole(file),)
    with guarded(file), parquet.ParquetFile(file.location) as table:
        rows = [table.metadata.row_group(one).num_rows for one in range(table.num_row_groups)]
    borders, held = [0], 0
    for number, count in enumerate(rows):
        held += count
        if held >= PART_ROWS:
            borders.append(number + 1)
            held = 0
    if borders[-1] != len(rows):
        borders.append(len(rows))
    return tuple(Groups(file, *pair) for pair in pairwise(borders))


def _no_types(names: Sequence[str]) -> dict[str, Any]:
    return {}


def _schema(file: DataFile, frame: Frame) -> dict[str, Any]:
    with guarded(file):
        return dict(frame.lazy.collect_schema())
