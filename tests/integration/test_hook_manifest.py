"""Our .pre-commit-hooks.yaml as another repository uses it: pre-commit builds the environment itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workshops import Workshop

from tdsec_gov.repo.stages import STAGES

PROJECT = Path(__file__).parents[2]


@pytest.mark.slow
def test_hooks_from_a_repository_at_a_revision(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip("the tests do not run in a git clone of the project")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(workshop.base / "pre-commit"))
    hooks = "[{id: tdsec-check}, {id: tdsec-guard}, {id: tdsec-reminder}]"
    text = f"repos:\n- repo: {PROJECT}\n  rev: {found.stdout.strip()}\n  hooks: {hooks}\n"
    workshop.write(".pre-commit-config.yaml", text.encode())
    for stage in STAGES:
        (workshop.root / ".git/hooks" / stage).unlink()
    types = [word for stage in STAGES for word in ("--hook-type", stage)]
    made = subprocess.run(
        ["pre-commit", "install", "--install-hooks", *types],
        cwd=workshop.root,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    workshop.track("data/rows.csv", b"id\n1\n")
    workshop.git("add", "-A")
    done = workshop.git("-c", "gc.auto=0", "commit", "-q", "-m", "data")
    assert done.code == 0, done.out + done.err
    assert "data/rows.csv" in workshop.git("ls-files", ".tdsec/verdicts").out
    workshop.track("mail/people.csv", b"mail\n" + b"".join(b"p%d@example.com\n" % n for n in range(50)))
    workshop.git("add", "-A")
    refused = workshop.git("-c", "gc.auto=0", "commit", "-q", "-m", "mail")
    assert refused.code != 0 and "FAILED  pii" in refused.out + refused.err
