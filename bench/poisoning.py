"""Measure the check poisoning: false denials on clean growth, denials of attacks, row recall.

    OMP_NUM_THREADS=1 python bench/poisoning.py [pushes per cell, default 20]

Each push: v1 is a random part of a set, v2 is v1 and the rest, with or without an attack on the rest.
Prints one line per set and case.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.poisoning import check
from tdsec_gov.checks.poisoning.settings import Settings
from tdsec_gov.checks.poisoning.tables import load
from tdsec_gov.detect.suite import examine

TESTS = ("label_conformal", "shortcut_burst")
Attack = Callable[[pl.DataFrame, np.random.Generator, int], tuple[pl.DataFrame, np.ndarray]]


def digits() -> pl.DataFrame:
    from sklearn.datasets import load_digits

    return _sklearn(load_digits())


def cancer() -> pl.DataFrame:
    from sklearn.datasets import load_breast_cancer

    return _sklearn(load_breast_cancer())


def mixed() -> pl.DataFrame:
    """1500 rows of numbers, categories, counts and short texts; labels with 8 % natural noise."""
    rng = np.random.default_rng(7)
    n = 1500
    words = [f"word{one}" for one in range(120)]
    y = rng.integers(0, 3, n)
    noise = np.where(rng.random(n) < 0.08, rng.integers(0, 3, n), y)
    topic = [
        " ".join(rng.choice(words[40 * k : 40 * k + 40], 5)) + " " + " ".join(rng.choice(words, 6)) for k in y
    ]
    return pl.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.round(rng.lognormal(8 + 0.3 * y, 0.6), 2),
            "city": rng.choice(["u", "v", "w", "x", "y", "z"], n),
            "job": [f"j{one}" for one in (y * 2 + rng.integers(0, 5, n))],
            "visits": rng.poisson(2 + y),
            "note": topic,
            "label": [f"class-{one}" for one in noise],
        }
    )


def _sklearn(bunch: object) -> pl.DataFrame:
    data, target = bunch.data, bunch.target  # type: ignore[attr-defined]
    columns = {f"c{one:02d}": data[:, one] for one in range(data.shape[1])}
    return pl.DataFrame({**columns, "label": target})


def clean(push: pl.DataFrame, rng: np.random.Generator, count: int) -> tuple[pl.DataFrame, np.ndarray]:
    return push, np.empty(0, dtype=int)


def flips(push: pl.DataFrame, rng: np.random.Generator, count: int) -> tuple[pl.DataFrame, np.ndarray]:
    chosen = rng.choice(push.height, count, replace=False)
    labels, known = push["label"].to_list(), sorted(set(push["label"].to_list()))
    for row in chosen:
        labels[row] = rng.choice([one for one in known if one != labels[row]])
    return push.with_columns(pl.Series("label", labels, dtype=push.schema["label"])), chosen


def pair(unseen: bool) -> Attack:
    """A fixed value pair in two columns with one target label, on rows of other labels."""

    def attack(push: pl.DataFrame, rng: np.random.Generator, count: int) -> tuple[pl.DataFrame, np.ndarray]:
        chosen_columns, values = _fresh_pair(push, rng, unseen)
        target = push["label"][int(rng.integers(push.height))]
        others = np.flatnonzero((push["label"] != target).to_numpy())
        chosen = rng.choice(others, count, replace=False)
        mask = pl.Series(np.isin(np.arange(push.height), chosen))
        changes = []
        for name, value in zip(chosen_columns, values, strict=True):
            put = pl.lit(value, dtype=push.schema[name])
            changes.append(pl.when(mask).then(put).otherwise(pl.col(name)).alias(name))
        label = pl.when(mask).then(pl.lit(target, dtype=push.schema["label"])).otherwise(pl.col("label"))
        return push.with_columns(*changes, label.alias("label")), chosen

    return attack


def _fresh_pair(push: pl.DataFrame, rng: np.random.Generator, unseen: bool) -> tuple[list[str], list[float]]:
    """Two numeric columns and a value for each: beyond the range, or common and together in at most
    0.5 % of the rows."""
    names = [one for one in push.columns if one != "label" and push.schema[one].is_numeric()]
    while True:
        left, right = (str(one) for one in rng.choice(names, 2, replace=False))
        if unseen:
            return [left, right], [push[left].max() * 2 + 3, push[right].max() * 2 + 3]
        values = [push[one][int(rng.integers(push.height))] for one in (left, right)]
        if ((push[left] == values[0]) & (push[right] == values[1])).mean() <= 0.005:
            return [left, right], values


def phrase(push: pl.DataFrame, rng: np.random.Generator, count: int) -> tuple[pl.DataFrame, np.ndarray]:
    """A phrase in the text column, flipped label."""
    others = np.flatnonzero((push["label"] != "class-0").to_numpy())
    chosen = rng.choice(others, count, replace=False)
    mask = pl.Series(np.isin(np.arange(push.height), chosen))
    note = pl.when(mask).then(pl.col("note") + " cf").otherwise(pl.col("note")).alias("note")
    label = pl.when(mask).then(pl.lit("class-0")).otherwise(pl.col("label")).alias("label")
    return push.with_columns(note, label), chosen


def file_of(frame: pl.DataFrame, path: Path) -> DataFile:
    frame.write_csv(path)
    data = path.read_bytes()
    return DataFile("train.csv", path, len(data), hashlib.sha256(data).hexdigest())


def given(before: pl.DataFrame | None, after: pl.DataFrame, folder: Path) -> CheckInput:
    previous = None if before is None else (file_of(before, folder / "v1"),)
    return CheckInput(
        dataset="bench",
        files=(file_of(after, folder / "v2"),),
        previous=previous,
        previous_root=None if before is None else "0" * 64,
        params={"label": "label"},
        source=None,
        policies=folder,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


@dataclass
class Tally:
    """What some pushes of one cell gave; ``p`` and ``denied`` by detector."""

    least: dict[str, float] = field(default_factory=lambda: dict.fromkeys(TESTS, 1.0))
    denied: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*TESTS, "any"), 0))
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(TESTS, 0.0))
    hit: int = 0
    shown: int = 0
    real: int = 0

    def add(self, asked: CheckInput, truth: set[int] | None) -> None:
        settings = Settings.parse(asked.params)
        loaded = load(asked.files, asked.previous, settings.label, settings.ignore)
        examined = examine(loaded.stack, settings.options(asked.dataset), reference=True)
        self.denied["any"] += check.Poisoning().run(asked).status.denies
        for one in examined.ran:
            name, found = one.detector.name, one.result
            if name not in TESTS:
                continue
            self.least[name] = min(self.least[name], 1.0 if found.p is None else found.p)
            self.denied[name] += bool(found.alarms)
            self.seconds[name] += one.seconds
            if name == "shortcut_burst" and truth is not None:
                marked = {int(loaded.row[row]) for alarm in found.alarms for row in alarm.rows}
                self.hit, self.shown = self.hit + len(marked & truth), self.shown + len(marked)
                self.real += len(truth)


def cell(name: str, frame: pl.DataFrame, case: str, attack: Attack, rate: float, pushes: int) -> str:
    tally, count = Tally(), 0
    for seed in range(pushes):
        rng = np.random.default_rng(seed)
        order = rng.permutation(frame.height)
        cut = round(frame.height * 2 / 3)
        before = frame[np.sort(order[:cut])]
        push, poisoned = attack(frame[order[cut:]], rng, count := max(1, round(rate * (frame.height - cut))))
        truth = {int(row) + cut for row in poisoned} if case.startswith(("pair", "phrase")) else None
        with tempfile.TemporaryDirectory() as folder:
            tally.add(given(before, pl.concat([before, push]), Path(folder)), truth)
    rows = f"{tally.hit / tally.real:.2f} / {tally.hit / max(1, tally.shown):.2f}" if tally.real else "-"
    denied = "|".join(f"{number}/{pushes}" for number in tally.denied.values())
    least = " / ".join(f"{p:.1e}" for p in tally.least.values())
    cost = " / ".join(f"{one / pushes:.2f}" for one in tally.seconds.values())
    return f"|{name}|{case}|{0 if case == 'clean' else count}|{denied}|{rows}|{least}|{cost}|"


def main() -> None:
    pushes = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    only = sys.argv[2:]
    print("|set|case|poisoned rows|label_conformal|shortcut_burst|denied|recall / precision|least p|CPU s|")
    print("|---|---|---|---|---|---|---|---|---|")
    sets = {"digits": digits, "cancer": cancer, "mixed": mixed}
    for name, make in sets.items():
        if only and name not in only:
            continue
        frame = make()
        print(cell(name, frame, "clean", clean, 0.0, pushes * 3), flush=True)
        for rate in (0.02, 0.05, 0.1):
            share = f"{rate:.0%}"
            print(cell(name, frame, f"flips {share}", flips, rate, pushes), flush=True)
            print(cell(name, frame, f"pair in range {share}", pair(False), rate, pushes), flush=True)
            print(cell(name, frame, f"pair unseen {share}", pair(True), rate, pushes), flush=True)
            if name == "mixed":
                print(cell(name, frame, f"phrase {share}", phrase, rate, pushes), flush=True)


if __name__ == "__main__":
    main()
