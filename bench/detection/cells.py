"""One cell of the table: a set, how it is split, an attack, its rate, a seed, and one family of methods."""

from __future__ import annotations

import gc
import pickle
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.detection.answers import Method, Task, judged
from bench.detection.sets import Pool
from bench.detection.shifts import SHIFTS
from tdsec_gov.detect.attacks.contract import CannotAttack, Rows
from tdsec_gov.detect.attacks.table import ATTACKS

FAMILIES: dict[str, str] = {
    "ours": "bench.detection.ours:ours",
    "cleanlab": "bench.detection.rivals:cleanlab",
    "art": "bench.detection.rivals_art:art",
    "pyod": "bench.detection.rivals:pyod",
    "guide": "bench.detection.rivals:guide",
}
LIBRARIES: dict[str, tuple[str, ...]] = {
    "cleanlab": ("cleanlab.filter", "sklearn.ensemble", "sklearn.neural_network"),
    "art": ("art.defences.detector.poison", "art.estimators.classification", "torch"),
    "pyod": ("pyod.models.ecod", "pyod.models.iforest"),
    "guide": ("sklearn.ensemble", "sklearn.neighbors"),
}
CLEAN = "clean"
MODES = ("incremental", "absolute")
_ACCEPTED = 2 / 3


@dataclass(frozen=True, slots=True)
class Cell:
    """``rate`` is the share of the push that is poisoned; in the mode ``incremental`` two thirds of the rows
    are accepted and the rest is the push, in ``absolute`` all rows are the push and nothing is accepted."""

    data: str
    rows: int
    mode: str
    attack: str
    rate: float
    seed: int
    family: str

    @property
    def key(self) -> str:
        return "|".join(str(one) for one in asdict(self).values())


def cells(
    data: str,
    pool: Pool,
    rows: int,
    attacks: Sequence[str],
    rates: Sequence[float],
    seeds: int,
    families: Sequence[str],
    modes: Sequence[str],
) -> Iterator[Cell]:
    """Clean and shifted data first, then every attack that fits."""
    size = min(rows, pool.labels.size)
    fitting = [one for one in attacks if one not in ATTACKS or ATTACKS[one].fits(pool.columns)]
    for seed in range(seeds):
        for attack in fitting:
            for rate in rates if attack in ATTACKS else (0.0,):
                for mode in modes if attack not in SHIFTS else modes[:1]:
                    yield from (Cell(data, size, mode, attack, rate, seed, one) for one in families)


def clean_pushes(data: str, pool: Pool, rows: int, count: int) -> Iterator[Cell]:
    """Only ours, only incremental: how many clean pushes are denied."""
    size = min(rows, pool.labels.size)
    return (Cell(data, size, MODES[0], CLEAN, 0.0, seed, "ours") for seed in range(count))


def drawn(cell: Cell, pool: Pool) -> Task:
    """The cell's rows, poisoned. Raises CannotAttack."""
    rng = np.random.default_rng([cell.seed, 17])
    order = rng.permutation(pool.labels.size)[: cell.rows]
    cut = round(cell.rows * _ACCEPTED)
    if cell.attack in SHIFTS:
        order = SHIFTS[cell.attack](pool, order, cut, rng)
    part = pool.take(order)
    reference = cell.mode == MODES[0]
    push = np.arange(cut if reference else 0, order.size)
    rows = Rows.clean(part.columns, part.labels, part.classes, push)
    if cell.attack in ATTACKS:
        count = max(1, round(cell.rate * push.size))
        rows = ATTACKS[cell.attack].poison(rows, count, np.random.default_rng([cell.seed, 29]))
    return Task(rows, reference, cell.seed)


def method(family: str) -> Method:
    module, _, name = FAMILIES[family].partition(":")
    found: Method = getattr(import_module(module), name)
    return found


def run(cell: Cell, pool: Pool) -> list[dict[str, Any]]:
    """One record for each method of the family, with CPU seconds and peak MiB beyond what it began with."""
    try:
        task = drawn(cell, pool)
    except CannotAttack as exc:
        return [{"method": cell.family, "not_run": str(exc)}]
    del pool
    gc.collect()
    truth, before, started = task.rows.poisoned[task.rows.push], _peak(), time.process_time()
    try:
        answers = method(cell.family)(task)
    except ImportError as exc:
        return [{"method": cell.family, "not_run": f"not installed: {exc.name}"}]
    cost = {"seconds": time.process_time() - started, "mib": _peak() - before, "peak": _peak()}
    return [{**judged(one, truth), **cost} for one in answers]


def in_child(cell: Cell, pool: Path, send: Any) -> None:
    """Run in a process of its own, so that peak memory is the cell's."""
    with pool.open("rb") as stream:
        send.send(run(cell, pickle.load(stream)))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
