"""A small Opacus run: epsilon per epoch, the ledger, and the budget that stops the next run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from mlflow_support import ROWS, Lab, make_lab

SCRIPT = """\
import json, sys
import mlflow, torch
from opacus import PrivacyEngine

torch.manual_seed(0)
x = torch.randn(200, 4)
y = (x[:, 0] > 0).long()

def fit(accountant, **more):
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = torch.utils.data.TensorDataset(x, y)
    engine = PrivacyEngine(accountant=accountant)
    model, optimizer, loader = engine.make_private(
        module=model, optimizer=optimizer, data_loader=torch.utils.data.DataLoader(data, batch_size=20),
        noise_multiplier=1.0, max_grad_norm=1.5, **more)
    with mlflow.start_run() as run:
        for _ in range(2):
            for features, labels in loader:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(features), labels).backward()
                optimizer.step()
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "dp_epsilon")
    run = mlflow.get_run(run.info.run_id)
    return {"own": float(engine.get_epsilon(1e-5)), "params": run.data.params, "tags": run.data.tags,
            "logged": [[one.step, one.value] for one in history]}

out = {name: fit(name) for name in ("prv", "rdp")}
out["shuffled"] = fit("rdp", poisson_sampling=False) if "shuffled" in sys.argv else None
try:
    fit("gdp")
except Exception as exc:
    out["gdp"] = [type(exc).__name__, str(exc)]
json.dump(out, open(sys.argv[1], "w"))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = make_lab(tmp_path_factory.mktemp("privacy"))
    made.add("data/train.csv", ROWS)
    made.approve("data/train.csv")
    (made.root / "private.py").write_text(SCRIPT)
    yield made


@pytest.fixture(scope="module")
def out(lab: Lab) -> dict[str, Any]:
    path = lab.home / "out.json"
    arguments = ("-W", "ignore", "private.py", str(path), "shuffled")
    found = lab.tdsec("run", "--data", "data/train.csv", "--", sys.executable, *arguments)
    assert found.returncode == 0, found.stderr
    result: dict[str, Any] = json.loads(path.read_text())
    return result


@pytest.mark.parametrize("accountant", ["prv", "rdp"])
def test_epsilon_per_epoch_equals_the_users_own(out: dict[str, Any], accountant: str) -> None:
    one = out[accountant]
    assert [step for step, _ in one["logged"]] == [1, 2]
    assert one["logged"][1][1] == pytest.approx(one["own"], rel=1e-12)
    assert 0 < one["logged"][0][1] < one["logged"][1][1]
    params = {key: value for key, value in one["params"].items() if key.startswith("dp.")}
    assert params.pop("dp.sampling") == "poisson" and params.pop("dp.dataset_size") == "200"
    assert params == {
        "dp.noise_multiplier": "1.0",
        "dp.max_grad_norm": "1.5",
        "dp.delta": "1e-05",
        "dp.accountant": accountant,
        "dp.sample_rate": "0.1",
    }
    assert float(one["tags"]["tdsec.dp.epsilon"]) == pytest.approx(one["own"], rel=1e-5)


def test_gdp_is_refused(out: dict[str, Any]) -> None:
    assert out["gdp"][0] == "ConfigurationError" and "understates" in out["gdp"][1]


def test_no_epsilon_is_claimed_without_poisson_sampling(out: dict[str, Any]) -> None:
    assert out["shuffled"]["logged"] == []
    assert "tdsec.dp.epsilon" not in out["shuffled"]["tags"]


def test_the_ledger_adds_up_and_the_budget_stops_the_next_run(lab: Lab, out: dict[str, Any]) -> None:
    spends = [one["details"]["spend"] for one in lab.events("privacy.spend")]
    assert [one["epsilon"] for one in spends[:2]] == [out["prv"]["own"], out["rdp"]["own"]]
    assert spends[2]["epsilon"] is None
    assert [event["steps"] for one in spends for event in one["events"]] == [20, 20, 20]
    shown = lab.tdsec("--json", "privacy", "budget", "data/train.csv")
    body = json.loads(shown.stdout)
    assert shown.returncode == 1 and body["datasets"][0]["epsilon"] is None
    (lab.root / "touch.py").write_text("open('started', 'w').write('x')\n")
    refused = lab.tdsec("run", "--", sys.executable, "touch.py")
    assert refused.returncode == 1 and "budget" in refused.stderr
    assert not (lab.root / "started").exists()
