"""Tables as typed batches that can be read again: never more than one batch of a table in memory.

Parquet and Arrow are decoded strictly each time; a text table is parsed once into a nameless temporary
file (:mod:`tdsec_gov.checks.schema.spill`). At most ``KEPT`` of those stay open, the rest is parsed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.checks.schema.frame import Frame
from tdsec_gov.checks.schema.spill import spilled
from tdsec_gov.checks.tables import BATCH_ROWS, TEXT_FORMATS, guarded, scan_batches, table_format
from tdsec_gov.detect.types import IntArray

if TYPE_CHECKING:
    import polars

KEPT = 64
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
        if table_format(file) not in TEXT_FORMATS:
            self.schema: dict[str, Any] = dict(next(self.batches()).schema)
        elif keep:
            self._open = spilled(file, _no_types)
            self._frame = self._open.__enter__()
            self.schema = _schema(file, self._frame)
        else:
            with spilled(file, _no_types) as frame:
                self.schema = _schema(file, frame)

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


def _no_types(names: Sequence[str]) -> dict[str, Any]:
    return {}


def _schema(file: DataFile, frame: Frame) -> dict[str, Any]:
    with guarded(file):
        return dict(frame.lazy.collect_schema())


def rows_at(sources: Sequence[Source], lengths: Sequence[int], index: IntArray) -> Iterator[polars.DataFrame]:
    """Rows at the sorted positions ``index`` of all sources read one after the other, batch by batch.
    Sources without such a row are not opened."""
    start = 0
    for source, length in zip(sources, lengths, strict=True):
        wanted = index[np.searchsorted(index, start) : np.searchsorted(index, start + length)] - start
        start += length
        if wanted.size:
            yield from _taken(source, wanted)


def _taken(source: Source, wanted: IntArray) -> Iterator[polars.DataFrame]:
    seen = 0
    for batch in source.batches():
        low, high = np.searchsorted(wanted, (seen, seen + batch.height))
        if high > low:
            yield batch[wanted[low:high] - seen]
        seen += batch.height
