"""Tell a pickle from text and other bytes without unpickling it.

Protocol 2 and later begin with the byte 0x80. Protocols 0 and 1 have no magic and look like text, so
the opcodes are walked while the stack and memo are simulated: bytes are a pickle when an unpickler
would get as far as calling something, or when they end well-formed. A CSV file whose first letters
happen to be opcodes fails that simulation within a few steps.
"""

from __future__ import annotations

import re

from tdsec_gov.checks.files.pickled.machine import EXTENSIONS, Machine
from tdsec_gov.checks.files.pickled.opcodes import Malformed, Step, steps
from tdsec_gov.checks.files.risk import Replay

MAX_OPCODES = 50_000
MAX_ALIKE = 2_000_000
MAX_STREAMS = 100
MAX_INSIDE = 5_000
MAX_PADDING = 1024
FEWEST = 4
LONGEST_FRAME = 1 << 40
HIGHEST = 5
_NAME = re.compile(r"[^\W\d][\w.-]* [^\W\d][\w.]*\Z")
_PADDING = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff|[\0\t\n\r ])*")
_CHANGES = ("BUILD", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS")
_CALLS = ("REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX")
_NEW = ("NEWOBJ", "NEWOBJ_EX")


def is_pickle(stream: Replay) -> bool:
    """Whether the bytes of ``stream`` are a pickle, stacked pickles, or the beginning of one that acts.

    What no unpickler takes as a first byte (marks of byte order, blanks, NUL) is passed over, before and
    between pickles: a loader that seeks passes over it, too.
    """
    count = 0
    for _ in range(MAX_STREAMS):
        _pass_padding(stream)
        machine, named, kinds = Machine(), False, set[str]()
        try:
            for step in steps(stream):
                count += 1
                kinds.add(step.name)  # a long run of one letter is a text, a long mix of opcodes is padding
                if step.start == 0 and step.name == "PERSID":  # zip and Parquet begin with P, too
                    return stream.read(64).strip(b"\0\t\r\n ") == b"."
                if _acts(machine, step) or count > (MAX_OPCODES if len(kinds) > 1 else MAX_ALIKE):
                    return True
                named = named or step.name in ("GLOBAL", "STACK_GLOBAL")
                machine.step(step)
        except Malformed:
            return False
        if not _pass_padding(stream):
            return count >= FEWEST or named
    return True


def calls(data: bytes, whole: bool = False) -> bool:
    """Whether ``data`` begins with opcodes that call a global by name.

    Stricter than :func:`is_pickle`, for places in the middle of other bytes: a magic is not enough.
    ``whole``: it is known to be a pickle, so that codes of extensions and persistent ids count, too.
    """
    machine, named, refers = Machine(), False, False
    try:
        for count, step in enumerate(steps(Replay(data))):
            if step.name in _CALLS and _acts(machine, step):
                return named or step.name == "INST"
            named = named or (whole and step.name in EXTENSIONS)
            refers = refers or (whole and step.name in ("PERSID", "BINPERSID"))
            if count > MAX_INSIDE:
                return False
            machine.step(step)
            if step.name in ("GLOBAL", "STACK_GLOBAL"):
                named = named or bool(_NAME.match(machine.top().text or ""))
    except Malformed:
        return False
    return refers


def _pass_padding(stream: Replay) -> bool:
    """Go to the first byte that is no padding, at most 64 MiB further on; False when there is none."""
    for _ in range(MAX_PADDING):
        piece = stream.read(1 << 16)
        rest = piece[_length_of_padding(piece) :]
        if rest or not piece:
            stream.restart(rest)
            return bool(rest)
    return True


def _length_of_padding(piece: bytes) -> int:
    found = _PADDING.match(piece)
    return found.end() if found else 0


def _acts(machine: Machine, step: Step) -> bool:
    """Whether an unpickler would now call or change something. Raises Malformed when it cannot."""
    name = step.name
    if name in ("PROTO", "FRAME"):
        arg = step.arg if isinstance(step.arg, int) else 0
        return arg < LONGEST_FRAME if name == "FRAME" else step.start == 0 and arg <= HIGHEST
    if name in ("GLOBAL", "INST") and not _NAME.match(str(step.arg)):
        raise Malformed(name)
    if name == "INST":
        return any(thing.kind == "mark" for thing in machine.stack)
    if name == "REDUCE":
        return _calls(machine)
    under = machine.under(step) if name == "OBJ" or name in _CHANGES or name in _NEW else None
    return under is not None and under.kind == "global"


def _calls(machine: Machine) -> bool:
    kinds = [thing.kind for thing in machine.stack[-2:]]
    if kinds not in (["global", "tuple"], ["any", "tuple"], ["global", "any"]):
        raise Malformed("REDUCE")
    return True
