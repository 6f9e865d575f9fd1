"""Against a real tracking server: the client records once, the server leaves others' runs alone."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from mlflow_support import ROWS, Lab, make_lab

SCRIPT = """\
import json
import mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("a", 1)
client = mlflow.MlflowClient()
found = client.get_run(run.info.run_id)
listed = [client.list_artifacts(run.info.run_id, folder) for folder in ("tdsec", "lineage")]
paths = [one.path for found_there in listed for one in found_there]
print(json.dumps([run.info.run_id, found.data.tags, found.info.artifact_uri, paths]))
"""


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = make_lab(tmp_path_factory.mktemp("served"))
    lab.add("data/train.csv", ROWS)
    lab.approve("data/train.csv")
    (lab.root / "train.py").write_text(SCRIPT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    place = lab.home / "server"
    place.mkdir()
    arguments = ("--backend-store-uri", f"sqlite:///{place}/m.db", "--artifacts-destination", str(place))
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *arguments, "--port", str(port), "--workers", "1"],
        cwd=lab.root,
        env=lab.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(address)
        lab.env["MLFLOW_TRACKING_URI"] = address
        yield lab
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(address: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise AssertionError("the tracking server did not start")


@pytest.mark.slow
def test_client_over_http_with_proxied_artifacts(served: Lab) -> None:
    found = served.tdsec("run", "--", sys.executable, "train.py")
    assert found.returncode == 0, found.stderr
    run_id, tags, uri, paths = json.loads(found.stdout.splitlines()[-1])
    assert uri.startswith("mlflow-artifacts:/")
    assert sorted(paths) == ["lineage/report.html", "tdsec/lineage.intoto.json"]
    assert tags["tdsec.state"] == "verified"
    starts = [one["target"] for one in served.events("run.start")]
    assert starts.count(run_id) == 1 and len(starts) == 2
    shown = served.tdsec("lineage", run_id)
    assert shown.returncode == 0 and "VERIFIED" in shown.stdout
