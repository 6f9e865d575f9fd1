"""Sound files by their headers and the walk to their end; no sample is decoded.

Sources: RIFF/WAVE (Microsoft, IBM 1991) and RF64 (EBU 3306), FLAC (RFC 9639), Ogg (RFC 3533), Vorbis I, Opus
in Ogg (RFC 7845).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tdsec_gov.checks.media.faults import Flaw, foreign
from tdsec_gov.checks.media.kinds import sound_format
from tdsec_gov.checks.media.mpeg import mp3
from tdsec_gov.checks.media.sound import Sound, bad, exactly
from tdsec_gov.domain.canonical import JsonValue

MOST_CHANNELS = 64
MOST_RATE = 1_000_000
_OPUS_RATE = 48_000
_UNKNOWN_LENGTH = (0, 0xFFFFFFFF)


def look_at_sound(location: Path, size: int, promised: str) -> dict[str, JsonValue]:
    """Format, rate in Hz, channels, seconds, bytes after the end. Raises Flaw: another format, or damaged."""
    with location.open("rb") as stream:
        found = sound_format(stream.read(16))
        if found is None or found != promised:
            text = f"content is {found or 'no sound that is known'}, the suffix promises {promised}"
            raise Flaw("TDS702", text)
        try:
            sound = _WALKS[found](stream, size)
        except (struct.error, IndexError, OverflowError, ZeroDivisionError):
            raise bad("its header is damaged") from None
        if not (0 < sound.rate <= MOST_RATE and 0 < sound.channels <= MOST_CHANNELS):
            raise bad("its header names no possible rate or number of channels")
        if sound.end > size:
            raise bad("it is cut short")
        stream.seek(sound.end)
        extra = stream.read()
    kept = extra.strip(b"\0")
    return {
        "format": found,
        "rate": sound.rate,
        "channels": sound.channels,
        "seconds": round(sound.seconds, 3),
        "extra": len(extra) if kept else 0,
        "foreign": bool(kept) and foreign(extra),
    }


def _wav(stream: BinaryIO, size: int) -> Sound:
    """Chunks up to the length that RIFF states; a stream that was never closed states none."""
    form, length = struct.unpack("<4sI", exactly(stream, 0, 8))
    stated = form != b"RF64" and length not in _UNKNOWN_LENGTH
    end = min(length + 8, size + 1) if stated else size
    place, rate, channels, per_second, data, long_data = 12, 0, 0, 0, -1, 0
    while place + 8 <= end and place + 8 <= size:
        kind, count = struct.unpack("<4sI", exactly(stream, place, 8))
        if kind == b"ds64":
            long_data = struct.unpack_from("<8xQ", exactly(stream, place + 8, 16))[0]
        elif kind == b"fmt ":
            channels, rate, per_second = struct.unpack("<2xHII", exactly(stream, place + 8, 12))
        elif kind == b"data":
            count = data = (long_data or size - place - 8) if count == 0xFFFFFFFF else count
        place += 8 + count + (count & 1)
    if data < 0 or not per_second:
        raise bad("it has no format or no samples")
    if place > size + 1:
        raise bad("it is cut short")
    return Sound(rate, channels, data / per_second, min(place if stated else size, size))


def _flac(stream: BinaryIO, size: int) -> Sound:
    """Metadata blocks up to the first frame; where the last frame ends is not looked for."""
    place, last, info = 4, False, b""
    while not last:
        head = exactly(stream, place, 4)
        last, kind, length = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if kind == 0 and length == 34:
            info = exactly(stream, place + 4, 34)
        place += 4 + length
    frame = exactly(stream, place, 2)
    if not info or frame[0] != 0xFF or frame[1] & 0xFE != 0xF8:
        raise bad("it has no stream information or no frame")
    packed = int.from_bytes(info[10:18], "big")
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & ((1 << 36) - 1)
    return Sound(rate, channels, samples / rate, size)


def _ogg(stream: BinaryIO, size: int) -> Sound:
    """Pages up to the last; the first packet names the codec."""
    place, granule, first = 0, 0, b""
    while place + 27 <= size:
        head = exactly(stream, place, 27)
        if not head.startswith(b"OggS\0"):
            break
        table = exactly(stream, place + 27, head[26])
        body = place + 27 + head[26]
        first = first or exactly(stream, body, min(sum(table), 64))
        granule = max(granule, int(struct.unpack_from("<q", head, 6)[0]))
        place = body + sum(table)
    rate, channels, clock, skip = _codec(first)
    return Sound(rate, channels, max(0, granule - skip) / clock, place)


def _codec(first: bytes) -> tuple[int, int, int, int]:
    """Rate, channels, units of granules per second, and granules before the sound starts."""
    if first.startswith(b"\x01vorbis"):
        channels, rate = struct.unpack_from("<BI", first, 11)
        return int(rate), int(channels), int(rate), 0
    if first.startswith(b"OpusHead"):
        channels, skip, rate = struct.unpack_from("<BHI", first, 9)
        return int(rate) or _OPUS_RATE, int(channels), _OPUS_RATE, int(skip)
    if first.startswith(b"\x7fFLAC") and len(first) >= 51:
        packed = int.from_bytes(first[27:35], "big")
        return packed >> 44, (packed >> 41 & 7) + 1, packed >> 44, 0
    raise bad("its codec is none of Vorbis, Opus and FLAC")


_WALKS: dict[str, Callable[[BinaryIO, int], Sound]] = {"WAV": _wav, "FLAC": _flac, "OGG": _ogg, "MP3": mp3}
