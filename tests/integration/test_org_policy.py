"""An org policy in the repository, from git's configuration, on the server: loosening it stops all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from workshops import POLICY, Workshop

from tdsec_gov.cli.receive import receive
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.repo.git import Git

ORG = """\
format: 1
datasets:
  - match: "**"
    checks: {source: {min_trust: curated}}
    verdict_days: 90
"""
LOOSE = POLICY.replace("format: 1\n", "format: 1\nextends: policies/org.yaml\n").replace(
    "checks: {source: {}}\n", "checks: {source: {min_trust: raw}}\n    verdict_days: 365\n", 1
)


def test_a_repository_that_loosens_its_org_policy_is_stopped_with_every_place(pushed: Workshop) -> None:
    before = pushed.git("rev-parse", "HEAD").out.strip()
    (pushed.root / "policies/org.yaml").write_text(ORG)
    (pushed.root / "policies/policy.yaml").write_text(LOOSE)
    for words in (("check", "data/rows.csv"), ("verify", "data/rows.csv")):
        answer = pushed.tdsec(*words)
        assert answer.code == 12
        assert "min_trust" in answer.err and "verdict_days" in answer.err and "2 places" in answer.err
    assert pushed.dvc("push").code != 0
    pushed.git("add", "-A")
    assert pushed.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "looser").code == 0
    head = pushed.git("rev-parse", "HEAD").out.strip()
    found = receive(Git.server(pushed.root), [f"{before} {head} refs/heads/main"], dt.datetime.now(dt.UTC))
    assert found and all(isinstance(one.error, PolicyInvalid) for one in found)


def test_git_configuration_names_one_from_outside(pushed: Workshop, tmp_path: Path) -> None:
    """What was checked without it has to be checked again, and the repository may not be looser."""
    place = tmp_path / "company.yaml"
    place.write_text(ORG)
    assert pushed.git("config", "tdsec.orgPolicy", str(place)).code == 0
    again = pushed.tdsec("check", "data/rows.csv")
    assert again.code == 0 and "unchanged since" not in again.out
    known = pushed.tdsec("check", "data/rows.csv")
    assert known.code == 0 and "unchanged since" in known.out
    place.write_text(ORG + "# another version\n")
    changed = pushed.tdsec("check", "data/rows.csv")
    assert changed.code == 0 and "unchanged since" not in changed.out
    place.unlink()
    assert pushed.tdsec("check", "data/rows.csv").code == 12
