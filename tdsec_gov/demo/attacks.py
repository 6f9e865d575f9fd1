"""Six attacks, each on stock tools first and then on the same data under tdsec."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from tdsec_gov.demo import data
from tdsec_gov.demo.stage import Stage
from tdsec_gov.demo.story import DATASET, FIRST, commit, prepare


def all_attacks(stage: Stage) -> None:
    """In this order; each leaves the repositories as the next one expects them."""
    stock = _stock_repository(stage)
    flipped_in_storage(stage, stock)
    md5_collision(stage)
    no_verify(stage, stock)
    poisoned_copy(stage, stock)
    crashing_check(stage)
    deleted_event(stage)


def _stock_repository(stage: Stage) -> Path:
    """The same data in plain git and DVC, with an integrity-checking gate hook as people write one."""
    stock = stage.folder / "stock"
    prepare(stage, stock)
    stage.must("alice", stock, "dvc", "remote", "add", "-d", "store", str(stage.folder / "stock-storage"))
    data.write(stock / DATASET, data.digits())
    stage.must("alice", stock, "dvc", "add", "-q", DATASET)
    commit(stage, stock, "Data")
    stage.must("alice", stock, "dvc", "push", "-q")
    return stock


def _biggest(storage: Path) -> Path:
    return max((path for path in storage.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def _fresh(stage: Stage, source: Path, name: str) -> Path:
    clone = stage.folder / name
    stage.must("bob", stage.folder, "git", "clone", "-q", str(source), str(clone))
    return clone


def flipped_in_storage(stage: Stage, stock: Path) -> None:
    """Somebody with write access to the bucket flips a third of the labels."""
    target = _biggest(stage.folder / "stock-storage")
    target.chmod(0o644)
    data.flip_labels(target, 0.33)
    target.chmod(0o444)
    clone = _fresh(stage, stock, "stock-clone")
    pulled = stage.run("bob", clone, "dvc", "pull", "-q")
    status = stage.run("bob", clone, "dvc", "status").text
    changed = (clone / DATASET).read_bytes() != (stock / DATASET).read_bytes()
    fooled = pulled.code == 0 and changed and "up to date" in status
    stage.note(
        "1 labels flipped in the bucket, stock DVC",
        "pulled, 'up to date'",
        _fooled(fooled, "pulled, 'up to date'"),
    )
    storage = stage.folder / "storage"
    victim = _biggest(storage)
    kept = victim.read_bytes()
    data.write(victim, data.digits())
    data.flip_labels(victim, 0.33)
    clone = _fresh(stage, stage.folder / "alice", "bob-attacked")
    refused = stage.run("bob", clone, "dvc", "pull")
    safe = refused.code != 0 and "tdsec refused" in refused.text and not (clone / DATASET).exists()
    victim.write_bytes(kept)
    stage.note("1 the same under tdsec", "refused, no file", _refused(safe, "refused, no file", refused.text))


def md5_collision(stage: Stage) -> None:
    """Two files with one MD5: the harmless one is approved, the other one is delivered."""
    good, evil = (block + b"same tail" * 100 for block in data.COLLISION)
    stock = stage.folder / "stock-md5"
    prepare(stage, stock)
    storage = stage.folder / "stock-md5-storage"
    stage.must("alice", stock, "dvc", "remote", "add", "-d", "store", str(storage))
    stage.must("alice", stock, "dvc", "remote", "modify", "store", "verify", "true")
    (stock / "blob.bin").write_bytes(good)
    stage.must("alice", stock, "dvc", "add", "-q", "blob.bin")
    commit(stage, stock, "Blob")
    stage.must("alice", stock, "dvc", "push", "-q")
    target = _biggest(storage)
    target.chmod(0o644)
    target.write_bytes(evil)
    target.chmod(0o444)
    clone = _fresh(stage, stock, "stock-md5-clone")
    stage.run("bob", clone, "dvc", "pull", "-q")
    fooled = (clone / "blob.bin").is_file() and (clone / "blob.bin").read_bytes() == evil
    stage.note(
        "2 MD5 collision, stock DVC with verify=true", "evil file pulled", _fooled(fooled, "evil file pulled")
    )
    alice = stage.folder / "alice"
    blob = alice / "data" / "blob.bin"
    blob.write_bytes(good)
    stage.must("alice", alice, "dvc", "add", "-q", "data/blob.bin")
    commit(stage, alice, "Blob")
    oid = "".join(
        line.split()[-1] for line in (alice / "data/blob.bin.dvc").read_text().splitlines() if "md5:" in line
    )
    cached = alice / ".dvc/cache/files/md5" / oid[:2] / oid[2:]
    cached.chmod(0o644)
    cached.write_bytes(evil)
    cached.chmod(0o444)
    before = _count(stage)
    pushed = stage.run("alice", alice, "dvc", "push", "data/blob.bin")
    safe = pushed.code != 0 and "tdsec refused" in pushed.text and _count(stage) == before
    stage.note("2 the same under tdsec", "push refused", _refused(safe, "push refused", pushed.text))
    _undo(stage, alice)


def no_verify(stage: Stage, stock: Path) -> None:
    """The hook is skipped, then the data is pushed."""
    hook = stock / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'the gate says no' >&2\nexit 1\n")
    hook.chmod(0o755)
    data.flip_labels(stock / DATASET, 0.5)
    stage.must("alice", stock, "dvc", "add", "-q", DATASET)
    skipped = commit(stage, stock, "Skip it", "--no-verify")
    pushed = stage.run("alice", stock, "dvc", "push", "-q")
    fooled = skipped == 0 and pushed.code == 0
    stage.note("3 --no-verify, then dvc push, stock hook gate", "pushed", _fooled(fooled, "pushed"))
    alice = stage.folder / "alice"
    data.flip_labels(alice / DATASET, 0.5)
    stage.must("alice", alice, "dvc", "add", "-q", DATASET)
    guarded = commit(stage, alice, "Skip it", "--no-verify") != 0
    around = ("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "Skip every hook")
    stage.must("alice", alice, "git", *around)
    before = _count(stage)
    pushed = stage.run("alice", alice, "dvc", "push")
    safe = guarded and pushed.code != 0 and "tdsec refused" in pushed.text and _count(stage) == before
    told = "commit, then push refused"
    stage.note("3 the same under tdsec", told, _refused(safe, told, pushed.text))
    _undo(stage, alice, "HEAD~1")


def poisoned_copy(stage: Stage, stock: Path) -> None:
    """New rows carry flipped labels and a trigger that means '7'."""
    (stock / ".git" / "hooks" / "pre-commit").unlink()
    poisoned = data.poison(data.digits(), FIRST)
    data.write(stock / DATASET, poisoned)
    stage.must("alice", stock, "dvc", "add", "-q", DATASET)
    took = commit(stage, stock, "New rows") == 0 and stage.run("alice", stock, "dvc", "push", "-q").code == 0
    stage.note("4 poisoned copy, stock git and DVC", "taken", _fooled(took, "taken"))
    alice = stage.folder / "alice"
    data.write(alice / DATASET, poisoned)
    stage.must("alice", alice, "dvc", "add", "-q", DATASET)
    stage.must("alice", alice, "git", "add", "-A")
    checked = stage.run("alice", alice, "tdsec", "check", DATASET)
    named = [code for code in ("TDS41", "TDS43") if code in checked.text]
    safe = checked.code == 1 and len(named) == 2
    stage.note(
        "4 the same under tdsec",
        "denied: labels, trigger",
        _refused(safe, "denied: labels, trigger", checked.text),
    )
    _undo(stage, alice)


def crashing_check(stage: Stage) -> None:
    """Something kills the process that a check runs in."""
    repo = stage.folder / "stock"
    hook = repo / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nfindings=$(sh -c 'kill -9 $$')\n[ -z \"$findings\" ] || exit 1\n")
    hook.chmod(0o755)
    data.write(repo / DATASET, data.digits())
    stage.must("alice", repo, "dvc", "add", "-q", DATASET)
    passed = commit(stage, repo, "The scanner was killed") == 0
    stage.note("5 check killed, a hook that looks for findings", "passes", _fooled(passed, "passes"))
    alice = stage.folder / "alice"
    checked = _killed_check(stage, alice)
    safe = checked[0] == 1 and "TDS001" in checked[1]
    stage.note("5 the same under tdsec", "ERROR, denied", _refused(safe, "ERROR, denied", checked[1]))
    stage.must("alice", alice, "git", "checkout", "-q", "--", ".tdsec/verdicts")


def _killed_check(stage: Stage, alice: Path) -> tuple[int, str]:
    command = [sys.executable, "-P", "-m", "tdsec_gov.cli.main", "check", "--force", DATASET]
    gate = subprocess.Popen(
        command, cwd=alice, env=stage.environment("alice"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    killer = threading.Thread(target=_kill_workers, args=(gate,), daemon=True)
    killer.start()
    text = gate.communicate()[0].decode()
    return gate.returncode, text


def _kill_workers(gate: subprocess.Popen[bytes]) -> None:
    """kill -9 every process that the gate runs its checks in."""
    import psutil

    while gate.poll() is None:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(gate.pid).children():
                if "tdsec_gov.gate.worker" in child.cmdline():
                    child.kill()
        time.sleep(0.02)


def deleted_event(stage: Stage) -> None:
    """Somebody deletes what they would rather not have recorded."""
    with sqlite3.connect(stage.folder / "mlflow.db") as database:
        database.execute("update metrics set value = 1.0")
        gone = database.execute("delete from params").rowcount >= 0
    searched = stage.run(
        "alice", stage.folder, "python", "-c", "import mlflow; print(len(mlflow.search_runs()))"
    )
    silent = gone and searched.code == 0
    stage.note("6 record changed in MLflow's database", "no word of it", _fooled(silent, "no word of it"))
    alice = stage.folder / "alice"
    with sqlite3.connect(alice / ".tdsec" / "audit.db") as database:
        table = _event_table(database)
        database.execute(f"delete from {table} where seq = 3")  # noqa: S608 - the table's own name
    database.close()
    verified = stage.run("alice", alice, "tdsec", "audit", "verify")
    safe = verified.code == 10 and "3" in verified.refusal
    stage.note(
        "6 event 3 deleted from tdsec's log",
        "named, exit 10",
        _refused(safe, "named, exit 10", verified.text),
    )


def _event_table(database: sqlite3.Connection) -> str:
    names = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
    for name in names:
        if "seq" in [row[1] for row in database.execute(f"pragma table_info({name})")]:
            return str(name)
    return str(names[0])


def _count(stage: Stage) -> int:
    return sum(path.is_file() for path in (stage.folder / "storage").rglob("*"))


def _undo(stage: Stage, repo: Path, to: str = "HEAD") -> None:
    """Back to the last good commit, data included."""
    stage.must("alice", repo, "git", "reset", "-q", "--hard", to)
    stage.must("alice", repo, "git", "clean", "-fdq", "data")
    stage.run("alice", repo, "dvc", "checkout", "-q", "--force")


def _fooled(fooled: bool, words: str) -> str:
    return words if fooled else "withstood"


def _refused(safe: bool, words: str, text: str) -> str:
    return words if safe else f"NOT REFUSED: {text[-300:]}"
