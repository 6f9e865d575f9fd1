"""More than one signature: vault, verify and the server accept no less than the rule asks for."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from workshops import POLICY, Workshop, living_as, person

from tdsec_gov.cli.receive import receive
from tdsec_gov.domain.findings import Status
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.repo.git import Git
from tdsec_gov.verdicts.statement import from_statement, to_statement

TWO = """\
  - match: "data/**"
    source: my-source
    checks: {source: {}}
    signers: {all: [{roles: [admin]}, {roles: [ci]}]}
"""
ROWS = b"id,label\n1,0\n2,1\n"


@pytest.fixture
def checked(workshop: Workshop) -> tuple[Workshop, dict[str, str]]:
    """``data/x.csv`` checked by alice and committed, where CI has to sign, too."""
    env = person(workshop, "robot")
    access = workshop.root / "policies/access.yaml"
    text = access.read_text().replace("roles: []\n", "roles: [ci]\n")
    access.write_text(text.replace("roles:\n", "roles:\n  ci: {}\n", 1))
    (workshop.root / "policies/policy.yaml").write_text(POLICY + TWO)
    assert workshop.commit("rules").code == 0
    workshop.track("data/x.csv", ROWS)
    done = workshop.tdsec("check", "data/x.csv")
    assert done.code == 0 and "awaits a signature of role ci" in done.out
    assert workshop.commit("data").code == 0
    return workshop, env


def signatures(shop: Path) -> int:
    envelope = next((shop / ".tdsec/verdicts").rglob("*.intoto.jsonl")).read_bytes()
    return len(Envelope.from_bytes(envelope).signatures)


def test_one_signature_is_not_enough_anywhere(checked: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = checked
    assert shop.tdsec("verify", "data/x.csv").code == 11
    assert shop.tdsec("run", "--data", "data/x.csv", "--", "true").code == 11
    refused = shop.dvc("push")
    assert refused.code != 0 and "too few trusted signatures" in refused.err
    assert not shop.objects()
    old, new = shop.git("rev-parse", "HEAD~1", "HEAD").out.split()
    line = f"{old} {new} refs/heads/main"
    found = receive(Git.server(shop.root), [line], dt.datetime.now(dt.UTC))
    assert [one.error.code for one in found if one.error] == ["signer-untrusted"]
    again = json.loads(shop.tdsec("--json", "check", "data/x.csv").out)["verdicts"][0]
    assert again["cached"] and again["awaits"] == ["role ci"]  # it is not run again for nothing
    same = shop.tdsec("cosign", "data/x.csv")  # by the same person
    assert same.code == 0 and signatures(shop.root) == 1
    with living_as(env):
        assert shop.tdsec("cosign", "data/x.csv").code == 0
    assert signatures(shop.root) == 2
    assert shop.tdsec("verify", "data/x.csv").code == 0
    assert shop.dvc("push").code == 0
    assert shop.objects()


def test_ci_signs_in_a_clone(checked: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = checked
    clone = shop.clone("ci")
    assert shop.dvc("cache", "dir", "--local", str(shop.root / ".dvc/cache"), folder=clone).code == 0
    first = shop.git("rev-list", "--max-parents=0", "HEAD").out.strip()
    with living_as(env):
        looked = shop.tdsec("check", "--range", f"{first}..HEAD", folder=clone)
        assert looked.code == 0, looked.err
        assert not shop.git("status", "--porcelain", folder=clone).out.strip()
        signed = shop.tdsec("check", "--range", f"{first}..HEAD", "--sign", folder=clone)
        assert signed.code == 0, signed.err
        assert signatures(clone) == 2
        assert shop.tdsec("verify", "--range", f"{first}..HEAD", folder=clone).code == 11  # not committed
        shop.git("add", "-A", folder=clone)
        assert shop.git("commit", "-q", "--no-verify", "-m", "signed", folder=clone).code == 0
        assert shop.tdsec("verify", "--range", f"{first}..HEAD", folder=clone).code == 0
        old = shop.tdsec("check", "--range", f"{first}..HEAD~1", folder=clone)
        assert old.code == 2 and "checked out" in old.err
    assert shop.git("pull", "-q", str(clone), "main").code == 0
    assert shop.dvc("push").code == 0


def test_another_answer_is_not_signed(checked: tuple[Workshop, dict[str, str]]) -> None:
    """Alice's verdict says that the check passed; at CI it does not, because she signed something else."""
    shop, env = checked
    file = next((shop.root / ".tdsec/verdicts").rglob("*.intoto.jsonl"))
    said = from_statement(Envelope.from_bytes(file.read_bytes()).payload)
    results = tuple(replace(one, status=Status.WARNED) for one in said.results)
    lie = replace(said, result=Status.WARNED, results=results)
    file.write_bytes(Envelope.sign(to_statement(lie), *load_identity().signers).to_bytes())
    with living_as(env):
        refused = shop.tdsec("cosign", "data/x.csv")
    assert refused.code == 10
    assert "check source: signed WARNED" in refused.err and "result: signed WARNED" in refused.err
    assert signatures(shop.root) == 1


def test_somebody_without_the_role_cannot_complete_it(checked: tuple[Workshop, dict[str, str]]) -> None:
    shop, _ = checked
    env = person(shop, "eve")
    with living_as(env):
        assert shop.tdsec("cosign", "data/x.csv").code == 11
    assert signatures(shop.root) == 1


def test_a_member_whose_signature_does_not_count_may_commit(checked: tuple[Workshop, dict[str, str]]) -> None:
    """The rule leaves the verdict to CI: the hook runs the gate, signs nothing, and CI signs the range."""
    shop, env = checked
    policy = shop.root / "policies/policy.yaml"
    policy.write_text(POLICY + TWO.replace("{all: [{roles: [admin]}, {roles: [ci]}]}", "{roles: [ci]}"))
    shop.track("data/y.csv", ROWS)
    shop.git("add", "policies", "data/y.csv.dvc", "data/.gitignore")
    hook = shop.tdsec("check", "--stage", "pre-commit")
    assert hook.code == 0 and "awaits a signature of role ci" in hook.out, hook.err
    assert shop.git("commit", "-q", "--no-verify", "-m", "left to ci").code == 0
    with living_as(env):
        signed = shop.tdsec("check", "--range", "HEAD~1..HEAD", "--sign")
    assert signed.code == 0, signed.err
    assert shop.tdsec("verify", "data/y.csv").code == 0


def test_a_push_of_a_branch_lets_the_others_see_it(checked: tuple[Workshop, dict[str, str]]) -> None:
    shop, _ = checked
    head = shop.git("rev-parse", "HEAD").out.strip()
    hook = shop.tdsec("check", "--stage", "pre-push", stdin=f"refs/heads/x {head} refs/heads/x {'0' * 40}\n")
    assert hook.code == 0 and "awaits a signature" in hook.out
