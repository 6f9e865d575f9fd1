"""MP3: frames of MPEG audio layer III (ISO 11172-3, 13818-3) between ID3v2 and tags at the end."""

from __future__ import annotations

from typing import BinaryIO

from tdsec_gov.checks.media.sound import Sound, bad, exactly

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBIT_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_PIECE = 1 << 20
_FEWEST = 2


def mp3(stream: BinaryIO, size: int) -> Sound:
    """Walks all frames. Raises Flaw: fewer than two, or the rate changes."""
    start = place = _after_id3(stream, size)
    frames = samples = rate = channels = 0
    data, base = b"", place
    while place + 4 <= size:
        if place + 4 > base + len(data):
            stream.seek(place)
            data, base = stream.read(_PIECE), place
        head = data[place - base : place - base + 4]
        frame = _frame(head)
        if frame is None or (rate and frame[1] != rate):
            break
        length, rate, per_frame = frame
        channels = 1 if head[3] >> 6 == 3 else 2
        frames += 1
        samples += per_frame
        place += length
    if frames < _FEWEST:
        raise bad("no MP3 frames follow its header" if place == start else "it has one frame only")
    return Sound(rate, channels, samples / rate, _after_tags(stream, min(place, size), size))


def _frame(head: bytes) -> tuple[int, int, int] | None:
    """Length in bytes, rate in Hz, samples; None when ``head`` is no layer III header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, kbit, which = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbit in (0, 15) or which == 3:
        return None
    rate = _RATES[version][which]
    factor, bits = (144, _KBIT_1[kbit]) if version == 3 else (72, _KBIT_2[kbit])
    return factor * bits * 1000 // rate + (head[2] >> 1 & 1), rate, factor * 8


def _after_id3(stream: BinaryIO, size: int) -> int:
    place = 0
    while place + 10 <= size:
        head = exactly(stream, place, 10)
        if not head.startswith(b"ID3"):
            break
        length = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        place += 10 + length + (10 if head[5] & 0x10 else 0)
    return place


def _after_tags(stream: BinaryIO, place: int, size: int) -> int:
    """Past an APE tag and an ID3v1 tag, which may stand at the end."""
    if size - place >= 32:
        head = exactly(stream, place, 32)
        if head.startswith(b"APETAGEX"):
            place += 32 + int.from_bytes(head[12:16], "little")
    if size - place == 128 and exactly(stream, place, 3) == b"TAG":
        place += 128
    return min(place, size)
