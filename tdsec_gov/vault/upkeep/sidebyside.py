"""The same work on many things, a few at a time, in order and with a bounded number in hand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_AHEAD = 4


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item], jobs: int
) -> Iterator[tuple[Item, Result]]:
    """``(item, work(item))`` in the order of ``items``, with ``jobs`` threads.

    ``items`` is read in the caller's thread, never more than a few per thread ahead. What ``work``
    raises is raised here; what has not begun then, or when the caller stops, is dropped.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="tdsec")
    try:
        for item in items:
            waiting.append((item, executor.submit(work, item)))
            if len(waiting) > _AHEAD * jobs:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
