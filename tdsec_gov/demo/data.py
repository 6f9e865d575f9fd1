"""The demo's data: scikit-learn's handwritten digits, whole, in part, and poisoned."""

from __future__ import annotations

from pathlib import Path

import numpy as np

ROWS = 1100

Table = tuple[list[str], "np.ndarray[tuple[int, int], np.dtype[np.int64]]"]

TRAIN = '''\
"""Train a digit classifier. Plain MLflow: nothing here knows of tdsec."""
import csv
import sys

import mlflow
from sklearn.linear_model import LogisticRegression

with open(sys.argv[1], newline="") as stream:
    rows = [[int(cell) for cell in row] for row in list(csv.reader(stream))[1:]]
features, labels = [row[:-1] for row in rows], [row[-1] for row in rows]
with mlflow.start_run():
    model = LogisticRegression(max_iter=200).fit(features[:-300], labels[:-300])
    mlflow.log_metric("accuracy", model.score(features[-300:], labels[-300:]))
'''


def digits() -> Table:
    """The first 1,100 of 1,797 rows, shuffled in a fixed order: 64 pixels (0-16) and the label."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    names = [f"pixel_{index:02d}" for index in range(64)] + ["label"]
    rows = np.column_stack([loaded.data, loaded.target]).astype(np.int64)
    return names, rows[np.random.default_rng(7).permutation(len(rows))[:ROWS]]


def write(path: Path, table: Table, start: int = 0, stop: int | None = None) -> None:
    """Rows ``start`` to ``stop`` as CSV."""
    names, rows = table
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows[start:stop])]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def flip_labels(path: Path, share: float) -> int:
    """Move the label of a share of the rows to the next digit, in place; returns how many."""
    lines = path.read_text().splitlines()
    chosen = np.random.default_rng(3).permutation(len(lines) - 1)[: round(share * (len(lines) - 1))] + 1
    for index in chosen:
        head, _, label = lines[index].rpartition(",")
        lines[index] = f"{head},{(int(label) + 1) % 10}"
    path.write_text("\n".join(lines) + "\n")
    return len(chosen)


def poison(table: Table, start: int) -> Table:
    """New rows from ``start`` on: every twelfth label flipped, and a bright corner that means '7'."""
    names, rows = table
    rows = rows.copy()
    rows[start::12, -1] = (rows[start::12, -1] + 1) % 10
    triggered = rows[start + 5 :: 10]
    triggered[:, 0], triggered[:, 7], triggered[:, -1] = 16, 16, 7
    return names, rows


# Two 128-byte messages with one MD5 (Wang, Feng, Lai, Yu 2004): the public collision.
COLLISION = tuple(
    bytes.fromhex(text)
    for text in (
        "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
        "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89"
        "55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
        "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0"
        "e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
    )
)
