"""What every archive must keep: names that stay inside, sizes in proportion, depth in bounds."""

from __future__ import annotations

import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from tdsec_gov.checks.files.packed.part import Part
from tdsec_gov.checks.files.risk import BOMB, Risk

MAX_RATIO = 100
RATIO_FROM = 10 << 20
MAX_TOTAL = 64 << 30
MAX_MEMBERS = 100_000
MAX_DEPTH = 4
_DRIVE = re.compile(r"[A-Za-z]:")
FAULTS = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    MemoryError,
    IndexError,
    struct.error,
)
OUTSIDE = Risk("TDS508", "archive holds names that lead outside of it")
LINKS = Risk("TDS509", "archive holds links or devices")
AMBIGUOUS = Risk("TDS521", "archive contradicts itself: programs will see different contents in it")
NESTED = Risk("TDS517", "archive holds further archives", "nested-archive")
TOO_DEEP = Risk("TDS517", "archives or compressed streams lie too deep in one another to be looked into")


class Looker(Protocol):
    """Looks at a member; ``depth`` counts archives and streams around it."""

    def __call__(self, part: Part, depth: int) -> list[Risk]: ...


Make = Callable[[], Part]


def name_risks(name: str) -> Iterator[Risk]:
    """``..``, absolute paths, drives, backslashes, NUL and other control characters."""
    parts = name.replace("\\", "/").split("/")
    leads_out = name.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(name) or "\\" in name
    if leads_out or any(ord(letter) < 32 for letter in name):
        yield OUTSIDE


def totals(count: int, total: int, size: int) -> Iterator[Risk]:
    """A bomb by number, size or proportion."""
    if count > MAX_MEMBERS or total > MAX_TOTAL or (total > RATIO_FROM and total > MAX_RATIO * max(1, size)):
        yield BOMB
