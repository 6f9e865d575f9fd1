"""tdsec collect killed at random moments: the next one finds the work tree as it was, or all of it there."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workshops import Workshop

from tdsec_gov.collect.quarantine import leftovers
from tdsec_gov.repo.repository import Repository

TABLE = b"id,label\n" + b"".join(b"%d,%d\n" % (n, n % 2) for n in range(20_000))
OLD = b"old,1\n"
CODE = "import sys; from tdsec_gov.cli.main import main; sys.exit(main(sys.argv[1:]))"


def start(shop: Workshop, location: Path, out: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CODE, "--repo", str(shop.root), "collect", "my-source", str(location)]
    return subprocess.Popen(
        [*command, "--out", out, "--force"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def allow(shop: Workshop, folder: Path) -> None:
    path = shop.root / "policies/sources.yaml"
    path.write_text(
        path.read_text().rstrip("\n") + f"\n    allowed_locations: [{json.dumps(f'{folder}/')}]\n"
    )


def state(shop: Workshop) -> dict[str, bytes]:
    skipped = (".git/", ".dvc/tmp/", ".tdsec/audit.db", ".tdsec/checkpoint")
    names = {path.relative_to(shop.root).as_posix(): path for path in shop.root.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(skipped)}


def wait_for_orphans(shop: Workshop) -> None:
    """Until a ``dvc add`` that outlived its parent is done: the next collection waits for nobody."""
    for lock in (shop.root / ".git/tdsec-quarantine").glob(".c-*.lock"):
        subprocess.run(["flock", str(lock), "true"], check=True, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [False, True])
def test_killed_at_random_moments(workshop: Workshop, tmp_path: Path, folder: bool) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "a.csv").write_bytes(TABLE)
    (incoming / "b.csv").write_bytes(TABLE + b"1,1\n")
    probe = tmp_path / "probe"
    probe.mkdir()
    (probe / "small.csv").write_bytes(b"id\n1\n")
    allow(workshop, tmp_path)
    out = "data/all" if folder else "data/new.csv"
    workshop.track(out, {"o.csv": OLD} if folder else OLD)
    before = state(workshop)
    begun = time.monotonic()
    whole = start(workshop, incoming if folder else incoming / "a.csv", out)
    assert whole.wait(120) == 0, whole.stderr and whole.stderr.read()
    took = time.monotonic() - begun
    after = state(workshop)
    restore(workshop, before, after)
    rolls = random.Random(7)
    undone = done = 0
    for _ in range(12):
        process = start(workshop, incoming if folder else incoming / "a.csv", out)
        time.sleep(rolls.uniform(0.3, 1.0) * took)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_orphans(workshop)
        other = workshop.tdsec(
            "collect", "my-source", probe / "small.csv", "--out", "data/probe.csv", "--force"
        )
        assert other.code == 0, other.err
        for name in [one for one in state(workshop) if "probe" in one]:
            (workshop.root / name).unlink()
        workshop.object(hashlib.md5(b"id\n1\n").hexdigest()).unlink(missing_ok=True)
        (workshop.root / "data/.gitignore").write_bytes(before["data/.gitignore"])
        assert leftovers(Repository.discover(workshop.root)) == []
        now = state(workshop)
        if now.keys() == before.keys():
            assert now == before
            undone += 1
        else:
            assert {k for k in now if "provenance" not in k} == {k for k in after if "provenance" not in k}
            assert all(now[k] == after[k] for k in now if "provenance" not in k)
            assert [k for k in now if "provenance" in k]
            done += 1
            restore(workshop, before, now)
    assert undone > 0, (undone, done)


def restore(shop: Workshop, before: dict[str, bytes], now: dict[str, bytes]) -> None:
    """The work tree as ``before``."""
    for name in now.keys() - before.keys():
        (shop.root / name).unlink()
    for name, data in before.items():
        path = shop.root / name
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(data)


def test_two_at_once_do_not_take_each_others_quarantine(workshop: Workshop, tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    pipe = incoming / "a.csv"
    pipe.write_bytes(TABLE)
    allow(workshop, incoming)
    first, second = (start(workshop, pipe, f"data/{name}.csv") for name in "xy")
    codes = sorted((first.wait(120), second.wait(120)))
    assert codes in ([0, 0], [0, 14]), (
        first.stderr and first.stderr.read(),
        second.stderr and second.stderr.read(),
    )
    assert leftovers(Repository.discover(workshop.root)) == []
