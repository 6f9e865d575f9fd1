"""A child process that decodes files under limits on memory, CPU time and wall time.

One child serves many files. A file that ends it (segfault, out of memory, out of time) is denied, and the
next file gets a new child. The limits are POSIX resource limits; where there are none
(:func:`has_limits`), wall time alone is limited.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import IntegrityError

MEMORY = 2 << 30
SECONDS = 30
BYTES_PER_SECOND = 4 << 20


class Ending(StrEnum):
    """How one decoding went."""

    OK = "ok"
    REFUSED = "refused"
    OVER_MEMORY = "over-memory"
    OVER_TIME = "over-time"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of address space, and seconds of CPU per file (wall time: four times that)."""

    memory: int = MEMORY
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Decoding:
    """``risks`` are those of a file that could be decoded."""

    ending: Ending
    risks: tuple[Risk, ...] = ()


def has_limits() -> bool:
    """Whether this platform knows POSIX resource limits."""
    try:
        import resource
    except ImportError:
        return False
    return hasattr(resource, "RLIMIT_AS")


class Confined:
    """Starts the child with the first file. Use as a context manager."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Confined:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def decode(self, decoder: str, location: Path, size: int) -> Decoding:
        """Run the ``decoder`` (a name of :mod:`.child`) on a file of ``size`` bytes; raises nothing."""
        seconds = self._limits.seconds + size / BYTES_PER_SECOND
        request: dict[str, JsonValue] = {"decoder": decoder, "location": str(location), "seconds": seconds}
        child = self._started()
        if child.stdin is None or child.stdout is None:
            return Decoding(Ending.CRASHED)
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        except OSError:
            return self._ended(child)
        answer = _line(child.stdout.fileno(), seconds * 4)
        if answer is None:
            self.close()
            return Decoding(Ending.OVER_TIME)
        return _decoding(answer) if answer.endswith(b"\n") else self._ended(child)

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._child.wait()
            self._child = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "tdsec_gov.checks.files.decoded.child",
                    str(self._limits.memory),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"},
            )
        return self._child

    def _ended(self, child: subprocess.Popen[bytes]) -> Decoding:
        import signal

        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(10)
        code = child.returncode
        self.close()
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return Decoding(Ending.OVER_TIME)
        return Decoding(Ending.CRASHED)


def _line(channel: int, seconds: float) -> bytes | None:
    """What came up to a newline or the end; None when it took longer than ``seconds``."""
    text = b""
    deadline = time.monotonic() + seconds
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([channel], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        piece = os.read(channel, 1 << 16)
        if not piece:
            break
        text += piece
    return text


def _decoding(answer: bytes) -> Decoding:
    try:
        item = json.loads(answer)
        return Decoding(Ending(item["ending"]), tuple(Risk.from_json(one) for one in item["risks"]))
    except (ValueError, KeyError, TypeError, IntegrityError):
        return Decoding(Ending.CRASHED)
