"""What an examination of bytes says: a risk with its code, and the format name that policy may allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity
from tdsec_gov.errors import IntegrityError

ALLOWABLE = (
    "pickle",
    "joblib",
    "torch",
    "torchscript",
    "npy-object",
    "executable",
    "bytecode",
    "script",
    "active-content",
    "macros",
    "keras-code",
    "serialized",
    "hdf5",
    "nested-archive",
    "closed-archive",
)
"""Formats that a policy may name in ``allow``; everything else that is denied stays denied."""
HEAD = 1 << 16
INSIDE = "inside the archive: "


@dataclass(frozen=True, slots=True)
class Risk:
    """``form`` is one of :data:`ALLOWABLE`, or None for what no setting can allow."""

    code: str
    message: str
    form: str | None = None
    severity: Severity = Severity.DENY
    count: int | None = None
    rows: tuple[int, ...] = ()
    column: str | None = None

    def judged(self, allow: Sequence[str]) -> Risk:
        """An allowed format is still noted."""
        if self.form is None or self.form not in allow or self.severity is not Severity.DENY:
            return self
        return replace(self, severity=Severity.NOTE, message=f"{self.message}; allowed by policy")

    def within(self) -> Risk:
        """The same, found in a member of an archive."""
        return self if self.message.startswith(INSIDE) else replace(self, message=INSIDE + self.message)

    def finding(self, path: str) -> Finding:
        return Finding(self.code, self.severity, self.message, path, self.column, self.count, self.rows)

    def as_json(self) -> JsonValue:
        return [
            self.code,
            self.severity.value,
            self.message,
            self.form,
            self.column,
            self.count,
            list(self.rows),
        ]

    @classmethod
    def from_json(cls, item: JsonValue) -> Risk:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        try:
            if not isinstance(item, list):
                raise ValueError("not a list")
            code, severity, message, form, column, count, rows = item
            if not isinstance(rows, list):
                raise ValueError("rows")
            return cls(
                str(code),
                str(message),
                None if form is None else str(form),
                Severity(str(severity)),
                None if count is None else int(str(count)),
                tuple(int(str(row)) for row in rows),
                None if column is None else str(column),
            )
        except ValueError as exc:
            raise IntegrityError("malformed partial of the files check") from exc


BROKEN = Risk("TDS511", "archive is damaged or of an unknown kind and cannot be looked into")
BOMB = Risk("TDS510", "archive is a decompression bomb")


def worst_first(risks: Sequence[Risk]) -> list[Risk]:
    """Each risk once, denials first."""
    order = [Severity.DENY, Severity.WARN, Severity.NOTE]
    return sorted(dict.fromkeys(risks), key=lambda risk: order.index(risk.severity))


class Source(Protocol):
    """A binary stream that need not seek."""

    def read(self, size: int = -1, /) -> bytes: ...


class Replay:
    """A stream whose beginning was read already: ``head``, then the rest of ``source``.

    One read or line is at most 64 MiB, so a length found in a file cannot exhaust memory.
    """

    LONGEST = 64 << 20

    def __init__(self, head: bytes, source: Source | None = None) -> None:
        self._buffer = head
        self._at = 0
        self._source = source
        self._before = 0

    def tell(self) -> int:
        """Bytes handed out so far."""
        return self._before + self._at

    def read(self, size: int = -1, /) -> bytes:
        wanted = self.LONGEST if size < 0 else min(size, self.LONGEST)
        while len(self._buffer) - self._at < wanted and self._fill(wanted):
            pass
        return self._take(wanted)

    def skip(self, size: int) -> bool:
        """Pass over ``size`` bytes; False when the stream ends before."""
        while size > 0:
            piece = len(self.read(min(size, 1 << 20)))
            if piece == 0:
                return False
            size -= piece
        return True

    def readline(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", self._at + searched)) < 0:
            searched = have = len(self._buffer) - self._at
            if have >= self.LONGEST or not self._fill(have + max(HEAD, have)):
                return self._take(have)
        return self._take(end + 1 - self._at)

    def restart(self, back: bytes) -> None:
        """Put ``back`` before what comes next, and count from there."""
        self._buffer = back + self._buffer[self._at :]
        self._at = self._before = 0

    def _take(self, size: int) -> bytes:
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        return data

    def _fill(self, size: int) -> bool:
        """Try to have ``size`` bytes ready; False when nothing more came."""
        missing = size - (len(self._buffer) - self._at)
        if missing <= 0 or self._source is None:
            return False
        more = self._source.read(max(missing, HEAD))
        self._before += self._at
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)
