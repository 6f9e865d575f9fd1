"""Exact runs of bytes from a source that may give short reads."""

from __future__ import annotations

from typing import Protocol

from tdsec_gov.errors import UsageError
from tdsec_gov.keys.age.errors import HeaderInvalid
from tdsec_gov.keys.age.header import Header, end_of

_FIRST_READ = 4096


class Source(Protocol):
    """What is read from: any binary file object. ``readinto`` is used where there is one."""

    def read(self, size: int, /) -> bytes: ...


class Intake:
    """Reads ``source`` in full runs. Errors of the source itself (OSError) pass through unchanged."""

    def __init__(self, source: Source) -> None:
        self._read = source.read
        self._readinto = getattr(source, "readinto", None)
        self._pending = memoryview(b"")

    def fill(self, view: memoryview) -> int:
        """Fill ``view`` as far as the source goes; less than its length means the end was reached."""
        done = min(len(self._pending), len(view))
        if done:
            view[:done] = self._pending[:done]
            self._pending = self._pending[done:]
        while done < len(view):
            count = self._take(view[done:])
            if count == 0:
                break
            done += count
        return done

    def read_header(self) -> tuple[Header, int]:
        """The header at the front and its length in bytes; what follows is kept for :meth:`fill`.

        Raises:
            HeaderInvalid: the source does not begin with an age v1 header.
        """
        data = bytearray()
        end: int | None = None
        while end is None:
            seen = len(data)
            more = self._read(_FIRST_READ)
            if not more:
                raise HeaderInvalid("age header is cut short")
            data += more
            end = end_of(data, seen)
        self._pending = memoryview(bytes(data[end:]))
        return Header.from_bytes(bytes(data[:end])), end

    def _take(self, view: memoryview) -> int:
        if self._readinto is not None:
            count = self._readinto(view)
            if count is None:
                raise UsageError("the source of an age file must not be non-blocking")
            return int(count)
        data = self._read(len(view))
        view[: len(data)] = data
        return len(data)
