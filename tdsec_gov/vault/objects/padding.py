"""Padme (petsymposium.org/popets/2019/popets-2019-0056.pdf, section 4): sizes that tell little.

A padded size keeps only the leading bits of the true one, at most 12 % more, so that storage sees
O(log log size) bits of it. In a padded vault zeros follow the content before it is encrypted; the
signed size says where it ends. Stock ``age`` shows the zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tdsec_gov.errors import DataTampered


class _Source(Protocol):
    def readinto(self, buffer: Any, /) -> int: ...


def padme(size: int) -> int:
    """The size that ``size`` (bytes) is padded to."""
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    loose = max(0, exponent - exponent.bit_length())
    mask = (1 << loose) - 1
    return (size + mask) & ~mask


class Padded:
    """A source whose content of ``size`` bytes is followed by ``more`` zeros."""

    def __init__(self, source: _Source, more: int) -> None:
        self._source = source
        self._more = more
        self._ended = False

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from the content, then with zeros; 0 at the end."""
        if not self._ended:
            count = self._source.readinto(buffer)
            if count:
                return count
            self._ended = True
        count = min(self._more, len(buffer))
        memoryview(buffer)[:count] = bytes(count)
        self._more -= count
        return count

    def read(self, size: int) -> bytes:
        """As :meth:`readinto`."""
        buffer = bytearray(size)
        return bytes(buffer[: self.readinto(buffer)])


def without_padding(data: bytes, size: int) -> bytes:
    """The first ``size`` bytes of ``data`` where the rest is padding, else ``data``."""
    padded = len(data) > size and len(data) == padme(size) and not data[size:].strip(b"\0")
    return data[:size] if padded else data


class ContentOnly:
    """A sink that hands the first ``size`` bytes on and makes sure that only padding follows."""

    def __init__(self, size: int, where: str, *sinks: Callable[[memoryview], object]) -> None:
        self._left = size
        self._size = size
        self._extra = 0
        self._where = where
        self._sinks = sinks

    def __call__(self, view: memoryview) -> None:
        if len(view) <= self._left:
            self._left -= len(view)
            for sink in self._sinks:
                sink(view)
            return
        inside, rest = view[: self._left], view[self._left :]
        self._left = 0
        self._extra += len(rest)
        if bytes(rest).strip(b"\0"):
            raise DataTampered("the content is longer than what was signed", where=self._where)
        for sink in self._sinks if inside else ():
            sink(inside)

    def finish(self) -> None:
        """Raises DataTampered: what followed was not the padding of this size."""
        if self._extra and self._size + self._extra != padme(self._size):
            raise DataTampered("the content is longer than what was signed", where=self._where)
