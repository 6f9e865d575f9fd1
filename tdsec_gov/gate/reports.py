"""Who hears how far the gate is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from tdsec_gov.domain.findings import CheckResult

Report = Callable[[str, CheckResult | None], None]
"""Hears of each start of a check (None) and of its end."""


@runtime_checkable
class Counts(Protocol):
    """A report that wants to hear how far long work is, too."""

    def count(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` files (0: not known); ``what`` is the name of a check, or ``reading``."""
        ...


def reading(report: Report) -> Callable[[int], None] | None:
    """Tells ``report`` how many files were read, where it wants to hear it."""
    if not isinstance(report, Counts):
        return None
    done = 0

    def progress(size: int) -> None:
        nonlocal done
        done += 1
        if done % 1000 == 0:
            report.count("reading", done, 0)

    return progress
