"""Review requests with real git and DVC: a version that is not accepted, shown to who may decide."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from reviewing import BAD, REASON, Team, prepare
from workshops import FOLDER, Workshop, living_in


@pytest.fixture(scope="module")
def template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return prepare(workshop_template.copy_to(tmp_path_factory.mktemp("review")))


@pytest.fixture
def team(template: Workshop, tmp_path: Path) -> Iterator[Team]:
    with living_in(tmp_path):
        yield Team(template.copy_to(tmp_path))


def test_a_steward_waives_a_denied_version_that_is_nowhere_in_git(team: Team) -> None:
    shop = team.shop
    before = shop.git("rev-parse", "HEAD").out
    id = team.denied()
    assert {path.name[:7] for path in team.request(id).iterdir()} == {"bytes.a", "request"}
    listed = team.as_("bob", "review", "list")
    assert id in listed.out and "from alice" in listed.out and "source: FAILED, TDS" in listed.out
    taken = team.as_("bob", "--json", "review", "take", id[:8])
    assert taken.code == 0, taken.err
    at = Path(json.loads(taken.out)["files_at"])
    assert at.read_bytes() == BAD and at.is_relative_to(team.clone("bob") / ".git")
    assert not shop.git("status", "--porcelain", folder=team.clone("bob")).out
    waived = team.waive(id)
    assert waived.code == 0, waived.err
    assert not (team.clone("bob") / ".tdsec/waivers").exists()
    assert shop.tdsec("check", "bad/x.csv").code == 1  # nothing has come back yet
    fetched = shop.tdsec("review", "fetch-answers")
    assert fetched.code == 0 and "bob accepted" in fetched.out, fetched.err
    assert "nothing new" in shop.tdsec("review", "fetch-answers").out
    assert shop.git("rev-parse", "HEAD").out == before
    checked = shop.tdsec("check", "bad/x.csv")
    assert checked.code == 0 and "WARNED" in checked.out
    shop.git("add", "-A")
    done = shop.git("commit", "-q", "-m", "with waiver")
    assert done.code == 0, done.err
    assert shop.dvc("push").code == 0
    assert shop.tdsec("review", "close", id[:12]).code == 0
    assert not team.request(id).exists()
    assert team.as_("bob", "review", "close", id).code == 0  # forgets what was taken
    assert not at.exists()
    for who, steps in (("alice", {"send", "fetch", "close"}), ("bob", {"take", "answer"})):
        log = (
            shop.tdsec("--json", "audit", "log")
            if who == "alice"
            else team.as_(who, "--json", "audit", "log")
        )
        assert set(re.findall(r'"step": ?"(\w+)"', log.out)) >= steps


def test_a_second_person_signs_before_anything_is_pushed(team: Team) -> None:
    shop = team.shop
    shop.track("two/f", FOLDER)
    assert "awaits a signature of role second" in shop.tdsec("check", "two/f").out
    assert shop.commit("awaiting", "--no-verify").code == 0
    assert shop.dvc("push").code != 0
    id = team.send("two/f")
    out = shop.base / "look"
    taken = team.as_("carol", "review", "take", id, "--out", out)
    assert taken.code == 0 and f"tdsec cosign --review {id[:12]}" in taken.out, taken.err
    shown = {
        p.relative_to(out / "f").as_posix(): p.read_bytes() for p in (out / "f").rglob("*") if p.is_file()
    }
    assert shown == FOLDER
    signed = team.as_("carol", "cosign", "--review", id)
    assert signed.code == 0, signed.err
    assert not shop.git("status", "--porcelain", "--", ".tdsec/verdicts", folder=team.clone("carol")).out
    fetched = shop.tdsec("review", "fetch-answers", id)
    assert fetched.code == 0, fetched.err
    assert shop.tdsec("verify", "two/f").code == 0
    pushed = shop.dvc("push")
    assert pushed.code == 0, pushed.err
    again = shop.tdsec("review", "send", "two/f")
    assert again.code == 2 and "nothing to decide" in again.err


def test_a_second_person_compares_with_the_version_before(team: Team) -> None:
    """The version before lies in the reviewer's own cache, which the gate at the desk can see."""
    shop = team.shop
    policy = shop.root / "policies/policy.yaml"
    policy.write_text(
        policy.read_text().replace(
            "checks: {source: {}}\n    signers",
            "checks: {source: {}, poisoning: {label: label}}\n    signers",
        )
    )
    rows = b"id,label,x\n" + b"".join(b"%d,%d,%d\n" % (n, n % 2, n % 2 * 9) for n in range(300))
    ids = []
    for number, data in enumerate((rows, rows + b"300,0,0\n")):
        shop.track("two/x.csv", data)
        checked = shop.tdsec("check", "two/x.csv")
        assert checked.code == 0, checked.out
        assert shop.commit(f"version {number}").code == 0
        clone = team.clone("carol")
        assert shop.git("checkout", "-q", "--", ".tdsec/checkpoint", folder=clone).code == 0
        assert shop.git("pull", "-q", "--ff-only", folder=clone).code == 0
        assert shop.dvc("cache", "dir", "--local", str(shop.base / "carols-cache"), folder=clone).code == 0
        ids.append(team.send("two/x.csv"))
        assert team.as_("carol", "review", "take", ids[-1]).code == 0
        signed = team.as_("carol", "cosign", "--review", ids[-1])
        if number:  # the version before is not there yet
            assert signed.code == 10 and "poisoning" in signed.err
            oid = shop.store(rows)
            there = shop.base / "carols-cache/files/md5" / oid[:2] / oid[2:]
            there.parent.mkdir(parents=True)
            there.write_bytes(rows)
            signed = team.as_("carol", "cosign", "--review", ids[-1])
        assert signed.code == 0, signed.err
        assert shop.tdsec("review", "fetch-answers", ids[-1]).code == 0
        assert shop.tdsec("verify", "two/x.csv").code == 0
        assert shop.commit(f"signed {number}").code == 0


def test_a_reviewer_says_no(team: Team) -> None:
    id = team.denied()
    assert team.as_("bob", "review", "answer", id, "--reject", "--reason", REASON).code == 2  # not taken
    assert team.as_("bob", "review", "take", id).code == 0
    assert team.as_("bob", "review", "answer", id, "--accept").code == 2  # nothing signed
    assert team.as_("bob", "review", "answer", id, "--reject").code == 2  # no reason
    said = team.as_("bob", "review", "answer", id, "--reject", "--reason", "the licence is unclear")
    assert said.code == 0, said.err
    assert "answers of: bob" in team.shop.tdsec("review", "list").out
    fetched = team.shop.tdsec("review", "fetch-answers")
    assert fetched.code == 0 and "bob rejected" in fetched.out and "licence" in fetched.out
    assert not (team.shop.root / ".tdsec/waivers").exists()


def test_only_those_who_are_asked_can_open_it(team: Team) -> None:
    """Neither another member, nor the readers of the vault; and nobody who cannot decide is asked."""
    id = team.denied()
    refused = team.as_("carol", "review", "take", id)
    assert refused.code == 1 and "not among those" in refused.err
    assert team.as_("carol", "review", "close", id).code == 1 and team.request(id).exists()
    assert "1 for others" in team.as_("carol", "review", "list").out
    log = team.as_("carol", "--json", "audit", "log").out
    assert '"access-denied"' in log
    data = b"".join(path.read_bytes() for path in team.request(id).iterdir())
    assert BAD not in data and b"bad/x.csv" not in data
    stranger = team.shop.tdsec("review", "send", "bad/x.csv", "--to", "dave")
    assert stranger.code == 1 and "dave" in stranger.err
    assert team.shop.tdsec("review", "send", "bad/x.csv", "--to", "nobody").code == 2
    assert team.shop.tdsec("review", "send", "bad/x.csv", "--to", "alice").code == 2


def test_dvc_and_upkeep_take_it_for_what_it_is(team: Team) -> None:
    shop = team.shop
    shop.track("data/y.csv", b"id,label\n7,0\n")
    assert shop.tdsec("check", "data/y.csv").code == 0
    assert shop.commit("data").code == 0
    assert shop.dvc("push").code == 0
    id = team.denied()
    looked = json.loads(shop.tdsec("--json", "vault", "verify").out)
    assert looked["counts"]["review"] == 2 and "foreign" not in looked["counts"]
    assert [one["code"] for one in looked["bad"]] == ["gate-denied"]  # the pointer here, not the request
    assert looked["notes"] == []
    listed = json.loads(shop.tdsec("--json", "vault", "gc", "--older-than", "0").out)
    assert listed["garbage"] == [] and listed["foreign"] == 0
    request = next(team.request(id).glob("request-*.age"))
    request.rename(request.with_name("request-20200101.age"))  # its day is over, says its name
    listed = json.loads(shop.tdsec("--json", "vault", "gc").out)
    assert [one["what"] for one in listed["garbage"]] == ["review request"] * 2
    done = shop.tdsec("--json", "vault", "gc", "--yes")
    assert done.code == 0 and not any(team.request(id).glob("*"))
    assert shop.dvc("status", "-c").code == 0


def test_data_never_lands_where_git_could_take_it(team: Team) -> None:
    id = team.denied()
    inside, full = team.clone("bob") / "look", team.shop.base / "full"
    full.mkdir()
    (full / "mine").write_text("keep")
    for out in (inside, team.shop.root / "look", full):
        refused = team.as_("bob", "review", "take", id, "--out", out)
        assert refused.code == 2, refused.err
    assert not inside.exists() and [path.name for path in full.iterdir()] == ["mine"]
