"""How long the schema check takes over one large Parquet file, as a ratio of one polars read of it.

    OMP_NUM_THREADS=1 python bench/schema.py [rows, default 10000000] [rounds, default 3]

Ten columns (eight of numbers, one of categories, one of codes), nine ranges and sets, one pattern; once
without and once with a unique column. Reader and check each run in a fresh process, so that the peak of
resident memory (ru_maxrss, which a child inherits) is theirs alone. Prints a Markdown line per case: median
seconds, ratio, MiB.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = {f"n{one}": "Float64" if one % 2 else "Int64" for one in range(8)}


def make(folder: Path, rows: int) -> None:
    """The file, and its two schemas in ``schemas``."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    data: dict[str, object] = {
        name: rng.normal(size=rows) if kind == "Float64" else rng.integers(0, 1000, rows)
        for name, kind in COLUMNS.items()
    }
    data["n0"] = rng.permutation(rows)
    data["colour"] = rng.choice(["red", "green", "blue"], rows)
    frame = pl.DataFrame(data).with_columns(
        code=pl.lit("AB-") + pl.Series(rng.integers(1000, 9999, rows)).cast(pl.String)
    )
    frame.write_parquet(folder / "t.parquet", compression="zstd")
    (folder / "schemas").mkdir()
    for name, unique in (("plain", ""), ("unique", "unique: true, ")):
        lines = ["format: 1", "columns:"]
        for column, kind in COLUMNS.items():
            extra = unique if column == "n0" else ""
            lines.append(
                f"  {column}: {{dtype: {kind}, {extra}in_range: {{min_value: -9, max_value: {rows + 1000}}}}}"
            )
        lines.append("  colour: {dtype: String, isin: [red, green, blue]}")
        lines.append('  code: {dtype: String, str_matches: "^AB-[0-9]{4}$"}')
        (folder / "schemas" / f"{name}.yaml").write_text("\n".join(lines) + "\n")


def one(folder: Path, case: str) -> None:
    """Run ``case`` in this process and print seconds and MiB; imports are not counted."""
    import pandera.polars
    import polars as pl

    from tdsec_gov.checks.contract import CheckInput, DataFile
    from tdsec_gov.checks.schema.check import SchemaHolds

    path = folder / "t.parquet"
    started = time.perf_counter()
    if case == "read":
        frame = pl.read_parquet(path)
        assert frame.width == 10 and pandera.polars
    else:
        file = DataFile("t.parquet", path, path.stat().st_size, "0" * 64)
        params = {"schema": f"{case}.yaml"}
        given = CheckInput("d", (file,), None, None, params, None, folder, datetime.now(UTC))
        result = SchemaHolds().run(given)
        assert result.status == "PASSED", result.findings
    seconds = time.perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(folder: Path, case: str) -> tuple[float, float]:
    command = [sys.executable, __file__, "--one", str(folder), case]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seconds, memory = done.stdout.split()
    return float(seconds), float(memory)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--make", str(folder), str(rows)], check=True)
        taken: dict[str, list[tuple[float, float]]] = {"read": [], "plain": [], "unique": []}
        for _ in range(rounds):
            for case, found in taken.items():
                found.append(measured(folder, case))
    base = statistics.median(one[0] for one in taken["read"])
    print(f"| {rows:,} rows x 10, zstd Parquet | seconds | ratio | peak MiB |\n|---|---|---|---|")
    for case, found in taken.items():
        seconds = statistics.median(one[0] for one in found)
        memory = max(one[1] for one in found)
        print(f"| {case} | {seconds:.2f} | {seconds / base:.2f} | {memory:.0f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
