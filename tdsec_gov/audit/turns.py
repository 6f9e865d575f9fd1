"""Many threads, one commit: who comes while a batch is being written goes into the next one together."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from tdsec_gov.errors import BackendUnavailable, TdsecError

T = TypeVar("T")
R = TypeVar("R")


class _Waiting(Generic[T, R]):
    """One caller's items, and what became of them."""

    __slots__ = ("error", "items", "result")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.result: list[R] = []
        self.error: TdsecError | None = None


class Turns(Generic[T, R]):
    """Calls ``write`` with the items of all callers that wait, from one thread at a time.

    ``write`` does all or nothing and is durable when it returns; its result, or its error, is that of
    every caller whose items were in the batch. A forked child begins with an empty queue.
    """

    def __init__(self, write: Callable[[list[T]], R]) -> None:
        self._write = write
        self._begin()

    def take(self, items: Sequence[T]) -> R:
        """Have ``items`` written, in this order and together; returns when they are.

        Raises:
            BackendUnavailable: the thread that wrote them was interrupted; and what ``write`` raises.
        """
        if self._pid != os.getpid():
            self._begin()
        mine: _Waiting[T, R] = _Waiting(items)
        self._waiting.append(mine)
        with self._lock:
            if not mine.result and mine.error is None:
                self._serve()
        if mine.error is not None:
            raise mine.error
        return mine.result[0]

    def _serve(self) -> None:
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        error: TdsecError = BackendUnavailable("recording was interrupted", hint="repeat the command")
        result: list[R] = []
        try:
            result.append(self._write([item for one in batch for item in one.items]))
        except TdsecError as exc:
            error = exc
        finally:
            for one in batch:
                one.result, one.error = result, None if result else error

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting[T, R]] = deque()
