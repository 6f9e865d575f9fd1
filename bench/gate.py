"""The gate's speed: unchanged pointers and folders, manifests, single files. Prints a Markdown table.

Run: python bench/gate.py [--pointers N] [--files N] [--many N] [--rows N] [--large-mb N] [--only PARTS].
Each row is a ratio against a peer in the same run. The page cache is warm. Needs openssl and xargs.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wholetable import READ, SCHEMA, cost, make

from tdsec_gov.gate.job import Job, data_files
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.digests import Digests
from tdsec_gov.repo.hashers import cores
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.versions import build_manifest

_TDSEC = "from tdsec_gov.cli.main import script; script()"
POLICY = 'format: 1\nlegal_basis_required: false\ndatasets:\n  - {match: "**", checks: {files: {}}}\n'


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def row(what: str, seconds: float, peer: str, theirs: float, goal: str) -> None:
    ratio = f"{seconds / theirs:.2f}" if theirs else ""
    print(f"| {what} | {seconds:.2f} | {peer} | {theirs:.2f} | {ratio} | {goal} |", flush=True)


class Store:
    """A DVC cache filled as ``dvc add`` does, quickly."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache(folder)
        for number in range(256):
            (self.cache.objects / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes, suffix: str = "") -> str:
        oid = hashlib.md5(data, usedforsecurity=False).hexdigest() + suffix
        self.cache.location(oid).write_bytes(data)
        return oid

    def folder(self, rows: Iterator[tuple[str, bytes]], name: str = "data/set") -> Pointer:
        items = [{"md5": self.put(data), "relpath": path} for path, data in rows]
        return Pointer(name, self.put(json.dumps(items).encode(), ".dir"), f"{name}.dvc")


def small(count: int, changed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Small tables; the first ``changed`` of them differ."""
    for number in range(count):
        mark = b"y" if number < changed else b"x"
        rows = b"".join(b"%d,%b,note %d of this row\n" % (n, mark, number) for n in range(20))
        yield f"part-{number % 100:02d}/{number:07d}.csv", b"id,kind,text\n" + rows


def openssl(store: Store, processes: int) -> float:
    text = f"find {store.cache.objects} -type f ! -name '*.dir' -print0"
    command = f"{text} | xargs -0 -P {processes} -n 500 openssl dgst -sha256 > /dev/null"
    return timed(lambda: subprocess.run(command, shell=True, check=True))


def manifests(base: Path, files: int, large_mb: int) -> None:
    """SHA-256 of few large and of many small files against openssl with as many processes."""
    big = Store(base / "large")
    blocks = os.urandom(1 << 20)
    pointer = big.folder((f"{n}.bin", b"%d" % n + blocks * large_mb) for n in range(2 * cores()))
    peer = openssl(big, cores())
    honest = timed(lambda: build_manifest(pointer, big.cache))
    row(f"manifest, {2 * cores()} x {large_mb} MB", honest, f"openssl, {cores()} at once", peer, "1.25")
    many = Store(base / "small")
    pointer = many.folder(small(files))
    time.sleep(2.1)
    peer = openssl(many, cores())
    honest = timed(lambda: build_manifest(pointer, many.cache))
    row(f"manifest, {files} small files", honest, f"openssl, {cores()} at once", peer, "1.25")
    for what in ("first time, remembering", "unchanged, remembered"):
        with Digests(base / "memory", many.cache) as known:
            row(
                f"manifest, {what}",
                timed(lambda: build_manifest(pointer, many.cache, known=known)),
                "without",
                honest,
                "",
            )


def incremental(base: Path, files: int, check: str) -> None:
    """One check of single files: all of them, none, and one per cent of them changed."""
    store = Store(base / "incremental")
    pointers = [store.folder(small(files, changed)) for changed in (0, files // 100)]
    time.sleep(2.1)

    def gate(pointer: Pointer) -> None:
        with Digests(base / "kept", store.cache) as known:
            manifest = build_manifest(pointer, store.cache, known=known)
        job = Job(
            dataset="data/set",
            files=data_files(manifest, store.cache),
            previous=None,
            previous_root=None,
            checks=((check, {}),),
            source={"personal_data": "none"},
            policies=base,
            now=dt.datetime.now(dt.UTC),
            memory=base / "kept",
        )
        (result,) = run_checks(job, Limits(3600))
        if any(one.code.startswith("TDS00") for one in result.findings):
            raise SystemExit(f"{check}: {result.findings[0].message}")

    full = timed(lambda: gate(pointers[0]))
    row(f"{check}, {files} files, first time", full, "", 0, "")
    row(f"{check}, 1 % changed", timed(lambda: gate(pointers[1])), "first time", full, "0.05")
    row(f"{check}, nothing changed", timed(lambda: gate(pointers[1])), "first time", full, "")


def command(root: Path, env: dict[str, str], *words: str) -> float:
    text = [sys.executable, "-c", _TDSEC, "--repo", str(root), *words]

    def run() -> None:
        done = subprocess.run(text, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{words}: {done.stderr[-300:]}")

    return timed(run)


def repository(base: Path) -> tuple[Path, dict[str, str]]:
    root = base / "repo"
    root.mkdir()
    names = ("HOME", "TDSEC_HOME", "XDG_CONFIG_HOME", "DVC_GLOBAL_CONFIG_DIR", "DVC_SITE_CACHE_DIR")
    env = {
        **os.environ,
        **{name: str(base / "home" / name.lower()) for name in names},
        "DVC_NO_ANALYTICS": "1",
    }
    env |= {f"GIT_{who}_{what}": "a@b.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    (base / "home" / "home").mkdir(parents=True)
    dvc = str(Path(sys.executable).with_name("dvc"))
    for words in (["git", "init", "-q"], [dvc, "init", "-q"]):
        subprocess.run(words, cwd=root, env=env, check=True)
    command(root, env, "init", "--vault", str(base / "storage"), "--name", "alice", "--yes")
    (root / "policies/policy.yaml").write_text(POLICY)
    return root, env


def point(root: Path, pointer: Pointer) -> None:
    path = root / pointer.file
    path.parent.mkdir(parents=True, exist_ok=True)
    base = pointer.name.rpartition("/")[2]
    path.write_text(f"outs:\n- md5: {pointer.oid}\n  hash: md5\n  path: {base}\n")


def commit(root: Path, env: dict[str, str]) -> None:
    for words in (["add", "-A"], ["commit", "-q", "-m", "x", "--no-verify"]):
        subprocess.run(["git", "-c", "core.hooksPath=/dev/null", *words], cwd=root, env=env, check=True)


def pointers(base: Path, count: int) -> None:
    """Unchanged pointers through the real command."""
    root, env = repository(base)
    store = Store(root / ".dvc/cache")
    (root / "policies/policy.yaml").write_text(
        POLICY.replace("checks: {files: {}}", "exempt: measured for speed")
    )
    for number in range(count):
        name = f"data/{number // 100}/{number}.csv"
        point(root, Pointer(name, store.put(b"id\n%d\n" % number), f"{name}.dvc"))
    commit(root, env)
    row(f"check --all, {count} pointers, first time", command(root, env, "check", "--all"), "", 0, "")
    commit(root, env)
    bare = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    for words in (["check", "--all"], ["verify", "--all"], ["check", "--stage", "pre-commit"]):
        command(root, env, *words)
        seconds = min(command(root, env, *words) for _ in range(3))
        row(f"{' '.join(words)}, {count} unchanged", seconds, "python -c pass", bare, "under 1 s")


def many(base: Path, count: int) -> None:
    """A folder of very many files through the real command: first, unchanged, and with memory."""
    root, env = repository(base)
    store = Store(root / ".dvc/cache")
    rows = ((f"{n // 1000:04d}/{n:07d}.txt", b"row %d\n" % n) for n in range(count))
    point(root, store.folder(rows))
    (root / "policies/sources.yaml").write_text(SOURCES)
    (root / "policies/policy.yaml").write_text(
        POLICY.replace("checks: {files: {}}", "source: s, checks: {source: {}}")
    )
    row(f"check, {count} files, first time", command(root, env, "check", "--all"), "", 0, "")
    row("same, unchanged", command(root, env, "check", "--all"), "", 0, "under 5 s")
    row(
        "same, forced: everything read again",
        command(root, env, "check", "--all", "--force"),
        "",
        0,
        "",
    )
    print(
        f"\npeak of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MiB"
    )


def full(base: Path, rows: int, rounds: int = 3) -> None:
    """All checks that a table gets by policy, on one large Parquet file, beside one read of it by polars."""
    root, env = repository(base)
    store = Store(root / ".dvc/cache")
    table = base / "table.parquet"
    make(table, rows)
    oid = file_md5(table)
    shutil.move(table, store.cache.location(oid))
    point(root, Pointer("data/t.parquet", oid, "data/t.parquet.dvc"))
    (root / "policies/schemas").mkdir(exist_ok=True)
    (root / "policies/schemas/t.yaml").write_text(SCHEMA)
    (root / "policies/sources.yaml").write_text(SOURCES)
    checks = "{source: {}, files: {}, pii: {mode: warn}, schema: {schema: t.yaml}}"
    (root / "policies/policy.yaml").write_text(
        POLICY.replace("checks: {files: {}}", f"source: s, time_limit: 3600, checks: {checks}")
    )
    script = [sys.executable, "-c", _TDSEC, "--repo", str(root), "check", "--all", "--force"]
    read = [sys.executable, "-c", READ, str(store.cache.location(oid))]
    taken = [(cost(read, env), cost(script, env)) for _ in range(rounds)]
    peer, ours = (min(column, key=lambda one: one.wall) for column in zip(*taken, strict=True))
    row(f"full gate, {rows:,} rows x 10, wall", ours.wall, "polars.read_parquet", peer.wall, "3")
    row("same, CPU", ours.cpu, "polars.read_parquet", peer.cpu, "3")
    print(f"\npeak of all its processes: {ours.rss:.0f} MiB resident, {ours.pss:.0f} shared fairly")
    for seconds, name in spent(root):
        print(f"{name}: {seconds:.2f} s")


def spent(root: Path) -> Iterator[tuple[float, str]]:
    """What each check took, as the verdict says."""
    (envelope,) = (root / ".tdsec/verdicts").rglob("*.jsonl")
    body = json.loads(base64.b64decode(json.loads(envelope.read_text())["payload"]))
    for one in body["predicate"]["checks"]:
        yield one["seconds"], f"{one['check']} {one['status']}"


def file_md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


SOURCES = """\
format: 1
sources:
  - id: s
    name: A source
    trust: internal
    personal_data: none
    purpose: measuring
    retention: {until: 2999-12-31, basis: kept}
    review: {by: somebody, on: 2020-01-01}
    contact: {name: somebody}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pointers", type=int, default=1000)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--large-mb", type=int, default=500)
    parser.add_argument("--checks", default="files,pii")
    parser.add_argument("--only", default="manifests,incremental,pointers,full,many")
    options = parser.parse_args()
    print("| step | s | peer | s | ratio | goal |\n|---|---|---|---|---|---|")
    parts: dict[str, list[Callable[[Path], None]]] = {
        "manifests": [lambda base: manifests(base, options.files, options.large_mb)],
        "incremental": [
            lambda base, name=name: incremental(base, options.files, name)
            for name in options.checks.split(",")
        ],
        "pointers": [lambda base: pointers(base, options.pointers)],
        "full": [lambda base: full(base, options.rows)],
        "many": [lambda base: many(base, options.many)],
    }
    for part in options.only.split(","):
        for work in parts[part]:
            base = Path(tempfile.mkdtemp(prefix="tdsec-bench-", dir=os.environ.get("BENCH_DIR")))
            try:
                work(base)
            finally:
                shutil.rmtree(base)


if __name__ == "__main__":
    main()
