"""Processes that examine files side by side, forked from a process that has done nothing yet.

Engines (polars, pyarrow) start threads, and a process with threads must not fork. So the worker forks a
*nursery* before its first check; the nursery waits, and forks an examiner for each channel it is sent. An
examiner makes the check and its settings itself, takes lists of places in the table of files, and answers
with partials. It ends with its channel; the runner ends the whole group.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, ParamSpec

from tdsec_gov.checks.registry import load_check
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import InternalError
from tdsec_gov.gate.faults import Fault, fault_text
from tdsec_gov.gate.job import Job

P = ParamSpec("P")
_TOGETHER = 16
_MOST = 16


class Nursery:
    """The waiting process. :meth:`team` asks it for examiners."""

    def __init__(self, job: Job, close: Sequence[int]) -> None:
        """Call before anything starts a thread. ``close``: descriptors that the processes must not keep.

        Raises:
            OSError: no further process.
        """
        self._channel, theirs = socket.socketpair()
        process = os.fork()
        if process == 0:
            _quietly(_nurse, theirs, job, [*close, self._channel.fileno()])
        theirs.close()

    def team(self, check: str, params: dict[str, JsonValue], count: int) -> Examiners:
        return Examiners(self._channel, check, params, min(count, _MOST))


class Examiners:
    """A :class:`~tdsec_gov.checks.contract.Team` for one check, started when it is first used."""

    def __init__(self, nursery: socket.socket, check: str, params: dict[str, JsonValue], count: int) -> None:
        self._nursery = nursery
        self._check = check
        self._order = json.dumps([check, params]).encode()
        self._count = count
        self._lines: dict[socket.socket, Iterator[bytes]] = {}

    @property
    def started(self) -> bool:
        return bool(self._lines)

    def partials(self, places: Sequence[int]) -> list[JsonValue]:
        """As the contract says. Raises Fault: an examiner failed or ended."""
        if not self._lines:
            self._start()
        together = max(1, min(_TOGETHER, len(places) // (4 * self._count)))
        parts = [places[at : at + together] for at in range(0, len(places), together)]
        answers: dict[int, list[JsonValue]] = {}
        waiting = iter(enumerate(parts))
        with selectors.DefaultSelector() as selector:
            for channel in self._lines:
                self._give(channel, waiting, selector)
            while len(answers) < len(parts):
                for key, _ in selector.select():
                    channel, number = key.data
                    selector.unregister(channel)
                    answers[number] = self._answer(channel, len(parts[number]))
                    self._give(channel, waiting, selector)
        return [one for number in range(len(parts)) for one in answers[number]]

    def close(self) -> None:
        """Let the examiners go."""
        for channel in self._lines:
            channel.close()
        self._lines = {}

    def _start(self) -> None:
        for _ in range(self._count):
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(self._nursery, [len(self._order).to_bytes(8, "big")], [theirs.fileno()])
                self._nursery.sendall(self._order)
            except OSError:
                ours.close()
                raise Fault(f"{self._check}: no process to examine files could be started") from None
            finally:
                theirs.close()
            self._lines[ours] = _lines(ours)

    def _give(
        self,
        channel: socket.socket,
        waiting: Iterator[tuple[int, Sequence[int]]],
        selector: selectors.BaseSelector,
    ) -> None:
        part = next(waiting, None)
        if part is not None:
            with contextlib.suppress(OSError):  # an examiner that ended is noticed when it does not answer
                channel.sendall(json.dumps(list(part[1])).encode() + b"\n")
            selector.register(channel, selectors.EVENT_READ, (channel, part[0]))

    def _answer(self, channel: socket.socket, count: int) -> list[JsonValue]:
        line = next(self._lines[channel], None)
        if line is None:
            raise Fault(f"{self._check}: a process that examines files ended")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, str):
            raise Fault(answer)
        if not isinstance(answer, list) or len(answer) != count:
            raise Fault(f"{self._check} gave a malformed answer")
        return answer


def _lines(channel: socket.socket) -> Iterator[bytes]:
    pending = bytearray()
    while True:
        try:
            piece = channel.recv(1 << 16)
        except OSError:
            return
        if not piece:
            return
        seen = len(pending)
        pending += piece
        while (end := pending.find(b"\n", seen)) >= 0:
            yield bytes(pending[:end])
            del pending[: end + 1]
            seen = 0


def _quietly(work: Callable[P, None], *args: P.args, **named: P.kwargs) -> NoReturn:
    """``work`` in a forked process that must never return to its parent's code."""
    code = 1
    try:
        work(*args, **named)
        code = 0
    finally:
        os._exit(code)


def _nurse(channel: socket.socket, job: Job, close: Sequence[int]) -> None:
    """Fork an examiner for each order, until the worker ends."""
    for handle in close:
        os.close(handle)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        head, handles, _, _ = socket.recv_fds(channel, 8, 1)
        if len(head) != 8 or len(handles) != 1:
            return
        length = int.from_bytes(head, "big")
        order = b""
        while len(order) < length and (piece := channel.recv(length - len(order))):
            order += piece
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channel.close()
            check, params = json.loads(order)
            _quietly(_examine, socket.socket(fileno=handles[0]), job, check, params)
        os.close(handles[0])


def _examine(channel: socket.socket, job: Job, check: str, params: dict[str, JsonValue]) -> None:
    """An examiner: places in, partials or the text of a fault out."""
    for line in _lines(channel):
        answer: JsonValue
        try:
            answer = _partials(job, check, params, json.loads(line))
        except BaseException as exc:  # noqa: BLE001 - part of the check runner; told to the worker
            answer = fault_text(check, exc)
        channel.sendall(json.dumps(answer).encode() + b"\n")


_ready: dict[str, Callable[[int], JsonValue]] = {}


def _partials(job: Job, name: str, params: dict[str, JsonValue], places: list[int]) -> list[JsonValue]:
    if name not in _ready:
        from tdsec_gov.checks.perfile import PerFile

        check = load_check(name)
        if not isinstance(check, PerFile):
            raise InternalError("only checks of single files can be divided", where=name)
        settings = check.prepare(job.given(params))
        _ready[name] = lambda place: check.partial(job.files[place], settings)
    return [_ready[name](place) for place in places]
