"""What an examination of bytes says: a risk with its code, and the format name that policy may allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tdsec_gov.domain.findings import Finding, Severity

ALLOWABLE = (
    "pickle",
    "joblib",
    "torch",
    "npy-object",
    "executable",
    "script",
    "serialized",
    "hdf5",
    "nested-archive",
)
HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class Risk:
    """``form`` is one of :data:`ALLOWABLE`, or None for what no setting can allow."""

    code: str
    message: str
    form: str | None = None
    severity: Severity = Severity.DENY
    count: int | None = None
    rows: tuple[int, ...] = ()

    def finding(self, path: str, allow: tuple[str, ...]) -> Finding:
        """An allowed format is still noted."""
        allowed = self.form is not None and self.form in allow
        message = f"{self.message}; allowed by policy" if allowed else self.message
        severity = Severity.NOTE if allowed else self.severity
        return Finding(self.code, severity, message, path, None, self.count, self.rows)


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

    def read(self, size: int = -1, /) -> bytes:
        wanted = self.LONGEST if size < 0 else min(size, self.LONGEST)
        self._fill(wanted)
        return self._take(wanted)

    def readline(self) -> bytes:
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            have = len(self._buffer) - self._at
            if have >= self.LONGEST or not self._fill(have + HEAD):
                return self._take(have)
        return self._take(end + 1 - self._at)

    def _take(self, size: int) -> bytes:
        data = self._buffer[self._at : self._at + size]
        self._at += len(data)
        return data

    def _fill(self, size: int) -> bool:
        """Have ``size`` bytes ready; False when nothing more came."""
        missing = size - (len(self._buffer) - self._at)
        if missing <= 0 or self._source is None:
            return False
        more = self._source.read(max(missing, HEAD))
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return bool(more)
