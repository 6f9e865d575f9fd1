"""Benign samples for the accuracy of the files check: pickles that carry data, tables, installed files.

scikit-learn, pandas and torch make objects when installed.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import polars
from files_malicious import zipped


def benign_objects() -> Iterator[tuple[str, bytes]]:
    """Pickles that carry data: what a waiver is meant for."""
    things: dict[str, Any] = {
        "plain": {
            "a": [1, 2.5, "x", None, (True, b"bytes")],
            "b": {3, 4},
            "c": datetime(2026, 1, 1, tzinfo=UTC),
        },
        "array": numpy.arange(12.0).reshape(3, 4),
        "structured": numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "generator": numpy.random.default_rng(0),
    }
    things |= _frames() | _estimators()
    for name, thing in things.items():
        for protocol in (0, 2, 4, 5):
            yield f"{name}.p{protocol}.pkl", pickle.dumps(thing, protocol)
    yield from _torch()


def _frames() -> dict[str, Any]:
    try:
        import pandas
    except ImportError:
        return {}
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None], "d": pandas.Categorical(["u", "v"])})
    frame["t"] = pandas.to_datetime(["2020-01-01", "2020-01-02"])
    return {
        "frame": frame,
        "series": frame["a"],
        "index": frame.index,
        "times": pandas.date_range("2020", periods=3),
    }


def _estimators() -> dict[str, Any]:
    try:
        from sklearn import datasets, ensemble, linear_model, neighbors, pipeline, preprocessing, svm, tree
    except ImportError:
        return {}
    features, labels = datasets.load_iris(return_X_y=True)
    models = [
        linear_model.LogisticRegression(max_iter=500),
        linear_model.Ridge(),
        svm.SVC(),
        tree.DecisionTreeClassifier(),
        ensemble.RandomForestClassifier(5),
        ensemble.GradientBoostingClassifier(n_estimators=5),
        neighbors.KNeighborsClassifier(),
        preprocessing.StandardScaler(),
        pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    ]
    return {type(model).__name__ + str(i): model.fit(features, labels) for i, model in enumerate(models)}


def _torch() -> Iterator[tuple[str, bytes]]:
    try:
        import torch
    except ImportError:
        return
    layers = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    for name, thing in {
        "state": layers.state_dict(),
        "tensor": torch.arange(9),
        "list": [torch.eye(2)],
    }.items():
        buffer = io.BytesIO()
        torch.save(thing, buffer)
        yield f"{name}.pt", buffer.getvalue()


def benign_tables(seed: int) -> Iterator[tuple[str, bytes]]:
    """Tables, arrays, images and archives of ordinary kinds, and the data files of installed packages."""
    rng = numpy.random.default_rng(seed)
    for index in range(40):
        rows = int(rng.integers(5, 400))
        frame = polars.DataFrame(
            {
                "id": range(rows),
                "amount": rng.normal(0, 50, rows).round(2),
                "note": [f"- item {i}, (x{i}) +{i} a@b.org =ok" for i in range(rows)],
                "code": rng.choice(["=", "-", "N.", "I1", "cos", "(S", "@home"], rows).tolist(),
            }
        )
        for name, write in (
            ("csv", "write_csv"),
            ("parquet", "write_parquet"),
            ("arrow", "write_ipc"),
            ("jsonl", "write_ndjson"),
        ):
            buffer = io.BytesIO()
            getattr(frame, write)(buffer)
            yield f"t{index}.{name}", buffer.getvalue()
        yield f"t{index}.tsv", frame.write_csv(separator="\t").encode()
        yield f"t{index}.csv.gz", gzip.compress(frame.write_csv().encode())
        yield f"t{index}.zip", zipped("rows.csv", frame.write_csv().encode())
        yield f"t{index}.json", json.dumps(frame.head(20).to_dicts()).encode()
        buffer = io.BytesIO()
        numpy.savez_compressed(buffer, a=rng.normal(size=(rows, 3)), b=rng.integers(0, 9, rows))
        yield f"t{index}.npz", buffer.getvalue()
    yield from installed(
        (
            ".csv",
            ".tsv",
            ".json",
            ".jsonl",
            ".parquet",
            ".feather",
            ".npy",
            ".npz",
            ".png",
            ".jpg",
            ".gif",
            ".gz",
            ".wav",
            ".arff",
            ".xlsx",
            ".ipynb",
        ),
        4000,
    )


def installed(suffixes: tuple[str, ...], most: int) -> Iterator[tuple[str, bytes]]:
    """Files of the installed packages with these suffixes, in a stable order."""
    root = Path(sysconfig.get_paths()["purelib"])
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    random.Random(7).shuffle(paths)
    for path in paths[:most]:
        if 0 < path.stat().st_size < 8 << 20:
            yield str(path.relative_to(root)), path.read_bytes()
