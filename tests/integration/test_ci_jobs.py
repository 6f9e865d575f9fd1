"""The jobs that ``tdsec init --ci`` writes: valid, and their script refuses what the hooks let through."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from workshops import Answer, Workshop, call


def script_of(shop: Workshop, host: str) -> str:
    assert shop.tdsec("init", "--ci", host).code == 0
    place = {"github": ".github/workflows/tdsec.yml", "gitlab": ".gitlab/tdsec.yml"}[host]
    assert place in shop.git("diff", "--cached", "--name-only").out
    body: dict[str, Any] = yaml.safe_load((shop.root / place).read_text("utf-8"))
    if host == "gitlab":
        text: str = body["tdsec"]["script"][-1]
        return text
    steps = body["jobs"]["verify"]["steps"]
    assert steps[0]["with"]["fetch-depth"] == 0
    last: str = steps[-1]["run"]
    return last


def run_job(shop: Workshop, script: str, before: str, after: str = "HEAD") -> Answer:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "BEFORE": before, "AFTER": after}
    return call(["sh", "-e", "-c", script], shop.root, env)


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_job_refuses_what_went_round_the_hooks(workshop: Workshop, host: str) -> None:
    script = script_of(workshop, host)
    assert workshop.commit("ci", "--no-verify").code == 0
    start = workshop.git("rev-parse", "HEAD").out.strip()
    workshop.track("data/rows.csv", b"id\n1\n")
    assert workshop.tdsec("check", "--all").code == 0
    assert workshop.commit("good", "--no-verify").code == 0
    good = run_job(workshop, script, start)
    assert good.code == 0 and "1 of 1 versions verified" in good.out, good.err
    workshop.track("data/other.csv", b"id\n2\n")
    assert workshop.commit("round", "--no-verify").code == 0
    for before in (start, "0" * 40, "", "1" * 40):
        bad = run_job(workshop, script, before)
        assert bad.code == 11 and "no verdict covers this version" in bad.err, (before, bad.err)


def test_a_second_time_changes_nothing(workshop: Workshop) -> None:
    script_of(workshop, "github")
    (workshop.root / ".github/workflows/tdsec.yml").write_text("name: mine\n", "utf-8")
    assert "Nothing to do" in workshop.tdsec("init", "--ci", "github").out
    assert (workshop.root / ".github/workflows/tdsec.yml").read_text("utf-8") == "name: mine\n"
