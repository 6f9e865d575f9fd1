"""Stack and memo of an unpickler that builds and calls nothing: it knows what kind of thing lies where."""

from __future__ import annotations

import pickletools
from collections.abc import Sequence

from tdsec_gov.checks.files.pickled.opcodes import Malformed, Step

GETS = ("GET", "BINGET", "LONG_BINGET")
PUTS = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
TUPLES = ("TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3")
EXTENSIONS = ("EXT1", "EXT2", "EXT4")
_MARKOBJECT = pickletools.markobject
_TEXTS = (
    "UNICODE",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "STRING",
    "BINSTRING",
    "SHORT_BINSTRING",
)


class Thing:
    """Something on the stack: ``mark``, ``tuple``, ``global``, ``text`` or ``any``; ``text`` names it."""

    __slots__ = ("kind", "text")

    def __init__(self, kind: str, text: str | None = None) -> None:
        self.kind = kind
        self.text = text


ANY = Thing("any")
MARK = Thing("mark")
TUPLE = Thing("tuple")


class Machine:
    """Steps through opcodes. ``overwrote`` is set when a memo entry was written twice."""

    def __init__(self) -> None:
        self.stack: list[Thing] = []
        self.memo: dict[int, Thing] = {}
        self.overwrote = False

    def step(self, step: Step) -> None:
        """One opcode. Raises Malformed when an unpickler could not do it."""
        name, arg = step.name, step.arg
        if name in ("PROTO", "FRAME"):
            return
        if name in GETS:
            self.stack.append(self._recall(arg))
        elif name in PUTS:
            self._put(len(self.memo) if name == "MEMOIZE" else arg)
        elif name == "POP" and self.top().kind == "mark":
            self.stack.pop()
        else:
            taken = self._pop(step.opcode.stack_before)
            self.stack += _pushed(step, taken)

    def top(self) -> Thing:
        if not self.stack:
            raise Malformed("empty stack")
        return self.stack[-1]

    def under(self, step: Step) -> Thing | None:
        """What an opcode is about to act upon: the callable of REDUCE, the object of BUILD or APPENDS."""
        before = step.opcode.stack_before
        if _MARKOBJECT in before:
            place = self.last_mark() + (1 if step.name == "OBJ" else -1)
        else:
            place = len(self.stack) - len(before)
        return self.stack[place] if 0 <= place < len(self.stack) else None

    def last_mark(self) -> int:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place].kind == "mark":
                return place
        raise Malformed("no mark")

    def _recall(self, key: int | str | None) -> Thing:
        if not isinstance(key, int) or key not in self.memo:
            raise Malformed("not in the memo")
        return self.memo[key]

    def _put(self, key: int | str | None) -> None:
        if not isinstance(key, int) or key < 0 or self.top().kind == "mark":
            raise Malformed("memo")
        self.overwrote = self.overwrote or key in self.memo
        self.memo[key] = self.top()

    def _pop(self, before: Sequence[object]) -> list[Thing]:
        """Take what an opcode takes; marks can only be taken by opcodes that ask for one."""
        count = len(before)
        if _MARKOBJECT in before:
            del self.stack[self.last_mark() :]
            count = before.index(_MARKOBJECT)
        taken = self.stack[len(self.stack) - count :] if count else []
        if len(taken) < count or any(one.kind == "mark" for one in taken):
            raise Malformed("stack underflow")
        del self.stack[len(self.stack) - count :]
        return taken


def _pushed(step: Step, taken: list[Thing]) -> list[Thing]:
    name, arg = step.name, step.arg
    if name == "MARK":
        return [MARK]
    if name in TUPLES:
        return [TUPLE]
    if name == "GLOBAL":
        return [Thing("global", str(arg))]
    if name == "STACK_GLOBAL":
        texts = [one.text for one in taken if one.kind == "text" and one.text is not None]
        return [Thing("global", " ".join(texts) if len(texts) == 2 else None)]
    if name in EXTENSIONS:
        return [Thing("global")]
    if name == "DUP":
        return [taken[0], taken[0]]
    if name in _TEXTS:
        return [Thing("text", arg if isinstance(arg, str) else None)]
    if name in ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"):
        return [taken[0]]
    return [ANY] * len(step.opcode.stack_after)
