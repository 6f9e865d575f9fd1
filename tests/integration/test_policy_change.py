"""A verdict is good for the policy it was given under: softening, checking and tightening gains nothing."""

from __future__ import annotations

import json

from workshops import POLICY, Workshop

SOFT = POLICY.replace("pii: {mode: block}", "pii: {mode: warn}")
MAIL = b"id,mail\n" + b"".join(b"%d,person%d@example.org\n" % (n, n) for n in range(60))


def soften_check_tighten(shop: Workshop) -> None:
    policy = shop.root / "policies" / "policy.yaml"
    shop.track("mail/people.csv", MAIL)
    assert shop.tdsec("check", "mail/people.csv").code == 1
    policy.write_text(SOFT)
    assert shop.tdsec("check", "mail/people.csv").code == 0
    policy.write_text(POLICY)


def test_push_refuses_a_verdict_given_under_a_softer_policy(workshop: Workshop) -> None:
    soften_check_tighten(workshop)
    pushed = workshop.dvc("push")
    assert pushed.code != 0
    assert any("another policy" in line and "tdsec check mail/people.csv" in line for line in pushed.lines)
    assert not list(workshop.storage.rglob("*/objects/*/*"))


def test_range_refuses_a_verdict_given_under_a_softer_policy(workshop: Workshop) -> None:
    before = workshop.git("rev-parse", "HEAD").out.strip()
    soften_check_tighten(workshop)
    workshop.git("add", "-A")
    assert workshop.git("commit", "-q", "--no-verify", "-m", "softened meanwhile").code == 0
    answer = workshop.tdsec("--json", "verify", "--range", f"{before}..HEAD")
    assert answer.code == 11
    assert "another policy" in json.loads(answer.out)["evidence"][0]["error"]["message"]


def test_a_range_that_only_changes_the_policy_asks_every_standing_version(pushed: Workshop) -> None:
    before = pushed.git("rev-parse", "HEAD").out.strip()
    tightened = POLICY.replace("checks: {source: {}}\n", "checks: {source: {min_trust: curated}}\n", 1)
    (pushed.root / "policies" / "policy.yaml").write_text(tightened)
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "tighter").code == 0
    answer = pushed.tdsec("verify", "--range", f"{before}..HEAD")
    assert answer.code == 11
    assert pushed.tdsec("check", "--all").code == 0
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "checked again").code == 0
    assert pushed.tdsec("verify", "--range", f"{before}..HEAD").code == 0


def test_what_was_pushed_under_the_old_policy_can_still_be_pulled(pushed: Workshop) -> None:
    policy = pushed.root / "policies" / "policy.yaml"
    policy.write_text(POLICY.replace("checks: {source: {}}\n", "checks: {source: {min_trust: curated}}\n", 1))
    wanted = (pushed.root / "data" / "rows.csv").read_bytes()
    (pushed.root / "data" / "rows.csv").unlink()
    for cached in (pushed.root / ".dvc" / "cache").rglob("*"):
        if cached.is_file():
            cached.unlink()
    pulled = pushed.dvc("pull", "data/rows.csv")
    assert pulled.code == 0, pulled.err
    assert (pushed.root / "data" / "rows.csv").read_bytes() == wanted
