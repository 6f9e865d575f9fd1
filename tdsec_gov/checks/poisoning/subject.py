"""What both checks work on: the rows of this version and the accepted rows, drawn within limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tdsec_gov.checks.contract import CheckInput
from tdsec_gov.checks.poisoning.columns import Column, prepare
from tdsec_gov.checks.poisoning.diff import RowDiff, row_diff
from tdsec_gov.checks.poisoning.rows import IntArray, NotRunnable, Rows, load
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """Rows of both versions; ``accepted`` and ``new`` (or relabelled) are positions of the labelled
    rows drawn for modelling, ``compared`` tells whether there is an accepted version with labels."""

    settings: Settings
    rows: Rows
    diff: RowDiff
    accepted: IntArray
    new: IntArray
    compared: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, given: CheckInput, settings: Settings) -> Subject:
        """Raises NotRunnable or Unreadable."""
        rows = load(given.files, given.previous, settings.label, settings.ignore)
        diff = row_diff(rows)
        labelled = rows.labels >= 0
        old = np.flatnonzero(~rows.current & labelled)
        if given.previous is not None and old.size == 0:
            raise NotRunnable("the accepted version holds no table with labels to compare with")
        new = np.flatnonzero((diff.added | diff.relabelled) & labelled)
        notes = list(rows.notes)
        missing = int((rows.current & ~labelled).sum())
        if missing:
            notes.append(f"{missing} rows without a label")
        rng = np.random.default_rng(settings.seed)
        most = settings.max_rows // 2 if old.size else settings.max_rows
        new = _draw(new, most, rng, "rows of this version", notes)
        old = _draw(old, settings.max_rows - min(new.size, most), rng, "accepted rows", notes)
        return cls(settings, rows, diff, old, new, bool(old.size), tuple(notes))

    def columns(self) -> list[Column]:
        return prepare(self.rows.frame)

    def rng(self) -> np.random.Generator:
        """A fresh generator: the same rows give the same result."""
        return np.random.default_rng(self.settings.seed + 1)

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        rows: IntArray,
        *,
        count: int | None = None,
        column: str | None = None,
    ) -> Finding:
        """A finding about stacked ``rows`` (positions, in order of weight): the file that holds most of
        them, and its row numbers."""
        file, shown = None, []
        if rows.size:
            most = int(np.bincount(self.rows.file[rows]).argmax())
            file = self.rows.files[most]
            shown = [int(one) for one in self.rows.row[rows[self.rows.file[rows] == most]][:_ROWS_SHOWN]]
        number = int(rows.size) if count is None else count
        return Finding(code, severity, message, file, column, number, tuple(shown))

    def gap_findings(self, code: str) -> list[Finding]:
        """A warning for each part of this version that could not be examined."""
        return [Finding(code, Severity.WARN, f"not examined: {gap}") for gap in self.rows.gaps]


def not_run(check: str, code: str, reason: str) -> CheckResult:
    """The policy asks for this check and it cannot run: that denies, and says so plainly."""
    finding = Finding(code, Severity.DENY, f"NOT RUN: {reason}")
    return CheckResult.from_findings(check, [finding], not_checked=("everything: the check did not run",))


def _draw(index: IntArray, most: int, rng: np.random.Generator, what: str, notes: list[str]) -> IntArray:
    if index.size <= most:
        return index
    notes.append(f"{index.size - most} {what} beyond max_rows, left out by a seeded draw")
    return np.sort(rng.choice(index, most, replace=False))
