"""What can be wrong with one file, as a code and words without values."""

from __future__ import annotations

from dataclasses import dataclass


class Flaw(Exception):
    """Ends the look at one file; never leaves this room."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """Pixels of one frame, frames of one file, bytes that a file may decode to, seconds it may take."""

    pixels: int
    frames: int
    decoded: int
    seconds: float


FOREIGN: tuple[bytes, ...] = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"MZ",
    b"\x7fELF",
    b"%PDF-",
    b"#!",
    b"<?php",
    b"<script",
    b"<html",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"\x80\x04\x95",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x05\x95",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
LOOKED_AT = 1 << 16


def foreign(extra: bytes) -> bool:
    """Whether bytes after a file's end begin another format, or a zip archive stands in them."""
    start = extra[:LOOKED_AT].lstrip(b"\0\r\n\t ").lower()
    begins = any(start.startswith(magic.lower()) for magic in FOREIGN)
    return begins or b"PK\x03\x04" in extra or b"PK\x05\x06" in extra
