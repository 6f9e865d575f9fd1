"""How long people wait: `tdsec --help` and an unchanged gate, as ratios against peers in the same run.

Run: python bench/startup.py [rounds]. Prints a Markdown table; medians of wall seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from tdsec_gov.demo import data
from tdsec_gov.demo.stage import Stage
from tdsec_gov.demo.story import DATASET, SOURCE, commit, prepare

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7


def median(stage: Stage, where: Path, *words: str) -> float:
    """Median wall seconds of a command, its first run left out."""
    taken = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        answer = stage.run("alice", where, *words)
        taken.append(time.perf_counter() - started)
        if answer.code != 0:
            raise SystemExit(f"{words} ended with {answer.code}: {answer.text}")
    return statistics.median(taken[1:])


def repository(stage: Stage) -> Path:
    """A repository with one approved dataset."""
    repo = stage.folder / "repo"
    prepare(stage, repo)
    stage.must("alice", repo, "tdsec", "init", "--vault", str(stage.folder / "storage"), "--name", "alice")
    stage.must("alice", repo, "tdsec", "source", "add", *("--id", "my-source"), *SOURCE[2:])
    data.write(repo / DATASET, data.digits())
    stage.must("alice", repo, "dvc", "add", "-q", DATASET)
    commit(stage, repo, "Data")
    return repo


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tdsec-bench-") as folder:
        stage = Stage(Path(folder))
        repo = repository(stage)
        bare = median(stage, repo, "python", "-c", "pass")
        status = median(stage, repo, "dvc", "status", "-q")
        rows = [
            ("python -c pass", bare, ""),
            ("tdsec --help", median(stage, repo, "tdsec", "--help"), "limit 0.4 s"),
            ("dvc --version", median(stage, repo, "dvc", "--version"), "peer of --help"),
            ("tdsec check (unchanged)", median(stage, repo, "tdsec", "check", DATASET), "limit 1 s"),
            ("dvc status (unchanged)", status, "peer of check"),
        ]
    print("| command | median s | x python | |\n|---|---|---|---|")
    for name, seconds, note in rows:
        print(f"| {name} | {seconds:.3f} | {seconds / bare:.1f} | {note} |")


if __name__ == "__main__":
    main()
