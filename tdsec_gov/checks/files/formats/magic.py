"""Which unsafe format do these first bytes begin?"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from tdsec_gov.checks.files.formats.arrays import npy
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.domain.findings import Severity

_NATIVE = (
    b"\x7fELF",
    b"\0asm",
    b"dex\n0",
    b"BC\xc0\xde",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"!<arch>\n",
    b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F",
)
_SCRIPT = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:#![ \t]*/|\s*<\?php\s|\s*@echo off\s*[\r\n]|\s*<%@ |\s*<job\b)", re.IGNORECASE
)
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_RISK = Risk("TDS507", "file is HDF5, which can link to other files and hold pickles", "hdf5")
_R_DATA = (
    *(b"RD%c%d\n" % (kind, number) for kind in b"XAB" for number in (1, 2, 3)),
    b"X\n\0\0\0\x02",
    b"X\n\0\0\0\x03",
    b"B\n\x02\0\0\0",
    b"B\n\x03\0\0\0",
)
_R_ASCII = re.compile(rb"A\n[23]\n\d{5,6}\n\d{5,6}\n")
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
CLOSED = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"MSCF",
    b"ITSF",
    b"070701",
    b"070702",
    b"070707",
    b"\xc7\x71",
    b"xar!",
    b"hsqs",
    b"LZIP\x01",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"**ACE**",
    b"\x60\xeaq",
    b"QFI\xfb",
    b"KDMV",
    b"\xed\xab\xee\xdb",
)
"""Archives, packages and disk images that the standard library cannot look into."""
_ISO = b"CD001"


def magic_risks(head: bytes, size: int | None) -> list[Risk]:
    """Risks that the first bytes of something of ``size`` bytes show."""
    examiners: tuple[Callable[[bytes], Risk | None], ...] = (_native, _bytecode, _serialized, _hdf5, _matlab)
    found = [risk for examine in examiners if (risk := examine(head))]
    return found + npy(head, size)


def is_closed_archive(head: bytes) -> bool:
    """7z, rar, cab, cpio, xar, lzip, disk images: what cannot be looked into."""
    return head.startswith(CLOSED) or head[32769:32774] == _ISO or head[2:5] == b"-lh"


def _native(head: bytes) -> Risk | None:
    if head.startswith(_NATIVE) or _is_pe(head):
        return Risk("TDS504", "file is a native program or library", "executable")
    if _SCRIPT.match(head):
        return Risk("TDS505", "file is a script", "script")
    return None


def _is_pe(head: bytes) -> bool:
    if not head.startswith(b"MZ") or len(head) < 64:
        return False
    offset = int(struct.unpack_from("<I", head, 0x3C)[0])
    return head[offset : offset + 4] == b"PE\0\0" or b"\0" in head[:64]


def _bytecode(head: bytes) -> Risk | None:
    risk = Risk("TDS522", "file is compiled Python, or code stored with marshal", "bytecode")
    if len(head) < 24:
        return None
    number, flags = struct.unpack_from("<H", head)[0], struct.unpack_from("<I", head, 4)[0]
    if head[2:4] == b"\r\n" and 3000 <= number <= 3900 and (flags <= 3 or number < 3394):
        return risk
    if head[2:4] == b"\r\n" and 20000 <= number <= 63000 and head[8:9] in b"c\xe3":
        return risk
    counts = struct.unpack_from("<5I", head, 1)
    return risk if head[0] in (0x63, 0xE3) and max(counts[:4]) < 4096 and sum(counts[:2]) < 512 else None


def _serialized(head: bytes) -> Risk | None:
    if head.startswith(_R_DATA) or _R_ASCII.match(head):
        return Risk("TDS506", "file holds serialized objects of R", "serialized")
    if head.startswith((b"\xac\xed\0\x05", b"\x1bLua", b"\x1bLJ")):
        return Risk("TDS506", "file holds serialized objects of Java or Lua", "serialized")
    if head.startswith(b"\0\x01\0\0\0\xff\xff\xff\xff\x01\0\0\0\0\0\0\0"):
        return Risk("TDS506", "file holds serialized objects of .NET", "serialized")
    if head.startswith(b"\x04\x08") and head[2:3] in (b"o", b"U", b"u", b"e", b"I") and head[3:4] in b':"':
        return Risk("TDS506", "file holds serialized objects of Ruby", "serialized")
    return None


def _hdf5(head: bytes) -> Risk | None:
    offsets = [0, *(512 << power for power in range(8))]
    if any(head[offset : offset + 8] == HDF5 for offset in offsets):
        return HDF5_RISK
    return None


def _matlab(head: bytes) -> Risk | None:
    if head.startswith(b"MATLAB 5.0 MAT-file"):
        return Risk("TDS528", "MATLAB file: its objects are not looked into", None, Severity.NOTE)
    return None
