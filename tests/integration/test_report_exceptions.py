"""What the report says of waivers, of signatures that are missing, and of all that a source record states."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workshops import POLICY, SOURCES, Workshop, isolated, living_as, living_in, person

NAME = "bad/x.csv"
RULES = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
    waivers: {checks: [source], roles: [steward], max_days: 30, not_by_committer: true}
"""
PLAIN = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
"""
TWO = "    signers: {all: [{roles: [admin]}, {roles: [steward]}]}\n"
REASON = "accepted <b>until</b> the contract is signed"
SOON = (dt.datetime.now(dt.UTC) + dt.timedelta(days=7)).date().isoformat()


@pytest.fixture(scope="module")
def denied_template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The gate denied ``bad/x.csv``, which alice brought; bob is a steward."""
    shop = workshop_template.copy_to(tmp_path_factory.mktemp("reported"))
    with living_in(shop.base):
        person(shop, "bob")
        access, policy = shop.root / "policies/access.yaml", shop.root / "policies/policy.yaml"
        text = access.read_text().replace("roles: []\n", "roles: [steward]\n")
        access.write_text(text.replace("roles:\n", "roles:\n  steward: {}\n", 1))
        policy.write_text(POLICY.replace(PLAIN, RULES))
        assert shop.commit("people").code == 0
        shop.track(NAME, b"id,label\n1,0\n2,1\n")
        assert shop.tdsec("check", NAME).code == 1
    return shop


@pytest.fixture
def shop(denied_template: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    with living_in(tmp_path):
        yield denied_template.copy_to(tmp_path)


def waive(shop: Workshop, *more: str) -> None:
    with living_as(isolated(shop.base, "bob")):
        done = shop.tdsec("waive", NAME, "source", "--reason", REASON, *(more or ("--until", SOON)))
    assert done.code == 0, done.err


def report(shop: Workshop) -> dict[str, Any]:
    done = shop.tdsec("report", NAME, "--format", "json")
    assert done.code == 0, done.err
    body: dict[str, Any] = json.loads(done.out)
    return body


def test_an_accepted_version_names_the_waiver_it_stands_on(shop: Workshop) -> None:
    waive(shop)
    assert shop.tdsec("check", NAME).code == 0
    body = report(shop)
    version, waiver = body["versions"][-1], body["waivers"][0]
    assert (waiver["what"], waiver["approver"], waiver["state"]) == ("source", "bob", "holds")
    assert waiver["reason"] == REASON and waiver["expires"].startswith(SOON)
    assert waiver["used_by"] == [version["sha256"]] and version["waivers"] == [waiver]
    assert not any("waiver" in one for one in body["findings"])
    text = shop.tdsec("report", NAME).out
    assert f"stands on: source, waived by bob until {SOON}: {REASON}" in text
    page = shop.tdsec("report", NAME, "--format", "html").out
    assert "accepted &lt;b&gt;until" in page and "<b>until" not in page
    assert "1 of 1 waiver can be built on now" in page


def test_a_waiver_that_was_taken_back_or_is_gone_asks_for_attention(shop: Workshop) -> None:
    waive(shop)
    assert shop.tdsec("check", NAME).code == 0
    waive(shop, "--revoke")
    body = report(shop)
    assert body["versions"][-1]["waivers"][0]["state"] == "revoked"
    assert any("no longer counts (revoked)" in one for one in body["findings"])
    shutil.rmtree(shop.root / ".tdsec/waivers")
    body = report(shop)
    assert [(one["state"], one["approver"]) for one in body["waivers"]] == [("gone", "bob")]
    assert any("no longer counts (gone)" in one for one in body["findings"])


def test_an_orphaned_waiver_is_named(shop: Workshop) -> None:
    waive(shop)
    for verdict in shop.verdicts():
        verdict.unlink()
    body = report(shop)
    assert [one["state"] for one in body["waivers"]] == ["orphaned"]
    assert any("is orphaned" in one for one in body["findings"])
    assert "orphaned" in shop.tdsec("report", NAME).out


def test_a_version_that_waits_for_a_signature_is_no_broken_verdict(shop: Workshop) -> None:
    policy = shop.root / "policies/policy.yaml"
    text = policy.read_text().replace("min_trust: internal", "min_trust: curated")
    policy.write_text(text.replace("    waivers: {checks: [source]", f"{TWO}    waivers: {{checks: [source]"))
    assert shop.tdsec("check", NAME).code == 0
    body = report(shop)
    assert body["signatures"]["asked"] == "2 signatures: role admin, role steward"
    (waiting,) = body["signatures"]["awaiting"]
    assert waiting["lacking"] == ["role steward"] and waiting["result"] == "PASSED"
    assert body["unverified_verdicts"] == [] and body["versions"] == []
    assert any("still lacks a signature of role steward: tdsec cosign" in one for one in body["findings"])
    assert "waits for role steward" in shop.tdsec("report", NAME).out
    assert "Still lacks" in shop.tdsec("report", NAME, "--format", "html").out
    with living_as(isolated(shop.base, "bob")):
        assert shop.tdsec("cosign", NAME).code == 0
    body = report(shop)
    assert body["signatures"]["awaiting"] == [] and len(body["versions"]) == 1


def test_the_whole_source_record_is_in_the_report(shop: Workshop) -> None:
    more = "    transfers: [{country: US, safeguard: SCC}]\n    known_bias: <i>urban</i> only\n"
    (shop.root / "policies/sources.yaml").write_text(SOURCES + more)
    body = report(shop)
    assert body["source"]["transfers"] == "US (SCC)" and body["source"]["labelling"] == "not stated"
    text = shop.tdsec("report", NAME).out
    assert "US (SCC)" in text and "not stated: acquired by" in text
    page = shop.tdsec("report", NAME, "--format", "html").out
    assert "&lt;i&gt;urban&lt;/i&gt; only" in page and "<i>urban" not in page
