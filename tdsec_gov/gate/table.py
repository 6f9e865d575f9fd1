"""The files of a dataset version as a table on disk: a million of them cost a process next to no memory."""

from __future__ import annotations

import json
import mmap
import os
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import overload

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.errors import InternalError
from tdsec_gov.files import naming_os_errors

_BATCH = 1024
_WORD = 8
Row = tuple[str, str, int, str]


class FileTable(Sequence[DataFile]):
    """An unlinked temporary file with a line per :class:`~tdsec_gov.checks.contract.DataFile`.

    Open by descriptor (``handle``), so that a child process can have it. ``base`` is the folder that
    locations in it are relative to.
    """

    def __init__(self, handle: int, base: str) -> None:
        """Raises InternalError: not such a file."""
        self.handle = handle
        self.base = base
        try:
            self._data = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
            words = memoryview(self._data)[-_WORD:].cast("Q")
            self._count = int(words[0])
            self._starts = memoryview(self._data)[-_WORD * (self._count + 2) : -_WORD].cast("Q")
            words.release()
        except (OSError, ValueError, TypeError, IndexError) as exc:
            raise InternalError("malformed table of files", found=type(exc).__name__) from exc

    @classmethod
    def of(cls, files: Iterable[DataFile]) -> FileTable:
        """Raises BackendUnavailable: no room for temporary files."""
        return cls.write(((one.path, str(one.location), one.size, one.sha256) for one in files), "")

    @classmethod
    def write(cls, rows: Iterable[Row], base: str) -> FileTable:
        """From ``(path, location below base, size, sha256)``. Raises as :meth:`of`."""
        starts = array("Q", [0])
        with (
            naming_os_errors(tempfile.gettempdir(), "the list of files cannot be written"),
            tempfile.TemporaryFile() as file,
        ):
            for row in rows:
                line = json.dumps(row).encode()
                file.write(line)
                starts.append(starts[-1] + len(line))
            count = len(starts) - 1
            file.write(b"\0" * (-starts[-1] % _WORD))
            starts.tofile(file)
            array("Q", [count]).tofile(file)
            file.flush()
            return cls(os.dup(file.fileno()), base)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[DataFile]:
        parts = (self._part(at, min(at + _BATCH, self._count)) for at in range(0, self._count, _BATCH))
        return chain.from_iterable(parts)

    @overload
    def __getitem__(self, at: int) -> DataFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[DataFile, ...]: ...
    def __getitem__(self, at: int | slice) -> DataFile | tuple[DataFile, ...]:
        if isinstance(at, int):
            place = range(self._count)[at]
            return self._part(place, place + 1)[0]
        start, stop, step = at.indices(self._count)
        if step == 1:
            return self._part(start, max(start, stop))
        return tuple(self[place] for place in range(start, stop, step))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(one == two for one, two in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def _part(self, start: int, stop: int) -> tuple[DataFile, ...]:
        edges = self._starts[start : stop + 1]
        return tuple(self._file(self._data[here:there]) for here, there in pairwise(edges))

    def _file(self, line: bytes) -> DataFile:
        path, location, size, sha256 = json.loads(line)
        return DataFile(path, Path(self.base, location), size, sha256)

    def close(self) -> None:
        """Give the descriptor back; what was read stays."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def __del__(self) -> None:
        self.close()
