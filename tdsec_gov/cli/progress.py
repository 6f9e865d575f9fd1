"""Progress of long work: a spinner on a terminal, a line every few seconds otherwise, nothing with --json."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

from tdsec_gov.domain.findings import CheckResult

_EVERY = 5.0


class _Spinner:
    """A spinner where there is a terminal and nobody asked for quiet."""

    def __init__(self, what: str, first: str, quiet: bool) -> None:
        self._what = what
        self._first = first
        self._quiet = quiet
        self._status: Any = None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status(self._first)
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def _line(self, text: str) -> None:
        """Without a terminal: a line every few seconds."""
        if not self._quiet and self._status is None and time.monotonic() - self._last > _EVERY:
            self._last = time.monotonic()
            print(text, file=sys.stderr)


class Checking(_Spinner):
    """Tells which check runs. Used as the runner's report."""

    def __init__(self, dataset: str, quiet: bool) -> None:
        super().__init__(dataset, f"{dataset}: reading", quiet)

    def __call__(self, name: str, result: CheckResult | None) -> None:
        if self._status is not None and result is None:
            self._status.update(f"{self._what}: {name}")
        self._line(f"{self._what}: {name} {'running' if result is None else 'done'}")

    def count(self, what: str, done: int, total: int) -> None:
        """How far reading or a check is."""
        text = f"{self._what}: {what}, {done}{f' of {total}' if total else ''} files"
        if self._status is not None:
            self._status.update(text)
        self._line(text)


class Counting(_Spinner):
    """Tells how many of a long row of things are done. Call it with the number so far."""

    def __init__(self, what: str, quiet: bool) -> None:
        super().__init__(what, what, quiet)

    def __call__(self, done: int) -> None:
        if self._status is not None:
            self._status.update(f"{self._what}: {done} so far")
        self._line(f"{self._what}: {done} so far")
