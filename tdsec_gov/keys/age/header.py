"""The textual header of an age file: a version line, stanzas, a MAC (c2sp.org/age, "Header")."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tdsec_gov.keys.age import base64raw
from tdsec_gov.keys.age.errors import HeaderInvalid, MacInvalid

VERSION_LINE = b"age-encryption.org/v1\n"
FILE_KEY_SIZE = 16
MAX_HEADER = 1 << 20
"""Longest header that is read, in bytes (about 600 hybrid or 10,000 X25519 readers)."""

_COLUMNS = 64
_MAC_SIZE = 32
_MAC_LINE_LENGTH = len("--- ") + 43 + 1
_ARGUMENT = re.compile(r"[!-~]+\Z")
_MARK = b"---"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One stanza: its type (the first argument), further arguments, and a body of bytes.

    Raises:
        HeaderInvalid: an argument is empty or holds anything but visible ASCII.
    """

    type: str
    args: tuple[str, ...]
    body: bytes

    def __post_init__(self) -> None:
        if not all(_ARGUMENT.match(word) for word in (self.type, *self.args)):
            raise HeaderInvalid("age stanza has a malformed argument", expected="visible ASCII characters")

    def to_bytes(self) -> bytes:
        """The argument line and the body in lines of 64 columns; the last one is shorter, maybe empty."""
        coded = base64raw.encode(self.body)
        first = " ".join(("->", self.type, *self.args))
        if len(coded) < _COLUMNS:
            return f"{first}\n{coded}\n".encode("ascii")
        lines = [coded[start : start + _COLUMNS] for start in range(0, len(coded) + 1, _COLUMNS)]
        return "\n".join([first, *lines, ""]).encode("ascii")


@dataclass(frozen=True, slots=True)
class Header:
    """All stanzas of a file and the MAC over them (32 bytes).

    A parsed header is only a claim until :meth:`verify` was called with the file key.
    """

    stanzas: tuple[Stanza, ...]
    mac: bytes
    _signed: bytes = field(default=b"", repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self._signed:  # all bytes before the MAC, which is taken over them
            lines = [VERSION_LINE, *[stanza.to_bytes() for stanza in self.stanzas], _MARK]
            object.__setattr__(self, "_signed", b"".join(lines))

    @classmethod
    def seal(cls, stanzas: Iterable[Stanza], file_key: bytes) -> Header:
        """The header with its MAC under ``file_key`` (16 bytes)."""
        unsigned = cls(tuple(stanzas), b"")
        return cls(unsigned.stanzas, _mac(unsigned._signed, file_key), unsigned._signed)

    def verify(self, file_key: bytes) -> None:
        """Raises MacInvalid unless the MAC is the one under ``file_key``."""
        if not hmac.compare_digest(_mac(self._signed, file_key), self.mac):
            raise MacInvalid("header of the age file was changed")

    def to_bytes(self) -> bytes:
        return b"%b %b\n" % (self._signed, base64raw.encode(self.mac).encode("ascii"))

    def of_type(self, kind: str) -> tuple[Stanza, ...]:
        """The stanzas of this type, in order."""
        return tuple(stanza for stanza in self.stanzas if stanza.type == kind)

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """Parse one whole header, with its last line feed and nothing after it.

        Raises:
            HeaderInvalid: anything but what :meth:`to_bytes` writes.
        """
        if not data.startswith(VERSION_LINE):
            raise HeaderInvalid("not an age v1 file")
        if not data.endswith(b"\n") or not data.isascii():
            raise HeaderInvalid("age header is malformed")
        lines = data.decode("ascii").split("\n")[1:-1]
        stanzas, at = _stanzas(lines)
        if at != len(lines) - 1 or not stanzas or not lines[at].startswith("--- "):
            raise HeaderInvalid("age header is malformed")
        mac = base64raw.decode(lines[at][4:], _MAC_SIZE)
        return cls(stanzas, mac, data[: -(_MAC_LINE_LENGTH - len(_MARK))])


def length(stanza_lengths: Iterable[int]) -> int:
    """Length in bytes of a header whose stanzas, as written, have these lengths."""
    return len(VERSION_LINE) + sum(stanza_lengths) + _MAC_LINE_LENGTH


def end_of(data: bytes | bytearray, start: int = 0) -> int | None:
    """Where the header at the front of ``data`` ends, or None when more bytes are needed.

    ``start`` is how much of ``data`` an earlier call has already seen.

    Raises:
        HeaderInvalid: this is no age v1 file, or its header is longer than :data:`MAX_HEADER`.
    """
    seen = bytes(data[: len(VERSION_LINE)])
    if not VERSION_LINE.startswith(seen):
        raise HeaderInvalid("not an age v1 file")
    mark = data.find(b"\n" + _MARK, max(0, start - 2 * _MAC_LINE_LENGTH))
    end = -1 if mark < 0 else data.find(b"\n", mark + 1)
    if end < 0 and mark >= 0 and len(data) - mark > 2 * _MAC_LINE_LENGTH:
        raise HeaderInvalid("age header is malformed")
    if max(end, len(data) if end < 0 else 0) > MAX_HEADER:
        raise HeaderInvalid("age header is too long", expected=f"at most {MAX_HEADER} bytes")
    return None if end < 0 else end + 1


def _stanzas(lines: list[str]) -> tuple[tuple[Stanza, ...], int]:
    found: list[Stanza] = []
    at = 0
    while at < len(lines) and lines[at].startswith("-> "):
        words = lines[at][3:].split(" ")
        body, at = _body(lines, at + 1)
        found.append(Stanza(words[0], tuple(words[1:]), body))
    return tuple(found), at


def _body(lines: list[str], at: int) -> tuple[bytes, int]:
    coded: list[str] = []
    while at < len(lines):
        line = lines[at]
        at += 1
        coded.append(line)
        if len(line) < _COLUMNS:
            return base64raw.decode("".join(coded)), at
        if len(line) > _COLUMNS:
            break
    raise HeaderInvalid("age stanza has a malformed body")


def _mac(signed: bytes, file_key: bytes) -> bytes:
    key = HKDF(hashes.SHA256(), 32, None, b"header").derive(file_key)
    return hmac.digest(key, signed, sha256)
