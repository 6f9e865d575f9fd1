"""What detectors work on: the rows of this version and the accepted rows, drawn within limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tdsec_gov.detect.contract import Alarm, NotRunnable
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.diff import RowDiff, row_diff
from tdsec_gov.detect.types import BoolArray, IntArray

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True, slots=True)
class Options:
    """How to look.

    ``alpha`` overall rate of false alarms of a version's verdict; ``max_rows`` rows modelled at most, the
    rest is left out by a draw from ``seed``; ``allow`` columns or item ids that a person accepted;
    ``dataset`` names the dataset in item ids; ``max_label_changes``, ``max_issue_share`` and
    ``max_conflict_share`` are shares of rows that are borne without an alarm.
    """

    alpha: float = 0.01
    max_rows: int = 50_000
    seed: int = 0
    allow: frozenset[str] = frozenset()
    dataset: str = ""
    max_label_changes: float = 0.001
    max_issue_share: float = 0.1
    max_conflict_share: float = 0.01


SEEN = 5
"""So many drawn rows an item needs to be looked at (:data:`tdsec_gov.detect.items.codings.LEAST`)."""
RowTest = Callable[["polars.DataFrame"], BoolArray]


@dataclass(frozen=True, slots=True)
class Stack:
    """All rows of the version before (first) and of this version (after them).

    ``content`` one code per distinct content, ``labels`` codes 0..classes-1 and -1 for a missing one
    (``classes`` is 0 where the data has no labels at all), ``current`` marks rows of this version; each of
    shape (rows,). ``columns`` gives the content of the rows at some positions. ``label_name`` is the label's
    column; ``notes`` say what is left out, ``gaps`` what is left out although it could teach a model;
    ``diff`` is the row difference where it is known already; ``search`` gives for some tests of content (a
    frame in, a mask out) the positions of all rows that pass each, where rows can be read again.
    """

    content: IntArray
    labels: IntArray
    classes: int
    current: BoolArray
    columns: Callable[[IntArray], tuple[Column, ...]]
    label_name: str = ""
    notes: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    diff: RowDiff | None = None
    search: Callable[[Sequence[RowTest]], list[IntArray]] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The rows drawn for modelling, accepted ones first.

    ``columns`` and ``labels`` hold the drawn rows; ``accepted`` and ``new`` are positions among them,
    ``origin`` their positions in ``stack``; ``relabelled`` marks drawn rows whose label changed on
    identical content. ``compared`` tells whether there is an accepted version. ``level`` is the
    significance level of one test of the verdict, ``drift_level`` that of one test for drift; ``explained``
    marks drawn rows that an alarm names already.
    """

    options: Options
    stack: Stack
    diff: RowDiff
    columns: tuple[Column, ...]
    labels: IntArray
    origin: IntArray
    accepted: IntArray
    new: IntArray
    relabelled: BoolArray
    compared: bool
    level: float
    drift_level: float
    notes: tuple[str, ...] = field(default=())
    explained: BoolArray | None = None

    @property
    def classes(self) -> int:
        return self.stack.classes

    @classmethod
    def of(
        cls, stack: Stack, options: Options, tests: int = 1, drifts: int = 1, *, reference: bool = False
    ) -> Subject:
        """Draw the rows. ``tests`` detectors share alpha, and ``drifts`` share another one; ``reference``:
        an accepted version exists.

        Raises:
            NotRunnable: there is an accepted version and none of its rows can be used.
        """
        diff = stack.diff or row_diff(stack.content, stack.labels, stack.current)
        usable = stack.labels >= 0 if stack.classes else np.ones(stack.labels.size, dtype=np.bool_)
        old = np.flatnonzero(~stack.current & usable)
        if reference and old.size == 0:
            raise NotRunnable("the accepted version holds no table with labels to compare with")
        new = np.flatnonzero((diff.added | diff.relabelled) & usable)
        notes = list(stack.notes)
        missing = int((stack.current & ~usable).sum())
        if missing:
            notes.append(f"{missing} rows without a label")
        rng = np.random.default_rng(options.seed)
        most = options.max_rows // 2 if old.size else options.max_rows
        new = _draw(new, most, rng, "rows of this version", notes)
        old = _draw(old, options.max_rows - min(new.size, most), rng, "accepted rows", notes)
        origin = np.concatenate([old, new])
        return cls(
            options=options,
            stack=stack,
            diff=diff,
            columns=stack.columns(origin),
            labels=stack.labels[origin],
            origin=origin,
            accepted=np.arange(old.size, dtype=np.int64),
            new=np.arange(old.size, origin.size, dtype=np.int64),
            relabelled=diff.relabelled[origin],
            compared=bool(old.size),
            level=options.alpha / max(1, tests),
            drift_level=options.alpha / max(1, drifts),
            notes=tuple(notes),
        )

    @property
    def sampled(self) -> bool:
        """Whether new rows were left out by the draw."""
        return self.new.size < int(np.count_nonzero(self.diff.added | self.diff.relabelled))

    def everywhere(self, tests: Sequence[RowTest]) -> list[IntArray]:
        """For each test the stacked positions of all added rows that pass it, drawn or not. Reads the data
        once more; nothing is found where rows cannot be read again."""
        if not tests or self.stack.search is None:
            return [np.empty(0, dtype=np.int64) for _ in tests]
        return [rows[self.diff.added[rows]] for rows in self.stack.search(tests)]

    def rng(self) -> np.random.Generator:
        """A fresh generator: the same rows give the same result."""
        return np.random.default_rng(self.options.seed + 1)

    def at(self, rows: IntArray) -> IntArray:
        """Stacked positions of drawn rows."""
        return np.asarray(self.origin[rows])

    @property
    def fresh(self) -> IntArray:
        """New drawn rows without those whose label changed on known content, which are judged by count, and
        without those ``explained``."""
        left_out = self.relabelled if self.explained is None else self.relabelled | self.explained
        return np.asarray(self.new[~left_out[self.new]])

    def without(self, alarms: Sequence[Alarm]) -> Subject:
        """The same, with the rows that ``alarms`` name among the explained ones."""
        if not alarms:
            return self
        named = np.isin(self.origin, np.concatenate([one.rows for one in alarms]))
        return replace(self, explained=named if self.explained is None else self.explained | named)


def _draw(index: IntArray, most: int, rng: np.random.Generator, what: str, notes: list[str]) -> IntArray:
    if index.size <= most:
        return index
    least = least_held(index.size, most)
    notes.append(
        f"{index.size - most} {what} beyond max_rows, left out by a seeded draw of {most}: what {least} or "
        f"more of these rows share is in at least {SEEN} drawn ones with a chance of 95 %"
    )
    return np.sort(rng.choice(index, most, replace=False))


def least_held(rows: int, drawn: int, seen: int = SEEN) -> int:
    """The smallest number of ``rows`` of which a draw of ``drawn`` holds at least ``seen`` with a chance of
    95 % (exact, hypergeometric)."""
    from scipy.stats import hypergeom

    low, high = min(seen, rows), rows
    while low < high:
        middle = (low + high) // 2
        if hypergeom.sf(seen - 1, rows, middle, drawn) >= 0.95:
            high = middle
        else:
            low = middle + 1
    return low
