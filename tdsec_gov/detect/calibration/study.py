"""Attack a user's own rows, run the detectors as the gate does, and count what was caught."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tdsec_gov.detect.attacks.contract import CannotAttack, Rows
from tdsec_gov.detect.attacks.table import ATTACKS
from tdsec_gov.detect.contract import Alarm, Role
from tdsec_gov.detect.data.columns import Column
from tdsec_gov.detect.data.memory import grown
from tdsec_gov.detect.data.subject import Options
from tdsec_gov.detect.suite import DETECTORS, examine, load
from tdsec_gov.detect.types import IntArray

CLEAN = ""
"""The attack's name in pushes that nobody touched."""
DECIDING = (Role.TEST, Role.EXACT)
_PUSH = 1 / 3
_CLEAN_PUSHES = 4
"""So many clean pushes for each trial: a false alarm is rarer than a catch."""
Denies = Callable[[Alarm], bool]
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Cell:
    """One attack at one ``rate`` of the added rows: ``trials`` pushes, of which ``caught`` were denied;
    ``recall`` and ``precision`` of the rows that denying alarms named, added up over the caught ones."""

    attack: str
    rate: float
    rows: int = 0
    trials: int = 0
    caught: int = 0
    recall: float = 0.0
    precision: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """``attacks`` by name, ``rates`` as shares of the added rows, ``trials`` draws, from ``seed``; ``rows``
    drawn for each, a third of them added; ``seconds`` after which no further trial begins."""

    attacks: tuple[str, ...]
    rates: tuple[float, ...]
    trials: int
    seed: int
    rows: int
    seconds: float


@dataclass(slots=True)
class Study:
    """What came of it: ``clean`` counts pushes that nobody touched (``caught``: false alarms), ``cells`` the
    attacks in order; ``skipped`` says in words what could not be done; ``done`` trials of those planned."""

    accepted: int
    added: int
    clean: Cell
    cells: list[Cell]
    skipped: list[str] = field(default_factory=list)
    done: int = 0


def fitting(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Names of the attacks that these columns allow."""
    return tuple(name for name, one in ATTACKS.items() if one.fits(columns))


def deciding(skip: Collection[str]) -> dict[str, str]:
    """The detectors that decide, and their versions."""
    loaded = {name: load(name) for name in DETECTORS if name not in skip}
    return {name: one.version for name, one in loaded.items() if one.role in DECIDING}


def study(
    columns: tuple[Column, ...],
    labels: IntArray,
    classes: int,
    plan: Plan,
    options: Options,
    denies: Denies,
    *,
    skip: frozenset[str] = frozenset(),
    progress: Progress = lambda done, total: None,
) -> Study:
    """``denies`` weighs alarms as the gate does. Trial by trial over all attacks, so that a cut leaves all of
    them with as many trials. Deterministic for a seed, as far as it came."""
    every = np.arange(labels.size)
    size = min(plan.rows, labels.size)
    added = round(size * _PUSH)
    cells = [Cell(name, rate) for name in plan.attacks for rate in plan.rates]
    found = Study(size - added, added, Cell(CLEAN, 0.0), cells)
    run = _Run(columns, labels, classes, options, denies, skip | _others())
    started, total = time.monotonic(), plan.trials * (len(cells) + _CLEAN_PUSHES)
    for trial in range(plan.trials):
        if trial and time.monotonic() - started > plan.seconds:
            found.skipped.append(f"{plan.trials - trial} of {plan.trials} trials: the time was up")
            break
        for place, cell in enumerate(_order(found, cells)):
            progress(trial * (len(cells) + _CLEAN_PUSHES) + place, total)
            rng = np.random.default_rng([plan.seed, trial, place])
            order = rng.permutation(every)[:size]
            run.once(cell, np.sort(order[added:]), np.sort(order[:added]), rng, found)
        found.done = trial + 1
    progress(total, total)
    return found


def _order(found: Study, cells: Sequence[Cell]) -> Iterator[Cell]:
    yield from [found.clean] * _CLEAN_PUSHES
    yield from cells


def _others() -> frozenset[str]:
    return frozenset(name for name in DETECTORS if load(name).role not in DECIDING)


@dataclass(frozen=True, slots=True)
class _Run:
    columns: tuple[Column, ...]
    labels: IntArray
    classes: int
    options: Options
    denies: Denies
    skip: frozenset[str]

    def once(
        self, cell: Cell, accepted: IntArray, push: IntArray, rng: np.random.Generator, found: Study
    ) -> None:
        rows = Rows.clean(self.columns, self.labels, self.classes, push)
        if cell.attack != CLEAN:
            cell.rows = max(1, round(cell.rate * push.size))
            try:
                rows = ATTACKS[cell.attack].poison(rows, cell.rows, rng)
            except CannotAttack as exc:
                text = f"{cell.attack} at {cell.rate:.1%}: {exc}"
                if text not in found.skipped:
                    found.skipped.append(text)
                return
        stack = grown(rows.columns, rows.labels, self.classes, accepted, push)
        examined = examine(stack, self.options, reference=True, skip=self.skip)
        alarms = [alarm for one in examined.ran for alarm in one.result.alarms if self.denies(alarm)]
        cell.trials += 1
        cell.caught += bool(alarms)
        if alarms and cell.attack != CLEAN:
            named = np.unique(np.concatenate([one.rows for one in alarms])) - 2 * accepted.size
            truth = rows.poisoned[push]
            hits = int(truth[named[named >= 0]].sum())
            cell.recall += hits / max(1, int(truth.sum()))
            cell.precision += hits / max(1, named.size)
