"""`dvc push`, `fetch`, `status -c` and `gc -c` through the vault against stock DVC: same data, same run.

Run: python bench/vault.py [MB of the one file] [number of 20 KB files]. Prints a Markdown table.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tdsec_gov.demo.stage import Stage
from tdsec_gov.demo.story import SOURCE, commit, prepare

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 512
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
ROUNDS = 3
POLICY = "format: 1\ndatasets:\n  - match: '**'\n    source: digits\n    checks: {source: {}}\n"


def timed(stage: Stage, where: Path, *words: str) -> tuple[float, float]:
    """Wall and CPU seconds of one command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    stage.must("alice", where, *words)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fill(folder: Path) -> None:
    """One large file and a folder of small ones, of random bytes."""
    (folder / "many").mkdir(parents=True)
    with (folder / "one.bin").open("wb") as stream:
        for _ in range(MEGABYTES):
            stream.write(os.urandom(1_000_000))
    for number in range(FILES):
        (folder / "many" / f"{number:06}.bin").write_bytes(os.urandom(20_000))


def repository(stage: Stage, name: str, data: Path) -> Path:
    """A repository with the data tracked; with a vault when it is called ``vault``."""
    repo = stage.folder / name
    prepare(stage, repo)
    storage = stage.folder / f"{name}-storage"
    if name == "vault":
        stage.must("alice", repo, "tdsec", "init", "--vault", str(storage), "--name", "alice")
        (repo / "policies" / "policy.yaml").write_text(POLICY)
        stage.must("alice", repo, "tdsec", "source", "add", *SOURCE)
    else:
        stage.must("alice", repo, "dvc", "remote", "add", "-d", "store", str(storage))
        if name == "stock-verify":
            stage.must("alice", repo, "dvc", "remote", "modify", "store", "verify", "true")
    for target in ("one.bin", "many"):
        stage.must("alice", repo, "cp", "-r", str(data / target), target)
        stage.must("alice", repo, "dvc", "add", "-q", target)
    commit(stage, repo, "Data")
    return repo


def forget(repo: Path) -> None:
    """Empty DVC's cache and what it remembers of remotes."""
    for place in (repo / ".dvc" / "cache", repo / ".dvc" / "tmp"):
        shutil.rmtree(place, ignore_errors=True)


STEPS = ("push", "status -c", "gc -c, all kept", "gc -c, all deleted", "fetch")


def measure(stage: Stage, repo: Path, target: str) -> list[tuple[float, float]]:
    """The best of some rounds of each of `STEPS`, by CPU seconds."""
    rounds: list[list[tuple[float, float]]] = []
    kept = repo.parent / "kept"
    storage = repo.parent / f"{repo.name}-storage"
    pointer, aside = repo / f"{target}.dvc", repo.parent / "aside.dvc"
    for _ in range(ROUNDS):
        shutil.rmtree(storage, ignore_errors=True)
        push = timed(stage, repo, "dvc", "push", "-q", target)
        status = timed(stage, repo, "dvc", "status", "-q", "-c", target)
        keeping = timed(stage, repo, "dvc", "gc", "-q", "-f", "-c", "-w")
        shutil.copytree(repo / ".dvc" / "cache", kept)
        forget(repo)
        fetch = timed(stage, repo, "dvc", "fetch", "-q", target)
        pointer.rename(aside)
        deleting = timed(stage, repo, "dvc", "gc", "-q", "-f", "-c", "-w")
        aside.rename(pointer)
        forget(repo)
        kept.rename(repo / ".dvc" / "cache")
        rounds.append([push, status, keeping, deleting, fetch])
    return [min(step, key=lambda one: one[1]) for step in zip(*rounds, strict=True)]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tdsec-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        stage = Stage(Path(folder))
        data = stage.folder / "data"
        fill(data)
        print("| data | step | remote | wall s | CPU s | x stock wall | x stock CPU |")
        print("|---|---|---|---|---|---|---|")
        repos = {name: repository(stage, name, data) for name in ("stock", "stock-verify", "vault")}
        for target, what in (("one.bin", f"{MEGABYTES} MB"), ("many", f"{FILES} x 20 KB")):
            found = {name: measure(stage, repo, target) for name, repo in repos.items()}
            for index, step in enumerate(STEPS):
                base = found["stock"][index]
                for name, steps in found.items():
                    wall, cpu = steps[index]
                    ratios = f"{wall / base[0]:.2f} | {cpu / base[1]:.2f}"
                    print(f"| {what} | {step} | {name} | {wall:.2f} | {cpu:.2f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
