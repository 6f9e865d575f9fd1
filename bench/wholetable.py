"""The gate on one large table, beside one read of it by polars: wall, CPU and memory of all its processes.

Used by ``bench/gate.py --only full``. Ten columns: a text id that is never twice the same, whole numbers,
fractions, two columns of categories, a date, and a short free text; zstd Parquet as polars writes it.
"""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """\
format: 1
strict: true
columns:
  ticket: {dtype: String, str_matches: "^T[0-9]{8}$"}
  visits: {dtype: Int64, in_range: {min_value: 0, max_value: 1000000}}
  items: {dtype: Int32, in_range: {min_value: 0, max_value: 100}}
  account: {dtype: Int64, ge: 0}
  amount: {dtype: Float64, in_range: {min_value: -100000, max_value: 100000}}
  score: {dtype: Float32, in_range: {min_value: 0, max_value: 1}, nullable: true}
  country: {dtype: String, isin: [AT, BE, CH, CZ, DE, DK, ES, FI, FR, IT, NL, NO, PL, PT, SE, UK]}
  status: {dtype: String, isin: [open, closed, waiting, returned, lost]}
  day: {dtype: Date}
  note: {dtype: String, str_length: {min_value: 1, max_value: 200}}
"""
_TEXT = (
    "parcel box late early door blue red green left right again never often customer called back small large "
    "broken fine paid unpaid returned front rear cover handle screw missing found twice once new old wet dry"
)
READ = "import polars, sys; assert polars.read_parquet(sys.argv[1]).width == 10"


def make(path: Path, rows: int) -> None:
    """Write the table; a million rows at a time."""
    import numpy
    import polars
    import pyarrow.parquet

    draw, words = numpy.random.default_rng(1), _TEXT.split()
    countries = SCHEMA.partition("isin: [")[2].partition("]")[0].split(", ")
    writer = None
    for start in range(0, rows, 1_000_000):
        count = min(1_000_000, rows - start)
        note = [polars.Series(draw.choice(words, count)) for _ in range(5)]
        frame = polars.DataFrame(
            {
                "ticket": numpy.arange(start, start + count),
                "visits": draw.integers(0, 5000, count),
                "items": draw.integers(0, 100, count).astype("i4"),
                "account": draw.integers(0, 1 << 31, count),
                "amount": draw.normal(50, 30, count).round(2),
                "score": draw.random(count).astype("f4"),
                "country": draw.choice(countries, count),
                "status": draw.choice(["open", "closed", "waiting", "returned", "lost"], count),
                "day": numpy.datetime64("2020-01-01") + draw.integers(0, 2000, count).astype("m8[D]"),
            }
        ).with_columns(
            ticket="T" + polars.col("ticket").cast(polars.String).str.zfill(8),
            score=polars.when(polars.col("score") > 0.01).then("score"),
            note=polars.concat_str(note, separator=" "),
        )
        table = frame.to_arrow(compat_level=polars.CompatLevel.oldest())
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall and CPU, and MiB: the largest sum over all processes at once, of resident pages
    (``rss``, where pages of mapped files count in each process) and of their fair shares (``pss``)."""

    wall: float
    cpu: float
    rss: float
    pss: float


def cost(words: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run a command to its end. Raises SystemExit when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(words, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peaks = [0, 0]
    watcher = threading.Thread(target=_watch, args=(process, peaks))
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{words}: {output[-2000:].decode()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, peaks[0] / 1024, peaks[1] / 1024)


def _watch(process: subprocess.Popen[bytes], peaks: list[int]) -> None:
    while process.returncode is None:
        sums = [sum(column) for column in zip(*map(_pages, _tree(process.pid)), strict=True)]
        peaks[:] = [max(pair) for pair in zip(peaks, sums or peaks, strict=True)]
        time.sleep(0.1)


def _tree(pid: int) -> list[int]:
    """``pid`` and what it started, and so on."""
    found = [pid]
    for one in found:
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(word) for word in path.read_text().split()]
            except OSError:
                continue
    return found


def _pages(pid: int) -> tuple[int, int]:
    """Resident KiB and its fair share of one process."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0, 0
    kept = {line.partition(":")[0]: int(line.split()[1]) for line in lines}
    return kept.get("Rss", 0), kept.get("Pss", 0)
