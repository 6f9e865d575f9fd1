"""`dvc push` and `dvc fetch` through the vault against stock DVC over servers: same data, server and run.

Run: python bench/remotes.py [--ssh-mb 1000] [--objects 1000] [--uploads 8] [--upload-mb 60]
[--store swift|moto] [--rounds 3] [--only ssh,many,parallel]. Prints a Markdown table: wall and CPU seconds
(the best of the rounds), peak memory of the DVC process, and on S3 how many requests the server got.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from servers.moto import moto
from servers.place import DiskServer, Place, S3Server
from servers.sshd import sshd
from servers.swift import swift

from tdsec_gov.demo.stage import Stage
from tdsec_gov.demo.story import SOURCE, commit, prepare

POLICY = "format: 1\ndatasets:\n  - match: '**'\n    source: digits\n    checks: {source: {}}\n"
# The process between keeps this one's own size out of the kernel's count of its child's peak.
BETWEEN = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
found = {"code": code, "wall": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime,
         "mib": used.ru_maxrss / 1024}
open(sys.argv[1], "w").write(json.dumps(found))
"""


class Bench(Stage):
    """A stage that measures the package that this process uses, wherever it was installed from."""

    def environment(self, person: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PYTHONPATH", "OMP_NUM_THREADS") if name in os.environ}
        return {**super().environment(person), **kept}


@dataclass(frozen=True)
class Cost:
    """Seconds, MiB, and requests that the server answered."""

    wall: float
    cpu: float
    mib: float
    requests: int = 0

    def best(self, other: Cost) -> Cost:
        pairs = ((self.wall, other.wall), (self.cpu, other.cpu), (self.mib, other.mib))
        return Cost(*(min(pair) for pair in pairs), requests=min(self.requests, other.requests))


@dataclass(frozen=True)
class Work:
    """One kind of data on one server."""

    title: str
    files: int
    size: int
    server: DiskServer | S3Server
    jobs: int | None = None
    steps: tuple[str, ...] = ("push", "fetch")


def timed(stage: Stage, where: Path, *words: str) -> Cost:
    """What one DVC command cost. Raises RuntimeError when it fails."""
    answer = stage.folder / "cost.json"
    command = [sys.executable, "-P", "-m", "dvc", *words]
    env = stage.environment("alice")
    subprocess.run([sys.executable, "-c", BETWEEN, str(answer), *command], cwd=where, env=env, check=True)
    found = json.loads(answer.read_text())
    if found.pop("code") != 0:
        raise RuntimeError(f"dvc {' '.join(words)} failed in {where}")
    return Cost(**found)


def fill(folder: Path, work: Work) -> None:
    """``files`` files of ``size`` random bytes."""
    folder.mkdir(parents=True)
    for number in range(work.files):
        with (folder / f"{number:06}.bin").open("wb") as stream:
            for start in range(0, work.size, 1_000_000):
                stream.write(os.urandom(min(1_000_000, work.size - start)))


def repository(stage: Stage, name: str, data: Path) -> Path:
    """A repository that tracks the data; with a vault when it is called ``vault``."""
    repo = stage.folder / name
    prepare(stage, repo)
    if name == "vault":
        stage.must(
            "alice", repo, "tdsec", "init", "--vault", str(stage.folder / "nowhere"), "--name", "alice"
        )
        (repo / "policies" / "policy.yaml").write_text(POLICY)
        stage.must("alice", repo, "tdsec", "source", "add", *SOURCE)
    else:
        stage.must("alice", repo, "dvc", "remote", "add", "-d", "store", str(stage.folder / "nowhere"))
    shutil.copytree(data, repo / "data")
    stage.must("alice", repo, "dvc", "add", "-q", "data")
    commit(stage, repo, "Data")
    return repo


def counted(server: DiskServer | S3Server) -> int:
    return len(server.requests()) if isinstance(server, S3Server) else 0


def step(stage: Stage, repo: Path, work: Work, name: str) -> Cost:
    words = (name, "-q", *(("-j", str(work.jobs)) if work.jobs else ()))
    before = counted(work.server)
    cost = timed(stage, repo, *words)
    return replace(cost, requests=counted(work.server) - before)


def one_round(stage: Stage, repo: Path, work: Work) -> list[Cost]:
    """Push into a fresh place, then fetch into an empty cache; the cache is put back."""
    place: Place = work.server.place()
    (repo / ".dvc" / "config.local").write_text(place.config)
    cache, kept = repo / ".dvc" / "cache", repo.parent / f"{repo.name}-kept"
    costs = [step(stage, repo, work, "push")]
    if "fetch" in work.steps:
        cache.rename(kept)
        shutil.rmtree(repo / ".dvc" / "tmp", ignore_errors=True)
        costs.append(step(stage, repo, work, "fetch"))
        shutil.rmtree(cache)
        kept.rename(cache)
    shutil.rmtree(repo / ".dvc" / "tmp", ignore_errors=True)
    if isinstance(work.server, DiskServer):
        shutil.rmtree(work.server.folder / place.url.rpartition("/")[2])
    return costs


def measure(stage: Stage, work: Work, rounds: int) -> None:
    """Print the rows of one kind of data; stock and vault take turns."""
    fill(stage.folder / "data", work)
    repos = {name: repository(stage, name, stage.folder / "data") for name in ("stock", "vault")}
    found: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        for name, repo in repos.items():
            now = one_round(stage, repo, work)
            found[name] = [a.best(b) for a, b in zip(found.get(name, now), now, strict=True)]
    for index, what in enumerate(work.steps):
        stock = found["stock"][index]
        for name, costs in found.items():
            cost = costs[index]
            ratios = (
                f"{cost.wall / stock.wall:.2f} | {cost.cpu / stock.cpu:.2f} | {cost.mib - stock.mib:+.0f}"
            )
            numbers = f"{cost.wall:.2f} | {cost.cpu:.2f} | {cost.mib:.0f} | {cost.requests or '-'}"
            print(f"| {work.title} | {what} | {name} | {numbers} | {ratios} |", flush=True)


@contextlib.contextmanager
def staged(folder: Path, name: str) -> Iterator[Stage]:
    """A folder of its own for one kind of data, gone afterwards: the sizes add up."""
    place = folder / name
    place.mkdir()
    yield Bench(place)
    shutil.rmtree(place)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ssh-mb", type=int, default=100)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--uploads", type=int, default=8)
    parser.add_argument("--upload-mb", type=int, default=10)
    parser.add_argument("--store", choices=("swift", "moto"), default="swift")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="ssh,many,parallel")
    return parser.parse_args()


def main() -> None:
    options = asked()
    only = options.only.split(",")
    started = {"swift": swift, "moto": moto}[options.store]
    print("| data | step | remote | wall s | CPU s | peak MiB | requests | x wall | x CPU | more MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="tdsec-bench-", dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        (folder / "server").mkdir()
        if "ssh" in only:
            with sshd(folder / "server") as server, staged(folder, "ssh") as stage:
                work = Work(f"{options.ssh_mb} MB over ssh", 1, options.ssh_mb * 1_000_000, server)
                measure(stage, work, options.rounds)
        if {"many", "parallel"} & set(only):
            (folder / "store").mkdir()
            with started(folder / "store") as s3:
                on = f"on {options.store}"
                if "many" in only:
                    with staged(folder, "many") as stage:
                        measure(
                            stage,
                            Work(f"{options.objects} x 20 KB {on}", options.objects, 20_000, s3),
                            options.rounds,
                        )
                if "parallel" in only:
                    with staged(folder, "parallel") as stage:
                        title = f"{options.uploads} x {options.upload_mb} MB at once {on}"
                        size = options.upload_mb * 1_000_000
                        work = Work(title, options.uploads, size, s3, jobs=options.uploads)
                        measure(stage, work, options.rounds)


if __name__ == "__main__":
    main()
