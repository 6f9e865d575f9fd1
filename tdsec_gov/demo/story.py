"""The main job, from ``dvc add`` to the report."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tdsec_gov.demo import data
from tdsec_gov.demo.stage import Stage

DATASET = "data/digits.csv"
FIRST = 800
PURPOSE = "digit recognition research"
POLICY = """\
format: 1
legal_basis_required: true
datasets:
  - match: "data/*.csv"
    source: digits
    checks:
      source: {min_trust: curated}
      files: {}
      schema: {schema: digits.yaml}
      pii: {mode: block}
      poisoning: {label: label}
  - match: "data/*.bin"
    source: digits
    checks:
      source: {min_trust: curated}
"""
SOURCE = (
    *("--id", "digits", "--name", "Optical recognition of handwritten digits", "--trust", "curated"),
    *("--license", "CC-BY-4.0", "--purpose", PURPOSE, "--personal-data", "none"),
    *("--legal-basis", "6(1)(f)", "--legal-evidence", "balancing test 2026-01, legal/17"),
    *("--retention-until", "2035-12-31", "--retention-basis", "research record", "--reviewed-by", "steward"),
    *("--contact-name", "Data Steward", "--contact-email", "steward@example.org"),
)


def main_job(stage: Stage) -> None:
    """Clean data passes and is pushed, lies unreadable, is pulled and verified, trained on, reported."""
    alice, storage = stage.folder / "alice", stage.folder / "storage"
    prepare(stage, alice)
    stage.must("alice", alice, "tdsec", "init", "--vault", str(storage), "--name", "alice", "--yes")
    (alice / "policies" / "policy.yaml").write_text(POLICY)
    stage.must("alice", alice, "tdsec", "source", "add", *SOURCE)
    table = data.digits()
    data.write(alice / DATASET, table, stop=FIRST)
    stage.must("alice", alice, "dvc", "add", "-q", DATASET)
    stage.must("alice", alice, "tdsec", "schema", "init", DATASET, "--out", "digits.yaml")
    commit(stage, alice, "First version")
    data.write(alice / DATASET, table)
    stage.must("alice", alice, "dvc", "add", "-q", DATASET)
    committed = commit(stage, alice, "Second version: 300 rows more")
    stage.note("clean data passes the gate on git commit", "accepted", _result(stage, alice, committed))
    pushed = stage.run("alice", alice, "dvc", "push", "-q")
    stage.note("dvc push to the vault", "exit 0", f"exit {pushed.code}")
    stage.note("data readable on the storage", "no row, no MD5", readable(alice, storage))
    _colleague(stage, alice, storage)
    _training(stage, alice)


def prepare(stage: Stage, folder: Path) -> None:
    """A new git+DVC repository."""
    folder.mkdir(parents=True)
    stage.must("alice", folder, "git", "init", "-q", "-b", "main")
    stage.must("alice", folder, "dvc", "init", "-q")


def commit(stage: Stage, folder: Path, message: str, *flags: str) -> int:
    stage.must("alice", folder, "git", "add", "-A")
    return stage.run("alice", folder, "git", "commit", "-q", "-m", message, *flags).code


def _result(stage: Stage, repo: Path, committed: int) -> str:
    if committed != 0:
        return "refused"
    answer = stage.run("alice", repo, "tdsec", "--json", "check", DATASET)
    verdict = json.loads(answer.text.splitlines()[-1])["verdicts"][0]
    return "accepted" if verdict["result"] in ("PASSED", "WARNED") and verdict["cached"] else answer.text


def readable(repo: Path, storage: Path) -> str:
    """What of the data, or of DVC's names for it, can be found in any byte or name on the storage."""
    text = (repo / DATASET).read_text()
    rows = [line.encode() for line in text.splitlines()]
    oids = [path.parent.name + path.name for path in (repo / ".dvc/cache/files/md5").glob("*/*")]
    files = [path for path in storage.rglob("*") if path.is_file()]
    blob = b"\n".join(path.read_bytes() for path in files)
    names = "\n".join(path.relative_to(storage).as_posix().replace("/", "") for path in files)
    if not files:
        return "nothing is there"
    if any(row in blob for row in rows):
        return "rows of the data"
    if any(oid in names or oid.encode() in blob for oid in oids):
        return "MD5 of the data"
    return "no row, no MD5"


def _colleague(stage: Stage, alice: Path, storage: Path) -> None:
    """Bob makes a key, Alice lets him read, he clones and pulls."""
    stage.must("bob", stage.folder, "tdsec", "key", "new", "--name", "bob")
    key = json.loads(stage.must("bob", stage.folder, "tdsec", "--json", "key", "show").text)
    access = ("--age", key["age"], "--signing", key["signing"])
    stage.must("alice", alice, "tdsec", "vault", "add-reader", "bob", *access)
    commit(stage, alice, "Let bob read")
    bob = stage.folder / "bob"
    stage.must("bob", stage.folder, "git", "clone", "-q", str(alice), str(bob))
    pulled = stage.run("bob", bob, "dvc", "pull", "-q")
    same = (bob / DATASET).is_file() and (bob / DATASET).read_bytes() == (alice / DATASET).read_bytes()
    stage.note("a colleague's fresh clone pulls", "same bytes", "same bytes" if same else pulled.text)
    verified = stage.run("bob", bob, "tdsec", "verify", DATASET)
    stage.note("tdsec verify in that clone", "exit 0", f"exit {verified.code}")


def _training(stage: Stage, alice: Path) -> None:
    (alice / "train.py").write_text(data.TRAIN)
    commit(stage, alice, "Training script")
    train = ("tdsec", "run", "--purpose", PURPOSE, "--data", DATASET, "--", "python")
    answer = stage.run("alice", alice, *train, "train.py", DATASET)
    stage.note("training on verified data (plain MLflow script)", "verified", _state(stage, answer.text))
    report = stage.folder / "report.html"
    written = stage.run("alice", alice, "tdsec", "report", DATASET, "--format", "html", "--out", str(report))
    stage.note("compliance report", "written", "written" if report.is_file() else written.text)


def _state(stage: Stage, otherwise: str) -> str:
    """What MLflow's own database says of the newest run."""
    try:
        with sqlite3.connect(stage.folder / "mlflow.db") as database:
            query = (
                "select t.value from tags t join runs r on r.run_uuid = t.run_uuid "
                "where t.key = 'tdsec.state' order by r.start_time desc limit 1"
            )
            found = database.execute(query).fetchone()
    except sqlite3.Error as exc:
        return f"{type(exc).__name__}: {otherwise}"
    return str(found[0]) if found else f"no lineage: {otherwise}"
