"""Checks in a worker process under a time limit each; nothing a check does can make it pass.

A check that crashes, hangs, is killed, or answers nonsense yields ERROR, and ends the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, parse_object
from tdsec_gov.domain.findings import CheckResult
from tdsec_gov.errors import IntegrityError
from tdsec_gov.gate.faults import error_result
from tdsec_gov.gate.job import Job
from tdsec_gov.gate.reports import Counts, Report

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""The matrices of the detectors are small: measured, more BLAS threads cost seven times the CPU."""
_DROPPED = ("PANDERA_", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONSTARTUP")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one check may take: seconds, and bytes of memory of its own per process (0: no limit)."""

    seconds: float
    memory: int = 4 << 30


class Processes:
    """The worker processes that run now, so that all of them can be ended from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self.ended = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.add(process)
            if self.ended:
                _kill(process)

    def remove(self, process: subprocess.Popen[bytes]) -> None:
        """End it, with all that it started."""
        with self._lock:
            self._running.discard(process)
        _kill(process)
        process.wait()

    def end(self) -> None:
        """End all, and whatever is added from now on."""
        with self._lock:
            self.ended = True
            for process in self._running:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def one_worker(job: Job, limits: Limits, report: Report, processes: Processes) -> Iterator[CheckResult]:
    """Results of one worker process until it ends; the last may be the ERROR that ended it."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tdsec_gov.gate.worker", str(write_end), str(limits.memory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[write_end, *job.handles],
        env=_environment(),
        start_new_session=True,
    )
    processes.add(process)
    os.close(write_end)
    feeder = threading.Thread(target=_feed, args=(process, json.dumps(job.as_json()).encode()), daemon=True)
    feeder.start()
    names = [name for name, _ in job.checks]
    started = False
    try:
        with os.fdopen(read_end, "rb", buffering=0) as channel:
            clock = _Clock(limits.seconds)
            for line in _lines(channel.fileno(), clock):
                if line is None:
                    text = f"{names[0]} took longer than {limits.seconds:g} s (time_limit)"
                    yield error_result(names[0], "TDS002", text)
                    return
                event = _event(line)
                if "progress" in event:
                    _count(report, names[0], event["progress"])
                    continue
                clock.restart()
                if "start" in event:
                    started = True
                    report(names[0], None)
                    continue
                yield _result(event.get("result"), names.pop(0))
                started = False
                if not names:
                    return
        if started:
            yield error_result(names[0], "TDS001", f"{names[0]} ended its process ({_ending(process)})")
    finally:
        processes.remove(process)


def _environment() -> dict[str, str]:
    """The environment without what could make a check lenient, strange or slow."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return {**kept, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONSAFEPATH": "1"}


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.write(data)
        with contextlib.suppress(OSError):
            process.stdin.close()


class _Clock:
    """The time one check has; telling how far it is does not start it anew."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.restart()

    def restart(self) -> None:
        self._end = time.monotonic() + self._seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())


def _count(report: Report, name: str, item: JsonValue) -> None:
    if isinstance(report, Counts) and isinstance(item, list) and len(item) == 2:
        done, total = item
        if isinstance(done, int) and isinstance(total, int):
            report.count(name, done, total)


def _lines(channel: int, clock: _Clock) -> Iterator[bytes | None]:
    """Lines as they come; None when the clock has run out; ends with the process."""
    pending = b""
    while True:
        ready, _, _ = select.select([channel], [], [], clock.left)
        if not ready:
            yield None
            return
        piece = os.read(channel, 1 << 16)
        if not piece:
            return
        pending += piece
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            yield line


def _event(line: bytes) -> dict[str, JsonValue]:
    try:
        return parse_object(line, "answer of a check")
    except IntegrityError:
        return {"result": None}


def _result(item: JsonValue, running: str) -> CheckResult:
    try:
        result = CheckResult.from_json(item)
    except IntegrityError:
        return error_result(running, "TDS001", f"{running} gave a malformed answer")
    return result if result.check == running else error_result(running, "TDS001", "answered out of turn")


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(10)
    except subprocess.TimeoutExpired:
        return "its answers stopped"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
