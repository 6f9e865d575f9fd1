"""Pickles in the middle of other bytes: behind a header, between rows, in the pages of a database.

Places where one could begin are found by pattern, and from each the opcodes are walked: only what would
call a global by name counts, so that words and numbers which look like opcodes do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from tdsec_gov.checks.files.pickled.detect import calls
from tdsec_gov.checks.files.risk import Replay, Source

PIECE = 1 << 20
OVERLAP = 1 << 14
INST_ARGUMENTS = 256
_NEXT = r"(?:[()\]}0-2\x80-\x97VSXUTKMJINLFG]|[pg][0-9]|[qhrj][^a-z])"
"""What can stand behind a global that will be called; places of the memo beyond 96 are left to luck."""
_LINE = r"[A-Za-z_][A-Za-z0-9_.]*\r?\n"
_WORD = r"[A-Za-z_][A-Za-z0-9_.]*\n?(?:\x94|q.|r....|p[0-9]+\n)?"
_TEXT = r"(?:[\x8cU].|[XT].\x00\x00\x00|\x8d.\x00\x00\x00\x00\x00\x00\x00|[VS]['\"]?)"
_OPERAND = rf"(?:{_TEXT}{_WORD}|h.|j....|g[0-9]+\n)"
_BEGINS = re.compile(
    (rf"\(?c(?={_LINE}{_LINE}{_NEXT})|i(?={_LINE}{_LINE})").encode("latin-1")
    + rb"|\x80(?=[\x02-\x05][\x95c(\]})XUTVSKMJIN\x8c-\x8f\x88-\x8b])"
    rb"|[\x8cU](?=[\x01-\x7f][A-Za-z_])|X(?=[\x01-\xff]\0\0\0[A-Za-z_])|\x8d(?=[\x01-\xff]\0{7}[A-Za-z_])"
)
ANCHOR = rf"(?s)c{_LINE}{_LINE}{_NEXT}|i{_LINE}{_LINE}[.0-2()}}\]sea\x80-\xff]|{_OPERAND}{_OPERAND}\x93"
"""What a call needs: a global by two lines, or by two texts on the stack (RE2 and re read it alike)."""


def holds_call(data: bytes) -> bool:
    """Whether opcodes somewhere in ``data`` import a global and call it."""
    anchored = bool(_searcher(len(data))(data))
    return anchored and any(calls(data[place : place + OVERLAP]) for place in _places(data))


def _places(data: bytes) -> Iterator[int]:
    """Where a pickle could begin; for INST, each opening bracket not far before it."""
    for found in _BEGINS.finditer(data):
        place = found.start()
        if data[place] != 0x69:
            yield place
            continue
        opening = data.find(b"(", max(0, place - INST_ARGUMENTS), place)
        while opening >= 0:
            yield opening
            opening = data.find(b"(", opening + 1, place)


def stream_holds_call(source: Source) -> bool:
    """:func:`holds_call` for a stream, piece by piece."""
    stream, carried = Replay(b"", source), b""
    while piece := stream.read(PIECE):
        if holds_call(carried + piece):
            return True
        carried = piece[-OVERLAP:]
    return False


_PLAIN = re.compile(ANCHOR.encode())
_SMALL = 1 << 9


def _searcher(size: int) -> Callable[[bytes], Any]:
    """Small pieces by re, larger ones by RE2 (pyarrow), which is ten times faster and slow to import."""
    if size < _SMALL:
        return _PLAIN.search
    import pyarrow
    from pyarrow import compute

    return lambda data: compute.match_substring_regex(pyarrow.scalar(data, pyarrow.binary()), ANCHOR).as_py()
