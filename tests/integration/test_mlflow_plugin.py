"""The plugin in plain scripts: ``dvc repro``, ``log_input``, nothing named, broken on purpose, enforced."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from mlflow_support import ROWS, Lab, make_lab

from tdsec_gov.domain.findings import Status

PLAIN = """\
import json, os, sys
from pathlib import Path
import mlflow
import pandas as pd
from sklearn.linear_model import LogisticRegression

out = {}

def seen(run_id):
    run = mlflow.get_run(run_id)
    tags = {k: v for k, v in run.data.tags.items() if k.startswith("tdsec") or k == "mlflow.note.content"}
    inputs = [[i.dataset.name, i.dataset.digest, {t.key: t.value for t in i.tags}]
              for i in run.inputs.dataset_inputs]
    return {"id": run_id, "tags": tags, "inputs": inputs, "status": run.info.status}

def train(name, source=None, note=None):
    frame = pd.read_csv("data/train.csv")
    with mlflow.start_run() as run:
        if note:
            mlflow.set_tag("mlflow.note.content", note)
        if source:
            mlflow.log_input(mlflow.data.from_pandas(frame, source=source), context="validation")
        LogisticRegression().fit(frame[["a", "b"]], frame["y"])
        mlflow.log_metric("m", 1.0)
    out[name] = seen(run.info.run_id)

train("nothing", note="mine")
train("named", "data/train.csv")
train("inside_folder", "data/parts/one.csv")
try:
    with mlflow.start_run() as failing:
        raise KeyError("script's own fault")
except KeyError:
    out["failed"] = seen(failing.info.run_id)
with mlflow.start_run(run_id=out["nothing"]["id"]):
    mlflow.log_input(mlflow.data.from_pandas(pd.read_csv("data/train.csv"), source="data/train.csv"))
out["resumed"] = seen(out["nothing"]["id"])
kept = Path("data/train.csv").read_text()
Path("data/train.csv").write_text(kept + "1,1,1\\n")
train("flipped", "data/train.csv")
Path("data/train.csv").write_text(kept)
with mlflow.start_run() as changed:
    mlflow.log_input(mlflow.data.from_pandas(pd.read_csv("data/train.csv"), source="data/train.csv"))
    out["before_change"] = seen(changed.info.run_id)
    Path("data/train.csv").write_text(kept + "1,1,1\\n")
out["changed"] = seen(changed.info.run_id)
Path("data/train.csv").write_text(kept)
os.environ["TDSEC_ENFORCE"] = "1"
try:
    train("refused")
except mlflow.exceptions.MlflowException as exc:
    out["enforced"] = [exc.error_code, str(exc)]
del os.environ["TDSEC_ENFORCE"]
os.chdir("..")
with mlflow.start_run() as elsewhere:
    pass
out["elsewhere"] = seen(elsewhere.info.run_id)
Path(sys.argv[1]).write_text(json.dumps(out))
"""
STAGE = """\
import mlflow
import pandas as pd

frame = pd.read_csv("../data/train.csv")
with mlflow.start_run():
    mlflow.log_metric("rows", len(frame))
open("model.txt", "w").write("model")
"""
DVC_YAML = """\
stages:
  train:
    cmd: PYTHON stage.py
    deps: [stage.py, ../data/train.csv]
    outs: [model.txt]
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = make_lab(tmp_path_factory.mktemp("plugin"))
    made.add("data/train.csv", ROWS)
    (made.root / "data/parts/deep").mkdir(parents=True)
    (made.root / "data/parts/deep/two.csv").write_text(ROWS)
    (made.root / "data/parts/one.csv").write_text(ROWS)
    made.dvc("add", "-q", "data/parts")
    made.approve("data/train.csv")
    made.approve("data/parts", Status.WARNED)
    (made.root / "pipe").mkdir()
    (made.root / "pipe/stage.py").write_text(STAGE)
    (made.root / "pipe/dvc.yaml").write_text(
        DVC_YAML.replace("PYTHON stage.py", json.dumps(f"{shlex.quote(sys.executable)} stage.py"))
    )
    (made.root / "plain.py").write_text(PLAIN)
    made.must("git", "add", "-A")
    made.must("git", "commit", "-qm", "start")
    yield made


@pytest.fixture(scope="module")
def seen(lab: Lab) -> dict[str, Any]:
    """What one process with many plain runs left behind, by scenario."""
    path = lab.home / "seen.json"
    found = lab.sh(sys.executable, "plain.py", str(path))
    assert found.returncode == 0, found.stderr
    result: dict[str, Any] = json.loads(path.read_text())
    return result


def ours(one: dict[str, Any]) -> list[list[Any]]:
    return [item for item in one["inputs"] if "tdsec.state" in item[2]]


def test_nothing_named_claims_nothing(seen: dict[str, Any]) -> None:
    tags = seen["nothing"]["tags"]
    assert tags["tdsec.state"] == "unverified"
    assert "no dataset was named" in tags["tdsec.reasons"]
    assert "tdsec.datasets" not in tags and ours(seen["nothing"]) == []
    assert tags["mlflow.note.content"] == "mine"


def test_log_input_with_a_tracked_path(seen: dict[str, Any]) -> None:
    assert seen["named"]["tags"]["tdsec.state"] == "verified"
    name, digest, tags = ours(seen["named"])[0]
    assert (name, len(digest)) == ("data/train.csv", 32)
    assert tags["mlflow.data.context"] == "validation" and tags["tdsec.signers"] == "ana"


def test_a_file_inside_a_tracked_folder_stands_for_the_folder(seen: dict[str, Any]) -> None:
    listed = json.loads(seen["inside_folder"]["tags"]["tdsec.datasets"])
    assert [(one["name"], one["state"], one["result"]) for one in listed] == [
        ("data/parts", "verified", "WARNED")
    ]
    assert ours(seen["inside_folder"])[0][1].endswith(".dir")


def test_flipped_file_makes_the_run_unverified_and_training_goes_on(seen: dict[str, Any]) -> None:
    assert seen["flipped"]["tags"]["tdsec.state"] == "unverified"
    assert "data-tampered" in seen["flipped"]["tags"]["tdsec.reasons"]
    assert seen["flipped"]["status"] == "FINISHED"


def test_data_swapped_during_the_run_is_noticed(seen: dict[str, Any]) -> None:
    assert seen["before_change"]["tags"]["tdsec.state"] == "verified"
    assert seen["changed"]["tags"]["tdsec.state"] == "unverified"
    assert "changed while the run" in seen["changed"]["tags"]["tdsec.reasons"]


def test_a_run_that_began_unverified_stays_so(seen: dict[str, Any]) -> None:
    assert seen["resumed"]["tags"]["tdsec.state"] == "unverified"
    assert "earlier part" in seen["resumed"]["tags"]["tdsec.reasons"]


def test_failure_is_recorded(lab: Lab, seen: dict[str, Any]) -> None:
    ends = [one for one in lab.events("run.end") if one["target"] == seen["failed"]["id"]]
    assert [(one["outcome"], one["details"]["event"]) for one in ends] == [("failure", "FAIL")]


def test_enforced_runs_are_refused_and_other_folders_left_alone(seen: dict[str, Any]) -> None:
    code, message = seen["enforced"]
    assert code == "PERMISSION_DENIED" and "run refused" in message
    assert "elsewhere" in seen and seen["elsewhere"]["tags"] == {}


def test_dvc_repro_names_the_dependencies(lab: Lab) -> None:
    before = len(lab.events("run.end"))
    lab.dvc("repro", "-f", "-q", "pipe/dvc.yaml:train")
    end = lab.events("run.end")[before]
    assert end["details"]["state"] == "verified"
    assert [one["name"] for one in end["details"]["datasets"]] == ["data/train.csv"]


def test_broken_evidence_does_not_break_training(lab: Lab) -> None:
    for path in (lab.root / ".tdsec/verdicts").rglob("*.jsonl"):
        path.write_bytes(b"\x00\xffnot an envelope")
    (lab.root / ".tdsec/audit.db").write_bytes(b"not a database")
    for extra in (lab.root / ".tdsec").glob("audit.db-*"):
        extra.unlink()
    (lab.root / "broken.py").write_text(
        "import mlflow, json\n"
        "from pathlib import Path\n"
        "with mlflow.start_run() as run:\n    mlflow.log_metric('m', 1)\n"
        "    mlflow.log_input(mlflow.data.from_pandas(__import__('pandas').read_csv('data/train.csv'),"
        " source='data/train.csv'))\n"
        "run = mlflow.get_run(run.info.run_id)\nprint(json.dumps([run.info.status, run.data.tags]))\n"
    )
    found = lab.python("broken.py")
    assert found.returncode == 0, found.stderr
    status, tags = json.loads(found.stdout.splitlines()[-1])
    assert status == "FINISHED" and tags["tdsec.state"] == "unverified"
    assert tags["tdsec.reasons"]
