"""Pickle opcodes, one after the other, read as the unpickler reads them; nothing is executed.

``pickletools.genops`` is stricter than the C unpickler in places (it refuses ``I0x1``, bytes outside of
ASCII in ``S``, escapes in names), so a pickle can be one to ``pickle.load`` and none to it. Here the
table of opcodes is pickletools', the arguments are read as leniently as Modules/_pickle.c does.
"""

from __future__ import annotations

import pickletools
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from tdsec_gov.checks.files.risk import Replay

LONGEST_TEXT = 4096
_BY_CODE = {opcode.code: opcode for opcode in pickletools.opcodes}
_C_INTEGER = re.compile(rb"\s*[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9][0-9_]*)\Z")
_SIZED = {
    "string1": "<B",
    "string4": "<i",
    "bytes1": "<B",
    "bytes4": "<I",
    "bytes8": "<Q",
    "bytearray8": "<Q",
    "unicodestring1": "<B",
    "unicodestring4": "<I",
    "unicodestring8": "<Q",
    "long1": "<B",
    "long4": "<i",
}
_FIXED = {"uint1": "<B", "uint2": "<H", "int4": "<i", "uint4": "<I", "uint8": "<Q", "float8": ">d"}


class Malformed(ValueError):
    """An unpickler would stop with an error here."""


class Step(NamedTuple):
    """One opcode: its row in pickletools' table, its argument where that is short, first and end offset."""

    opcode: pickletools.OpcodeInfo
    arg: int | str | None
    start: int
    end: int

    @property
    def name(self) -> str:
        return self.opcode.name


def steps(stream: Replay) -> Iterator[Step]:
    """Opcodes up to and with STOP. Raises Malformed, also when the stream ends before."""
    while True:
        start = stream.tell()
        code = stream.read(1)
        opcode = _BY_CODE.get(code.decode("latin-1")) if code else None
        if opcode is None:
            raise Malformed("not an opcode")
        arg = None if opcode.arg is None else _argument(opcode.arg.name, stream)
        yield Step(opcode, arg, start, stream.tell())
        if opcode.name == "STOP":
            return


def _argument(kind: str, stream: Replay) -> int | str | None:
    if kind in _FIXED:
        value = _number(_FIXED[kind], stream)
        return int(value) if kind != "float8" else None
    if kind in _SIZED:
        return _sized(kind, stream)
    if kind == "stringnl_noescape_pair":
        return f"{_text(_line(stream))} {_text(_line(stream))}"
    return _from_line(kind, _line(stream))


def _number(form: str, stream: Replay) -> float:
    data = stream.read(struct.calcsize(form))
    try:
        return float(struct.unpack(form, data)[0]) if form == ">d" else int(struct.unpack(form, data)[0])
    except struct.error:
        raise Malformed("number") from None


def _sized(kind: str, stream: Replay) -> str | None:
    size = int(_number(_SIZED[kind], stream))
    if size < 0:
        raise Malformed("size")
    if kind.startswith(("unicode", "string")) and size <= LONGEST_TEXT:
        data = stream.read(size)
        if len(data) < size:
            raise Malformed("end")
        return _text(data)
    if not stream.skip(size):
        raise Malformed("end")
    return None


def _line(stream: Replay) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise Malformed("end")
    return line[:-1]


def _from_line(kind: str, line: bytes) -> int | str | None:
    if kind in ("decimalnl_short", "decimalnl_long"):
        return _integer(line.partition(b"\0")[0].strip(), kind == "decimalnl_long")
    if kind == "floatnl":
        try:
            float(line.partition(b"\0")[0])
        except ValueError:
            raise Malformed("float") from None
        return None
    if kind == "stringnl":
        line = line.rstrip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in b"'\"":
            raise Malformed("string")
        line = line[1:-1]
    return _text(line) if len(line) <= LONGEST_TEXT else None


def _integer(number: bytes, long: bool) -> int:
    """As strtol and PyLong_FromString read it: up to a NUL byte, in any base; -1 when it is a long one."""
    number = number.removesuffix(b"L") if long else number
    if not _C_INTEGER.match(number):
        raise Malformed("integer")
    try:
        return (
            (int(number, 0) if number[-1:].isalpha() or b"x" in number.lower() else int(number))
            if len(number) < 20
            else -1
        )
    except ValueError:
        return -1


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
