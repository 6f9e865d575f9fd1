"""Attacks on the gate, each of which once went through."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from workshops import POLICY, Workshop, person

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.perfile import _key
from tdsec_gov.cli.formats.sarif import _plain
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.policy.models import DatasetRule, OrgRule, Waivers
from tdsec_gov.policy.org import outside
from tdsec_gov.policy.tighten import tightened
from tdsec_gov.verdicts.statement import from_statement, to_statement

ROWS = b"id,label\n1,0\n2,1\n"
TWO = """\
  - match: "data/**"
    source: my-source
    checks: {source: {}}
    signers: {all: [{roles: [admin]}, {roles: [ci]}]}
"""


@pytest.mark.parametrize("stages", [False, True])
def test_a_pointer_that_is_a_link_is_refused(workshop: Workshop, stages: bool) -> None:
    """git shows where the link leads (``{}``: an empty mapping), DVC follows it to another pointer."""
    workshop.track("data/x.csv", ROWS)
    pointer = workshop.root / "data/x.csv.dvc"
    (workshop.root / "data/{}").write_bytes(pointer.read_bytes())
    pointer.unlink()
    link = workshop.root / ("data/dvc.lock" if stages else "data/x.csv.dvc")
    link.symlink_to("{}")
    workshop.git("add", "-A")
    guarded = workshop.tdsec("check", "--stage", "prepare-commit-msg")
    assert guarded.code != 0 and "symbolic link" in guarded.err
    assert workshop.git("commit", "-q", "-m", "unseen", "--no-verify").code == 0
    shared = workshop.tdsec("verify", "--range", "HEAD~1..HEAD")
    assert shared.code != 0 and "symbolic link" in shared.err


def test_whoever_begins_a_verdict_cannot_leave_out_the_version_before(workshop: Workshop) -> None:
    """Alice gives the second version the sequence of the first: then nothing is compared with it."""
    env = person(workshop, "robot")
    access = workshop.root / "policies/access.yaml"
    text = access.read_text().replace("roles: []\n", "roles: [ci]\n")
    access.write_text(text.replace("roles:\n", "roles:\n  ci: {}\n", 1))
    (workshop.root / "policies/policy.yaml").write_text(POLICY + TWO)

    def cosign() -> int:
        before = dict(os.environ)
        os.environ.update(env)
        try:
            return workshop.tdsec("cosign", "data/x.csv").code
        finally:
            os.environ.clear()
            os.environ.update(before)

    workshop.track("data/x.csv", ROWS)
    assert workshop.tdsec("check", "data/x.csv").code == 0
    assert cosign() == 0
    first = set((workshop.root / ".tdsec/verdicts").rglob("*.intoto.jsonl"))
    workshop.track("data/x.csv", ROWS + b"3,1\n")
    assert workshop.tdsec("check", "data/x.csv").code == 0
    (second,) = set((workshop.root / ".tdsec/verdicts").rglob("*.intoto.jsonl")) - first
    said = from_statement(Envelope.from_bytes(second.read_bytes()).payload)
    lie = replace(said, sequence=1, previous=None)
    second.write_bytes(Envelope.sign(to_statement(lie), *load_identity().signers).to_bytes())
    assert cosign() == 10
    assert workshop.tdsec("verify", "data/x.csv").code == 11
    second.write_bytes(Envelope.sign(to_statement(said), *load_identity().signers).to_bytes())
    assert cosign() == 0


def test_an_orgs_rules_on_waivers_hold_where_only_errors_are_waived() -> None:
    org = OrgRule(
        match="**", waivers=Waivers(errors=("files",), roles=("security",), threshold=2, max_days=7)
    )
    alone = Waivers(errors=("files",), max_days=366, not_by_committer=False)
    rule = DatasetRule(match="**", waivers=alone)
    _, faults = tightened(rule, org, Waivers(), frozenset({"waivers"}))
    assert [one.partition(":")[0] for one in faults] == [
        "waivers.roles",
        "waivers.threshold",
        "waivers.max_days",
        "waivers.not_by_committer",
    ]


def test_names_that_begin_with_dots_share_no_memory() -> None:
    """``..json`` has a suffix for some, ``json`` for nobody: one says nothing of the other."""

    def key(name: str) -> str:
        file = DataFile(name, Path("/nowhere"), 1, "0" * 64)
        return _key(hashlib.sha256(), file)

    names = ["json", "..json", ".json", "..csv", "a.json", "x/.csv", ".gitkeep"]
    assert len({key(one) for one in names}) == len(names)
    assert key("a/b.JSON") == key("c.json")


def test_a_broken_git_configuration_is_no_way_round_the_org_policy(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TDSEC_ORG_POLICY", raising=False)
    assert outside(workshop.root) is None
    workshop.git("config", "tdsec.orgPolicy", "~nobody-of-this-name/org.yaml")
    with pytest.raises(PolicyInvalid):
        outside(workshop.root)


def test_a_column_is_no_link_in_a_sarif_log() -> None:
    assert "](" not in _plain("[click here](https://example.org)")
