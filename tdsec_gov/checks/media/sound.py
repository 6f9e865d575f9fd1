"""What a sound file says of itself, and the words for one that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from tdsec_gov.checks.media.faults import Flaw


@dataclass(frozen=True, slots=True)
class Sound:
    """``rate`` in Hz; ``end`` is the offset after the last byte that belongs to the format."""

    rate: int
    channels: int
    seconds: float
    end: int


def bad(what: str) -> Flaw:
    """A sound file that is not sane."""
    return Flaw("TDS705", f"sound file is not sane: {what}")


def exactly(stream: BinaryIO, place: int, size: int) -> bytes:
    """``size`` bytes from ``place``. Raises Flaw: the file ends before."""
    stream.seek(place)
    data = stream.read(size)
    if len(data) != size:
        raise bad("it is cut short")
    return data
