"""What a file claims to be by its suffix, and what its first bytes say."""

from __future__ import annotations

from pathlib import PurePosixPath

from tdsec_gov.checks.media.compressed import SUFFIXES

IMAGES: dict[str, str] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
SOUNDS: dict[str, str] = {
    ".wav": "WAV",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".ogg": "OGG",
    ".oga": "OGG",
    ".opus": "OGG",
}
TEXTS = frozenset(
    ".txt .text .md .rst .html .htm .xml .json .yaml .yml .srt .vtt .tex .log".split()  # noqa: SIM905
)


def kind_of(path: str) -> tuple[str, str, str | None]:
    """``(kind, format, compression)`` that a path promises.

    Kind is ``image``, ``sound``, ``text``, ``compressed`` (one compressed file of another kind) or ``other``;
    texts may be compressed, images and sound are not.
    """
    suffixes = [one.lower() for one in PurePosixPath(path).suffixes]
    last = suffixes[-1] if suffixes else ""
    if last in IMAGES:
        return "image", IMAGES[last], None
    if last in SOUNDS:
        return "sound", SOUNDS[last], None
    if last in TEXTS:
        return "text", last[1:], None
    if last in SUFFIXES:
        inner = suffixes[-2] if len(suffixes) > 1 else ""
        return ("text" if inner in TEXTS else "compressed"), (inner or last)[1:], SUFFIXES[last]
    return "other", last[1:], None


def sound_format(head: bytes) -> str | None:
    """The sound format of the first 16 bytes."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head.startswith(b"fLaC"):
        return "FLAC"
    if head.startswith(b"OggS"):
        return "OGG"
    if head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "MP3"
    return None
