"""Tell a pickle from text and other bytes without unpickling it.

Protocol 2 and later begin with the byte 0x80. Protocols 0 and 1 have no magic and look like text, so
the opcodes are walked (pickletools) while the stack and memo are simulated: bytes are a pickle when an
unpickler would get as far as calling something, or when they end well-formed. A CSV file whose first
letters happen to be opcodes fails that simulation within a few steps.
"""

from __future__ import annotations

import pickletools
import re
import struct
import warnings
from collections.abc import Iterator
from typing import Any

from tdsec_gov.checks.files.risk import Replay

MAX_OPCODES = 50_000
MAX_STREAMS = 100
FEWEST = 4
HIGHEST = 5
_NAME = re.compile(r"[A-Za-z_][\w.-]* [A-Za-z_][\w.]*\Z")
_MARK = pickletools.markobject
_GETS = ("GET", "BINGET", "LONG_BINGET")
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
_TUPLES = ("TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
_GLOBALS = ("GLOBAL", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4")
_FAULTS = (ValueError, IndexError, OverflowError, struct.error, MemoryError, AttributeError, TypeError)


class _Impossible(ValueError):
    """An unpickler would stop with an error here, before anything was called."""


def is_pickle(stream: Replay) -> bool:
    """Whether the bytes of ``stream`` are a pickle, stacked pickles, or the beginning of one that acts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about escapes in text that merely looks like a pickle
        return _walk(stream)


def _walk(stream: Replay) -> bool:
    opcodes = 0
    for _ in range(MAX_STREAMS):
        machine = _Machine()
        try:
            for name, arg, opcode in _opcodes(stream):
                opcodes += 1
                machine.step(name, arg, opcode)
                if machine.acts or opcodes > MAX_OPCODES:
                    return True
        except _FAULTS:
            return False
        rest = stream.read(1)
        if not rest.strip():
            return opcodes >= FEWEST or machine.named
        stream = Replay(rest, stream)
    return True


def _opcodes(stream: Replay) -> Iterator[tuple[str, Any, Any]]:
    for opcode, arg, _ in pickletools.genops(stream):  # type: ignore[arg-type]
        yield opcode.name, arg, opcode


class _Machine:
    """Stack and memo of an unpickler, holding only ``mark``, ``tuple``, ``global`` or ``any``."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self.memo: dict[int, str] = {}
        self.acts = False
        self.named = False

    def step(self, name: str, arg: Any, opcode: Any) -> None:
        """One opcode. Raises ValueError when an unpickler could not do it."""
        if name in ("PROTO", "FRAME"):
            self.acts = name == "FRAME" or int(arg) <= HIGHEST
            return
        if name in _GETS:
            self.stack.append(self._recall(int(arg)))
            return
        if name in _PUTS or name == "MEMOIZE":
            self.memo[len(self.memo) if name == "MEMOIZE" else int(arg)] = self._top()
            return
        if name == "POP" and self._top() == "mark":
            self.stack.pop()
            return
        self._check_call(name, arg)
        taken = self._pop(opcode.stack_before)
        pushed = ["any"] * len(opcode.stack_after)
        if name == "MARK":
            pushed = ["mark"]
        elif name in _TUPLES:
            pushed = ["tuple"]
        elif name in _GLOBALS:
            pushed, self.named = ["global"], True
        elif name == "DUP":
            pushed = [taken[0], taken[0]]
        self.stack += pushed

    def _check_call(self, name: str, arg: Any) -> None:
        if name in ("GLOBAL", "INST") and not _NAME.match(str(arg)):
            raise _Impossible(name)
        if name == "INST":
            self.acts = "mark" in self.stack
        elif name == "REDUCE":
            self.acts = self.stack[-1:] == ["tuple"] and self.stack[-2:-1] in (["global"], ["any"])
            if not self.acts:
                raise _Impossible(name)
        elif name == "OBJ":
            after = self.stack[self._last_mark() + 1 :]
            self.acts = after[:1] == ["global"]
        elif name in ("NEWOBJ", "NEWOBJ_EX"):
            self.acts = "global" in self.stack[-3:]

    def _recall(self, key: int) -> str:
        if key not in self.memo:
            raise _Impossible("GET")
        return self.memo[key]

    def _top(self) -> str:
        if not self.stack:
            raise _Impossible("empty stack")
        return self.stack[-1]

    def _last_mark(self) -> int:
        if "mark" not in self.stack:
            raise _Impossible("no mark")
        return len(self.stack) - 1 - self.stack[::-1].index("mark")

    def _pop(self, before: list[Any]) -> list[str]:
        """Take what an opcode takes; marks can only be taken by opcodes that ask for one."""
        count = len(before)
        if _MARK in before:
            del self.stack[self._last_mark() :]
            count = before.index(_MARK)
        taken = self.stack[len(self.stack) - count :] if count else []
        if len(taken) < count or "mark" in taken:
            raise _Impossible("stack underflow")
        del self.stack[len(self.stack) - count :]
        return taken
