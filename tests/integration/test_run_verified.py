"""``tdsec run`` and the plugin with real git, dvc and mlflow: lineage without a changed line."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow_support import ROWS, Lab, make_lab

TRAIN = """\
import mlflow
import pandas as pd
from sklearn.linear_model import LogisticRegression

df = pd.read_csv("data/train.csv")
with mlflow.start_run() as run:
    model = LogisticRegression().fit(df[["a", "b"]], df["y"])
    mlflow.log_metric("accuracy", model.score(df[["a", "b"]], df["y"]))
print(run.info.run_id)
"""
TOUCH = "from pathlib import Path\nPath('started').write_text('x')\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = make_lab(tmp_path_factory.mktemp("verified"))
    made.add("data/train.csv", ROWS)
    (made.root / "train.py").write_text(TRAIN)
    (made.root / "touch.py").write_text(TOUCH)
    made.must("git", "add", "-A")
    made.must("git", "commit", "-qm", "start")
    yield made


@pytest.fixture(autouse=True)
def fresh(lab: Lab) -> None:
    (lab.root / "data/train.csv").unlink()
    (lab.root / "data/train.csv").write_text(ROWS)
    (lab.root / "started").unlink(missing_ok=True)
    lab.approve("data/train.csv")


def rows(lab: Lab, query: str, *values: str) -> list[tuple[str, ...]]:
    path = lab.env["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as base:
        return base.execute(query, values).fetchall()


def tags_of(lab: Lab, run_id: str) -> dict[str, str]:
    return {str(k): str(v) for k, v in rows(lab, "select key, value from tags where run_uuid=?", run_id)}


def artifacts_of(lab: Lab, run_id: str) -> Path:
    return Path(rows(lab, "select artifact_uri from runs where run_uuid=?", run_id)[0][0])


@pytest.fixture(scope="module")
def trained(lab: Lab) -> str:
    """Id of a run of the unchanged script under ``tdsec run``."""
    lab.approve("data/train.csv")
    found = lab.tdsec(
        "run", "--purpose", "triage", "--data", "data/train.csv", "--", sys.executable, "train.py"
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.split()[-1]


def test_plain_script_gets_lineage(lab: Lab, trained: str) -> None:
    version = lab.approve("data/train.csv")
    tags = tags_of(lab, trained)
    assert tags["tdsec.state"] == "verified"
    listed = json.loads(tags["tdsec.datasets"])
    assert [(one["name"], one["sha256"], one["signers"], one["result"]) for one in listed] == [
        ("data/train.csv", version.root, ["ana"], "PASSED")
    ]
    assert version.root[:12] in tags["mlflow.note.content"]
    assert len(tags["tdsec.audit"].split(" ")) == 3
    inputs = rows(
        lab,
        "select d.name, d.digest, t.name, t.value from inputs i join datasets d on i.source_id=d.dataset_uuid"
        " join input_tags t on t.input_uuid=i.input_uuid where i.destination_id=?",
        trained,
    )
    assert ("data/train.csv", version.oid, "tdsec.sha256", version.root) in inputs
    assert ("data/train.csv", version.oid, "mlflow.data.context", "training") in inputs
    page = (artifacts_of(lab, trained) / "lineage/report.html").read_text()
    assert (
        version.root[:32] in page and "<svg" in page and "http" not in page.replace("http://www.w3.org", "")
    )


def test_start_comes_before_the_end_with_purpose_and_legal_basis(lab: Lab, trained: str) -> None:
    starts = [one for one in lab.events("run.start") if one["target"] == trained]
    ends = [one for one in lab.events("run.end") if one["target"] == trained]
    assert len(starts) == len(ends) == 1
    assert starts[0]["purpose"] == ends[0]["purpose"] == "triage"
    assert starts[0]["legal_basis"] == "6(1)(e)"
    assert ends[0]["details"]["record_sha256"] == tags_of(lab, trained)["tdsec.record_sha256"]
    assert str(starts[0]["event_time"]) < str(ends[0]["event_time"])


READ = """\
import contextlib, io, json, sys
from pathlib import Path
from tdsec_gov.cli.main import main

def call(*arguments):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(list(arguments))
    return [code, out.getvalue()]

run_id, record = sys.argv[1], Path(sys.argv[2])
answers = [call("lineage", run_id), call("--json", "lineage", "data/train.csv")]
answers.append(call("lineage", run_id, "--format", "html"))
record.write_bytes(record.read_bytes().replace(b'"payload":"ey', b'"payload":"fy'))
answers.append(call("lineage", run_id))
record.unlink()
answers += [call("lineage", run_id), call("lineage", "0" * 32)]
print(json.dumps(answers))
"""


def test_lineage_both_ways_and_an_edited_record_is_refused(lab: Lab, trained: str) -> None:
    record = artifacts_of(lab, trained) / "tdsec/lineage.intoto.json"
    kept = record.read_bytes()
    found = lab.sh(sys.executable, "-c", READ, trained, str(record))
    record.write_bytes(kept)
    assert found.returncode == 0, found.stderr
    run, dataset, page, edited, gone, unknown = json.loads(found.stdout)
    assert run[0] == 0 and "VERIFIED" in run[1] and "source clinic" in run[1]
    versions = json.loads(dataset[1])["versions"]
    assert trained in [one["run_id"] for version in versions for one in version["runs"]]
    assert page[0] == 0 and page[1].startswith("<!doctype html>") and "event " in page[1]
    assert [one[0] for one in (edited, gone, unknown)] == [10, 11, 2]


def test_flipped_file_is_not_trained_on(lab: Lab) -> None:
    (lab.root / "data/train.csv").write_text(ROWS.replace("1,1,1", "1,1,0", 1))
    found = lab.tdsec("run", "--data", "data/train.csv", "--", sys.executable, "touch.py")
    assert found.returncode == 10
    assert "data/train.csv" in found.stderr and not (lab.root / "started").exists()
    denied = [one for one in lab.events("run.start") if one["outcome"] == "denied"]
    assert denied[-1]["details"]["code"] == "data-tampered"


def test_missing_verdict_is_not_trained_on(lab: Lab) -> None:
    for path in (lab.root / ".tdsec/verdicts").rglob("*.jsonl"):
        path.unlink()
    found = lab.tdsec("run", "--", sys.executable, "touch.py")
    assert found.returncode == 11
    assert not (lab.root / "started").exists()


def test_exit_code_and_signal_of_the_command(lab: Lab) -> None:
    (lab.root / "killed.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    (lab.root / "seven.py").write_text("print('words of the script')\nraise SystemExit(7)\n")
    seven = lab.tdsec("--json", "run", "--", sys.executable, "seven.py")
    assert seven.returncode == 7 and json.loads(seven.stdout)["exit"] == 7
    assert "words of the script" in seven.stderr
    assert lab.events("run.end")[-1]["details"]["event"] == "FAIL"
    assert lab.tdsec("run", "--", sys.executable, "killed.py").returncode == 137
    assert lab.events("run.end")[-1]["details"]["exit"] == 137


def test_usage(lab: Lab) -> None:
    assert lab.tdsec("run", "--", "no-such-command-here").returncode == 2
    assert lab.tdsec("run", "--data", "other.csv", "--", sys.executable, "touch.py").returncode == 2
    assert lab.tdsec("lineage", "models:/m/1").returncode == 2
