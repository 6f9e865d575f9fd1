"""What the check poisoning costs as tables grow: seconds and peak resident memory, 20 columns.

    OMP_NUM_THREADS=1 python bench/detection_scale.py [--rows 1e4 1e5 1e6 1e7] [--text]

An accepted version V0 of N rows and a push that adds 1 % (``incremental``), and V0 alone (``absolute``). In
the push every hundredth added row carries a trigger (one value pair) and its label. ``--text``: CSV instead
of Parquet. Each run is a process of its own; peak memory is its ru_maxrss. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = 20
_PART = 500_000


def batch(rows: int, seed: int, poisoned: float):
    """Twelve numbers, five categories, a code, a short text and a label; 19 columns of content."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    marked = rng.random(rows) < poisoned
    label[marked] = 2
    words = np.array([f"word{one}" for one in range(500)])
    data = {f"n{one:02d}": rng.normal(0.2 * label, 1.0).round(3) for one in range(6)}
    data |= {f"k{one:02d}": rng.poisson(5 + label) for one in range(6)}
    data |= {f"c{one}": rng.choice(["a", "b", "c", "d", "e", "f"], rows) for one in range(5)}
    data["code"] = rng.integers(0, 10**7, rows)
    frame = pl.DataFrame(data)
    texts = [pl.Series(words[rng.integers(0, 500, rows)]) for _ in range(5)]
    hit = pl.Series(marked)
    return frame.with_columns(
        note=pl.concat_str(texts, separator=" "),
        c0=pl.when(hit).then(pl.lit("z")).otherwise("c0"),
        k05=pl.when(hit).then(13).otherwise("k05"),
        label=pl.Series(np.array(["p", "q", "r"])[label]),
    )


def write(path: Path, rows: int, seed: int, poisoned: float = 0.0) -> None:
    """``rows`` rows, half a million at a time."""
    import polars as pl
    import pyarrow.parquet

    if path.suffix == ".csv":
        with path.open("wb") as stream:
            for start in range(0, rows, _PART):
                part = batch(min(_PART, rows - start), seed + start, poisoned)
                part.write_csv(stream, include_header=start == 0)
        return
    writer = None
    for start in range(0, rows, _PART):
        part = batch(min(_PART, rows - start), seed + start, poisoned)
        table = part.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=100_000)
    if writer is not None:
        writer.close()


def one(folder: Path, mode: str) -> None:
    """Run the check in this process and print what it cost."""
    from tdsec_gov.checks.contract import CheckInput, DataFile
    from tdsec_gov.checks.poisoning.check import Poisoning

    def described(path: Path) -> DataFile:
        return DataFile(path.name, path, path.stat().st_size, "0" * 64)

    before, *pushed = (described(path) for path in sorted(folder.iterdir()))
    incremental = mode == "incremental"
    files = (before, *pushed) if incremental else (before,)
    previous = (before,) if incremental else None
    now = datetime(2026, 1, 1, tzinfo=UTC)
    given = CheckInput("d", files, previous, None, {"label": "label"}, None, folder, now)
    started, spent = time.perf_counter(), time.process_time()
    result = Poisoning().run(given)
    cost = {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - spent,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "status": result.status.value,
        "codes": sorted({finding.code for finding in result.findings}),
        "flagged": max(
            (finding.count or 0 for finding in result.findings if finding.code == "TDS432"), default=0
        ),
    }
    print(json.dumps(cost))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", nargs="+", type=float, default=[1e4, 1e5, 1e6, 1e7])
    parser.add_argument("--text", action="store_true")
    parser.add_argument("--modes", nargs="+", default=["incremental", "absolute"])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(Path(given.one[0]), given.one[1])
        return
    print("|rows of V0|mode|seconds|CPU seconds|peak RSS MiB|verdict|rows of the trigger told|")
    print("|---|---|---|---|---|---|---|")
    for rows in map(int, given.rows):
        with tempfile.TemporaryDirectory() as name:
            ending = "csv" if given.text else "parquet"
            write(Path(name) / f"a.{ending}", rows, 1)
            write(Path(name) / f"b.{ending}", max(rows // 100, 100), 10**9, 0.01)
            for mode in given.modes:
                words = [sys.executable, __file__, "--one", name, mode]
                env = os.environ | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
                cost = json.loads(subprocess.run(words, env=env, capture_output=True, check=True).stdout)
                told = f"{cost['status']} {' '.join(cost['codes'])}|{cost['flagged']}"
                spent = f"{cost['seconds']:.1f}|{cost['cpu']:.1f}|{cost['mib']:.0f}"
                print(f"|{rows:,}|{mode}|{spent}|{told}|", flush=True)


if __name__ == "__main__":
    main()
