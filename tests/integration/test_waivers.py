"""Waivers with real git and DVC: bound to the bytes, signed by somebody else, and gone when they end."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from workshops import POLICY, Workshop, isolated, living_as, living_in, person

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.waiver import UsedWaiver, Waiver
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.verdicts.statement import from_statement
from tdsec_gov.verdicts.statement import to_statement as verdict_statement
from tdsec_gov.verdicts.verify import format_time
from tdsec_gov.verdicts.waivers.statement import to_statement
from tdsec_gov.verdicts.waivers.store import write_waiver

WAIVABLE = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
    waivers: {checks: [source], roles: [steward], max_days: 30, not_by_committer: true}
"""
BEFORE = """\
  - match: "bad/**"
    source: my-source
    checks: {source: {min_trust: internal}}
"""
BAD = b"id,label\n1,0\n2,1\n"
REASON = "accepted until the contract is signed"
SOON = (dt.datetime.now(dt.UTC) + dt.timedelta(days=7)).date().isoformat()


@contextlib.contextmanager
def acting(env: dict[str, str], name: str) -> Iterator[None]:
    """This process as another member, also in the eyes of git."""
    who = {"NAME": name, "EMAIL": f"{name}@example.org"}
    git = {f"GIT_{act}_{what}": text for act in ("AUTHOR", "COMMITTER") for what, text in who.items()}
    with living_as({**env, **git}):
        yield


def steward(shop: Workshop, name: str = "bob", role: str = "steward") -> dict[str, str]:
    """A new member with a role of their own."""
    env = person(shop, name)
    access = shop.root / "policies/access.yaml"
    text = access.read_text().replace("roles: []\n", f"roles: [{role}]\n")
    if f"  {role}:" not in text:
        text = text.replace("roles:\n", f"roles:\n  {role}: {{}}\n", 1)
    access.write_text(text)
    return env


@pytest.fixture(scope="module")
def denied_template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    shop = workshop_template.copy_to(tmp_path_factory.mktemp("denied"))
    with living_in(shop.base):
        for name in ("bob", "carol"):
            steward(shop, name)
        access, policy = shop.root / "policies/access.yaml", shop.root / "policies/policy.yaml"
        access.write_text(access.read_text().replace("[admin]", "[admin, steward]", 1))
        policy.write_text(POLICY.replace(BEFORE, WAIVABLE))
        assert shop.commit("people").code == 0
        shop.track("bad/x.csv", BAD)
        assert shop.tdsec("check", "bad/x.csv").code == 1
    return shop


@pytest.fixture
def denied(denied_template: Workshop, tmp_path: Path) -> Iterator[tuple[Workshop, dict[str, str]]]:
    """A workshop whose ``bad/x.csv``, brought by alice, the gate denied; bob and carol are its stewards."""
    with living_in(tmp_path):
        shop = denied_template.copy_to(tmp_path)
        yield shop, isolated(shop.base, "bob")


def waive(shop: Workshop, env: dict[str, str], name: str = "bob", *more: str) -> None:
    with acting(env, name):
        done = shop.tdsec("waive", "bad/x.csv", "source", "--reason", REASON, *(more or ("--until", SOON)))
    assert done.code == 0, done.err


def result(shop: Workshop, *words: str) -> tuple[int, dict[str, object]]:
    answer = shop.tdsec("--json", "check", "bad/x.csv", *words)
    verdict: dict[str, object] = json.loads(answer.out)["verdicts"][0]
    return answer.code, verdict


def forget_data(shop: Workshop) -> None:
    shutil.rmtree(shop.root / ".dvc/cache")
    (shop.root / "bad/x.csv").unlink()


def test_a_waived_failure_is_a_warning_that_names_the_waiver(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    waive(shop, env)
    code, verdict = result(shop)
    assert (code, verdict["result"]) == (0, "WARNED")
    assert any(REASON in str(reason) for reason in verdict["reasons"])  # type: ignore[attr-defined]
    assert shop.tdsec("verify", "bad/x.csv").code == 0
    again, known = result(shop)
    assert (again, known["cached"]) == (0, True)
    assert shop.commit("with waiver").code == 0
    pushed = shop.dvc("push")
    assert pushed.code == 0, pushed.err
    forget_data(shop)
    assert shop.dvc("pull").code == 0
    assert (shop.root / "bad/x.csv").read_bytes() == BAD
    log = shop.tdsec("--json", "audit", "log").out
    assert '"waive"' in log


def test_the_committer_cannot_waive_their_own(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, _ = denied
    answer = shop.tdsec("waive", "bad/x.csv", "source", "--reason", REASON, "--until", SOON)
    assert answer.code == 1
    assert "you brought this version yourself" in answer.err and "bob" in answer.err
    assert not (shop.root / ".tdsec/waivers").exists()


def test_the_committer_who_signs_a_waiver_by_hand_gains_nothing(
    denied: tuple[Workshop, dict[str, str]],
) -> None:
    shop, _ = denied
    place_waiver(shop, dt.timedelta(days=2))
    assert result(shop)[1]["result"] == "FAILED"
    policy = shop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("not_by_committer: true", "not_by_committer: false"))
    assert result(shop)[1]["result"] == "WARNED"
    policy.write_text(policy.read_text().replace("not_by_committer: false", "not_by_committer: true"))
    assert shop.tdsec("verify", "bad/x.csv").code == 11


def place_waiver(
    shop: Workshop, lasts: dt.timedelta, root: str | None = None, begun: dt.timedelta = dt.timedelta()
) -> Waiver:
    """A waiver signed with the identity at hand, past the command's own refusals."""
    now = dt.datetime.now(dt.UTC) - begun
    root = root or shop.verdicts()[0].name.removesuffix(".intoto.jsonl")
    made = Waiver("bad/x.csv", root, "source", None, REASON, format_time(now), format_time(now + lasts))
    made = replace(made, approver=load_identity().keyid)
    write_waiver(shop.root, made, Envelope.sign(to_statement(made), *load_identity().signers))
    return replace(made, digest=sha256_hex(to_statement(made)))


def test_a_waiver_of_one_version_does_not_cover_the_next(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    waive(shop, env)
    assert result(shop)[0] == 0
    assert shop.commit("v1").code == 0
    shop.track("bad/x.csv", BAD + b"3,1\n")
    code, verdict = result(shop)
    assert (code, verdict["result"], verdict["waivers"]) == (1, "FAILED", [])
    old = next((shop.root / ".tdsec/waivers").rglob("*.intoto.jsonl"))
    new = [path for path in shop.verdicts() if path.name.removesuffix(".intoto.jsonl") != old.parent.name]
    moved = old.parent.with_name(new[0].name.removesuffix(".intoto.jsonl")) / old.name
    moved.parent.mkdir()
    shutil.copy(old, moved)  # the same signed file, put under the new version
    assert result(shop)[0] == 1


def test_an_expired_waiver_refuses_a_later_pull(denied: tuple[Workshop, dict[str, str]]) -> None:
    """Even where alice, whose signature counts, makes the verdict last longer than the waiver."""
    shop, env = denied
    waive(shop, env)
    assert result(shop)[0] == 0
    assert shop.commit("with waiver").code == 0
    assert shop.dvc("push").code == 0
    forget_data(shop)
    with acting(env, "bob"):
        ended = place_waiver(shop, dt.timedelta(days=1), begun=dt.timedelta(days=2))
    file = shop.verdicts()[0]
    said = from_statement(Envelope.from_bytes(file.read_bytes()).payload)
    longer = replace(said, waivers=(UsedWaiver.of(ended),))
    file.write_bytes(Envelope.sign(verdict_statement(longer), *load_identity().signers).to_bytes())
    pulled = shop.dvc("pull")
    assert pulled.code != 0 and "waiver" in pulled.err
    assert not (shop.root / "bad/x.csv").exists()
    verified = shop.tdsec("verify", "bad/x.csv")
    assert verified.code == 11 and "it ended" in verified.err
    listed = json.loads(shop.tdsec("--json", "waivers").out)
    assert [one["code"] for one in listed["findings"]] == ["TDS005"]


def test_a_verdict_ends_with_its_waiver(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    waive(shop, env)
    assert result(shop)[0] == 0
    said = from_statement(Envelope.from_bytes(shop.verdicts()[0].read_bytes()).payload)
    assert said.expires_at == said.waivers[0].expires == f"{SOON}T23:59:59Z"


def test_a_revoked_waiver_is_unverified_everywhere(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    waive(shop, env)
    assert result(shop)[0] == 0
    assert shop.commit("with waiver").code == 0
    assert shop.dvc("push").code == 0
    before = shop.git("rev-parse", "HEAD").out.strip()
    waive(shop, env, "bob", "--revoke")
    verify = shop.tdsec("verify", "bad/x.csv")
    assert verify.code == 11 and "revoked" in verify.err
    run = shop.tdsec("run", "--data", "bad/x.csv", "--", "true")
    assert run.code == 11, run.err
    forget_data(shop)
    assert shop.dvc("pull").code != 0
    revocation = next((shop.root / ".tdsec/waivers").rglob("*.revoked.intoto.jsonl"))
    assert shop.commit("revoked").code == 0
    revoked_at = shop.git("rev-parse", "HEAD").out.strip()
    assert shop.tdsec("verify", "--range", f"{before}..HEAD").code == 0  # it takes away, it brings nothing
    revocation.unlink()
    assert shop.commit("and back").code == 0
    undone = shop.tdsec("verify", "--range", f"{revoked_at}..HEAD")
    assert undone.code == 10 and "taken away" in undone.err


@pytest.mark.parametrize("change", ["role", "check", "remove", "byte"])
def test_what_a_verdict_stands_on_must_stay(denied: tuple[Workshop, dict[str, str]], change: str) -> None:
    shop, env = denied
    waive(shop, env)
    assert result(shop)[0] == 0
    file: Path = next((shop.root / ".tdsec/waivers").rglob("*.intoto.jsonl"))
    access, policy = shop.root / "policies/access.yaml", shop.root / "policies/policy.yaml"
    if change == "role":
        access.write_text(access.read_text().replace("roles: [steward]\n", "roles: []\n"))
    elif change == "check":
        policy.write_text(policy.read_text().replace("checks: [source], roles", "checks: [], roles"))
    elif change == "remove":
        file.unlink()
    else:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(bytes(data))
    assert shop.tdsec("verify", "bad/x.csv").code == 11
    assert result(shop)[0] == 1


def test_refusals_say_who_may(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    far = (dt.datetime.now(dt.UTC) + dt.timedelta(days=31)).date().isoformat()
    with acting(env, "bob"):
        words = ("waive", "bad/x.csv")
        long = shop.tdsec(*words, "source", "--reason", REASON, "--until", far)
        assert long.code == 1 and "30 days" in long.err
        other = shop.tdsec(*words, "pii", "--reason", REASON, "--until", SOON)
        assert other.code == 2 and "nothing to waive" in other.err
        short = shop.tdsec(*words, "source", "--reason", "because", "--until", SOON)
        assert short.code == 2 and "too short" in short.err
        assert shop.tdsec(*words, "source", "--reason", REASON, "--until", "2001-01-01").code == 2
        assert shop.tdsec(*words, "source", "--reason", REASON).code == 2
        assert shop.tdsec(*words, "source", "--revoke", "--reason", REASON).code == 2


def test_the_hook_commits_the_waiver_with_the_verdict(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    waive(shop, env)
    shop.git("add", "bad/x.csv.dvc")
    assert shop.tdsec("check", "--stage", "pre-commit").code == 0
    staged = shop.git("diff", "--cached", "--name-only").out
    assert ".tdsec/waivers/" in staged and ".tdsec/verdicts/" in staged


def test_the_author_of_the_commit_cannot_stand_on_their_own_waiver(
    denied: tuple[Workshop, dict[str, str]],
) -> None:
    """bob waives what alice seems to bring, then commits it as himself: the range is refused."""
    shop, env = denied
    before = shop.git("rev-parse", "HEAD").out.strip()
    waive(shop, env)
    assert result(shop)[0] == 0
    with acting(env, "bob"):
        assert shop.commit("by bob").code == 0
    assert shop.tdsec("verify", "--range", f"{before}..HEAD").code == 11
    assert result(shop)[0] == 1


def test_two_people_where_two_are_asked_for(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    carol = isolated(shop.base, "carol")
    policy = shop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("max_days: 30", "threshold: 2, max_days: 30"))
    waive(shop, env)
    assert result(shop)[0] == 1
    waive(shop, carol, "carol")
    code, verdict = result(shop)
    assert code == 0
    assert len(verdict["waivers"]) == 2  # type: ignore[arg-type]


def test_an_orphaned_waiver_is_a_finding(denied: tuple[Workshop, dict[str, str]]) -> None:
    shop, env = denied
    with acting(env, "bob"):
        place_waiver(shop, dt.timedelta(days=2), root="ab" * 32)
    checked = shop.tdsec("check", "bad/x.csv")
    assert checked.code == 1 and "TDS006" in checked.err
