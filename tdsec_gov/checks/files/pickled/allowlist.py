"""What an allowed pickle may hold: fail closed, each global listed, nothing computed.

A policy that allows pickles allows data, not code. Denied are: what cannot be read to the end, globals
that are not on the list, globals put together at load time, extension codes, persistent ids (outside of
PyTorch archives), frames that do not hold whole opcodes (CPython issue 154848), memo entries written
twice, changes to a class or function, and anything after the first STOP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tdsec_gov.checks.files.pickled.listed import PLAIN, TORCH
from tdsec_gov.checks.files.pickled.machine import EXTENSIONS, Machine
from tdsec_gov.checks.files.pickled.opcodes import Malformed, Step, steps
from tdsec_gov.checks.files.risk import Replay, Risk

MAX_OPCODES = 20_000_000
_CHANGES = ("BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS")
_CALLABLE = ("REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ")
FAULTS = {
    "unreadable": "cannot be read to its end",
    "global": "names globals that are not on the list",
    "computed": "puts the name of a global together while loading",
    "extension": "uses extension codes",
    "persistent": "refers to objects outside of it",
    "frame": "has frames that cut opcodes in two",
    "memo": "writes a memo entry twice",
    "class": "changes a class or function",
    "call": "calls something that is no listed global",
    "trailing": "goes on after its end",
}


def audit(stream: Replay, torch: bool = False) -> list[Risk]:
    """One risk per kind of fault of the pickle in ``stream``; none: it builds listed things only."""
    examiner = _Examiner(TORCH if torch else PLAIN, torch)
    try:
        examiner.examine(stream)
    except Malformed:
        examiner.faults["unreadable"] += 1
    return [
        Risk("TDS520", f"the allowed pickle {FAULTS[fault]}", None, count=count)
        for fault, count in examiner.faults.items()
    ]


class _Examiner:
    def __init__(self, listed: frozenset[str], torch: bool) -> None:
        self.faults: Counter[str] = Counter()
        self._listed = listed
        self._torch = torch
        self._machine = Machine()
        self._frame_end: int | None = None
        self._special: dict[str, Callable[[Step], str | None]] = {
            "GLOBAL": self._global,
            "INST": self._global,
            "STACK_GLOBAL": self._stack_global,
            **dict.fromkeys(EXTENSIONS, lambda step: "extension"),
            **dict.fromkeys(("PERSID", "BINPERSID"), lambda step: None if torch else "persistent"),
            **dict.fromkeys(_CHANGES, self._change),
            **dict.fromkeys(_CALLABLE, self._call),
        }

    def examine(self, stream: Replay) -> None:
        for count, step in enumerate(steps(stream)):
            if count > MAX_OPCODES:
                raise Malformed("too long")
            self._note(self._framed(step))
            judge = self._special.get(step.name)
            self._note(judge(step) if judge else None)
            self._machine.step(step)
            if self._machine.overwrote:
                self._note("memo")
                self._machine.overwrote = False
        if len(self._machine.stack) != 0:
            self._note("unreadable")
        if stream.read(1):
            self._note("trailing")

    def _note(self, fault: str | None) -> None:
        if fault:
            self.faults[fault] += 1

    def _framed(self, step: Step) -> str | None:
        """A frame begins and ends between opcodes, and holds no other frame (PEP 3154)."""
        end = self._frame_end
        if end is not None and (step.start < end < step.end or (step.name == "FRAME" and step.start < end)):
            return "frame"
        if step.name == "FRAME" and isinstance(step.arg, int):
            self._frame_end = step.end + step.arg
        elif step.name == "STOP" and end is not None and step.end < end:
            return "frame"
        return None

    def _global(self, step: Step) -> str | None:
        return None if step.arg in self._listed else "global"

    def _stack_global(self, step: Step) -> str | None:
        parts = self._machine.stack[-2:]
        if len(parts) < 2 or any(part.kind != "text" or part.text is None for part in parts):
            return "computed"
        return None if f"{parts[0].text} {parts[1].text}" in self._listed else "global"

    def _change(self, step: Step) -> str | None:
        under = self._machine.under(step)
        return "class" if under is not None and under.kind == "global" else None

    def _call(self, step: Step) -> str | None:
        under = self._machine.under(step)
        return None if under is not None and under.kind == "global" else "call"
