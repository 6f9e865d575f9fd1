"""`tdsec report` and `tdsec audit` on a real git and DVC repository, a real log and real signatures."""

from __future__ import annotations

import datetime as dt
import hashlib
import html.parser
import json
import os
import pty
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tdsec_gov.audit.journal import Journal
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.note import Checkpoint
from tdsec_gov.audit.proofs import InclusionProof
from tdsec_gov.cli.main import main
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import save_identity
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.statement import to_statement
from tdsec_gov.verdicts.store import write_verdict
from tdsec_gov.verdicts.verify import format_time

NAME = "data/train.csv"
PURPOSE = "churn <b>prediction</b>"
POLICY = """format: 1
datasets:
  - match: "data/**"
    source: crm
    privacy: {epsilon: 3, delta: 0.00001}
"""
SOURCES = f"""format: 1
sources:
  # the one we buy
  - id: crm
    name: Customer records
    trust: internal
    license: proprietary
    purpose: {PURPOSE}
    personal_data: personal
    legal_basis: {{article: 6(1)(f), evidence: legal/balancing-test.pdf}}
    retention: {{until: 2999-12-31, basis: contract}}
"""


@dataclass
class World:
    """One repository with two people, one of whom is no member."""

    root: Path
    alice: Identity
    mallory: Identity

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Alice", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout

    def version(self, text: str) -> DatasetVersion:
        """Put data there, add it with DVC, commit the pointer; the version of these bytes."""
        (self.root / NAME).write_text(text)
        dvc = [sys.executable, "-m", "dvc", "add", "-q", NAME]
        subprocess.run(dvc, cwd=self.root, check=True, capture_output=True)
        self.git("add", f"{NAME}.dvc", "data/.gitignore")
        self.git("commit", "-q", "-m", "data")
        repository = Repository.discover(self.root)
        pointer = repository.select([NAME], self.root)[0]
        return DatasetVersion.of(NAME, pointer.oid, build_manifest(pointer, repository.cache))

    def judge(self, version: DatasetVersion, result: Status = Status.PASSED, **more: Any) -> None:
        """Sign a verdict and record the gate's event."""
        now = dt.datetime.now(dt.UTC)
        finding = Finding("TDS104", Severity.WARN, "something <script>alert(1)</script>")
        check = CheckResult("source", result, (finding,), 4.0, 2.0, ("whether the record is true",))
        journal = Journal.open(self.root, self.alice)
        fields = {
            "purpose": PURPOSE,
            "legal_basis": "6(1)(f)",
            "retention": "2999-12-31",
            "evaluated_at": format_time(now),
            "expires_at": format_time(now + dt.timedelta(days=30)),
            "reasons": () if result is Status.PASSED else ("source: a denied reason",),
            **more,
        }
        verdict = Verdict(
            version=version,
            result=result,
            tool="tdsec-gov 0",
            policy="ab" * 32,
            rule="data/**",
            results=(check,),
            source="crm",
            checkpoint=journal.head(),
            **fields,
        )
        envelope = Envelope.sign(to_statement(verdict), self.alice)
        write_verdict(self.root, version, envelope.to_bytes())
        outcome = "success" if verdict.accepted else "denied"
        reason = "; ".join(verdict.reasons)
        journal.record("gate", outcome, NAME, reason=reason, purpose=PURPOSE, details={"root": version.root})

    def run(self, run_id: str, root: str, *, ended: bool = True, purpose: str = PURPOSE) -> None:
        journal = Journal.open(self.root, self.alice)
        data = {"run_id": run_id, "datasets": [{"name": NAME, "root": root}]}
        journal.record("run.start", "success", run_id, purpose=purpose, details=data)
        if ended:
            journal.record("run.end", "success", run_id, purpose=purpose, details={"model": f"m-{run_id}"})

    def tdsec(self, *arguments: str) -> int:
        return main(["--repo", str(self.root), *arguments])

    def report(self, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
        capsys.readouterr()
        assert self.tdsec("report", NAME, "--format", "json", *more) == 0
        body: dict[str, Any] = json.loads(capsys.readouterr().out)
        return body


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Identity]:
    """A repository with git and DVC in it, made once: the slow part."""
    root = tmp_path_factory.mktemp("made")
    subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=root, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=root, check=True)
    alice = Identity.generate("alice")
    (root / "policies").mkdir()
    (root / "data").mkdir()
    member = f"{{name: alice, age: {alice.age.recipient}, signing: '{alice.verify_key}', roles: [owner]}}"
    access = f"format: 1\nmembers:\n  - {member}\nroles: {{owner: {{read_all: true, write_all: true}}}}\n"
    (root / "policies/policy.yaml").write_text(POLICY)
    (root / "policies/sources.yaml").write_text(SOURCES)
    (root / "policies/access.yaml").write_text(access)
    world = World(root, alice, alice)
    world.version("age,churn\n33,1\n")
    world.git("add", ".")
    world.git("commit", "-q", "-m", "policies")
    return root, alice


@pytest.fixture
def world(prepared: tuple[Path, Identity], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made, alice = prepared
    root = tmp_path / "repo"
    subprocess.run(["cp", "-a", str(made), str(root)], check=True)
    monkeypatch.setenv("TDSEC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TDSEC_IDENTITY", raising=False)
    save_identity(alice, tmp_path / "home" / "identity")
    return World(root, alice, Identity.generate("mallory"))


@pytest.fixture
def first(world: World) -> DatasetVersion:
    """The version that the prepared repository holds, judged."""
    repository = Repository.discover(world.root)
    pointer = repository.select([NAME], world.root)[0]
    version = DatasetVersion.of(NAME, pointer.oid, build_manifest(pointer, repository.cache))
    world.judge(version)
    return version


def test_report_of_a_clean_dataset(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("run-1", first.root)
    body = world.report(capsys)
    assert body["unique_users"] == 1 and body["users"][0]["name"] == "alice"
    assert body["models_trained"] == 1
    assert body["runs"][0]["run_id"] == "run-1" and body["runs"][0]["models"] == ["m-run-1"]
    assert body["runs"][0]["versions"] == [first.root]
    assert [one["sha256"] for one in body["versions"]] == [first.root]
    version = body["versions"][0]
    assert version["current"] and version["signers"] == ["alice"] and version["files"] == 1
    assert version["bytes"] == 15 and version["checks"][0]["not_checked"] == ["whether the record is true"]
    assert {name: one["result"] for name, one in body["checks"].items()} == {
        "purpose_documented": "PASS",
        "legal_basis_documented": "PASS",
        "retention_policy": "PASS",
    }
    assert any(
        "legal/balancing-test.pdf" in line for line in body["checks"]["legal_basis_documented"]["evidence"]
    )
    assert body["purposes"] == [{"text": PURPOSE, "events": 3, "runs": 1}]
    assert body["findings"] == []
    assert body["audit_log"]["size"] == 3 and body["audit_log"]["covered"] == 3
    assert body["range"]["first"]["seq"] == 1 and body["range"]["last"]["seq"] == 3
    assert [one["cover"] for one in body["history"]] == ["accepted"]


def test_the_report_is_recorded_with_its_digest(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("text", "json", "html"):
        out = world.root.parent / f"report.{kind}"
        assert world.tdsec("report", NAME, "--format", kind, "--out", str(out)) == 0
        event = list(Journal.open(world.root).log.events(action="report", target=NAME))[-1].event
        assert event.details["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
        assert event.details["format"] == kind
        assert "compliant" not in out.read_text().lower()
    capsys.readouterr()
    assert main(["--json", "--repo", str(world.root), "report", NAME]) == 0
    answer = json.loads(capsys.readouterr().out)
    shown = json.dumps(answer["report"], indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert answer["ok"] and answer["sha256"] == hashlib.sha256(shown.encode()).hexdigest()
    assert answer["checks"]["retention_policy"] == "PASS"


def test_findings_name_what_is_wrong(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("run-1", first.root)
    world.run("run-2", first.root, ended=False, purpose="advertising")
    bare = world.version("age,churn\n33,0\n")
    denied = world.version("age,churn\n99,0\n")
    world.judge(denied, Status.FAILED)
    journal = Journal.open(world.root, world.mallory)
    journal.record("pull", "denied", NAME, reason="not a reader")
    spent = {"run_id": "run-1", "epsilon": 1.25, "delta": 0.00001}
    Journal.open(world.root, world.alice).record("privacy.spend", "success", "run-1", details=spent)
    body = world.report(capsys)
    findings = "\n".join(body["findings"])
    assert f"version {bare.oid}" in findings and "bypassed" in findings
    assert f"version {denied.oid}" in findings and "although the gate denied it" in findings
    assert "run run-2 started" in findings and "no recorded end" in findings
    assert "run-1 started" not in findings
    assert "not a member" in findings
    assert {one["oid"]: one["cover"] for one in body["history"]} == {
        first.oid: "accepted",
        bare.oid: "none",
        denied.oid: "denied",
    }
    assert [(one["action"], one["reason"]) for one in body["refusals"]] == [
        ("gate", "source: a denied reason"),
        ("pull", "not a reader"),
    ]
    assert body["privacy"] == {
        "budget": "epsilon 3 at delta 1e-05",
        "spent": [
            {"seq": 7, "time": body["privacy"]["spent"][0]["time"], "target": "run-1", "figures": spent}
        ],
    }
    assert body["checks"]["purpose_documented"]["result"] == "FAIL"
    assert "run-2 ('advertising')" in "\n".join(body["checks"]["purpose_documented"]["evidence"])
    assert body["unique_users"] == 2 and body["models_trained"] == 1


def test_events_of_other_datasets_stay_out(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = Journal.open(world.root, world.alice)
    journal.record("gate", "denied", "data/other.csv", reason="no", details={"dataset": "data/other.csv"})
    journal.record("run.start", "success", "run-9", details={"datasets": ["data/other.csv"]})
    body = world.report(capsys)
    assert body["range"]["log_events"] == 3 and body["range"]["events"] == 1
    assert body["runs"] == [] and body["refusals"] == []


def test_the_range_is_kept(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    log = Journal.open(world.root, world.alice).log
    for day, run in (("2026-01-31", "a"), ("2026-02-01", "b"), ("2026-02-28", "c"), ("2026-03-01", "d")):
        time, who = f"{day}T23:59:59.5Z", world.alice.keyid
        data = {"dataset": NAME}
        log.append(AuditEvent(time, "run.start", "success", who, run, purpose=PURPOSE, details=data))
        if run == "c":
            log.append(AuditEvent("2026-03-02T00:00:00Z", "run.end", "failure", who, run))
    body = world.report(capsys, "--from", "2026-02-01", "--to", "2026-02-28")
    assert [(one["run_id"], one["outcome"]) for one in body["runs"]] == [
        ("b", "never ended"),
        ("c", "failure"),
    ]
    assert body["range"]["to_before"] == "2026-03-01T00:00:00Z" and body["range"]["events"] == 2
    assert sorted(body["events_by_day"]) == ["2026-02-01", "2026-02-28"]
    assert any("5 events of the log are not covered" in one for one in body["findings"]) or any(
        "no signed head" in one for one in body["findings"]
    )


def test_missing_documentation_fails_the_checks(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    place = world.root / "policies/sources.yaml"
    place.write_text(
        "format: 1\nsources:\n  - {id: crm, name: c, trust: internal, personal_data: personal}\n"
    )
    body = world.report(capsys)
    assert {one["result"] for one in body["checks"].values()} == {"FAIL"}
    assert body["source"]["licence"] == "not stated"
    ended = SOURCES.replace("2999-12-31", "2001-01-01").replace(", evidence: legal/balancing-test.pdf", "")
    place.write_text(ended)
    body = world.report(capsys)
    assert body["checks"]["purpose_documented"]["result"] == "PASS"
    assert "no evidence" in body["checks"]["legal_basis_documented"]["evidence"][0]
    assert "retention ended on 2001-01-01" in body["checks"]["retention_policy"]["evidence"][0]


class _Page(html.parser.HTMLParser):
    """Tags, and what would reach outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.outside += [str(value) for key, value in attrs if key in ("src", "href", "onclick", "onload")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_self_contained_and_escaped(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("<img src=x onerror=alert(1)>", first.root)
    assert world.tdsec("report", NAME, "--format", "html") == 0
    page = capsys.readouterr().out
    parser = _Page()
    parser.feed(page)
    assert parser.open == [] and parser.outside == []
    assert not parser.tags & {"script", "img", "link", "iframe", "b "}
    assert "svg" in parser.tags
    assert "&lt;script&gt;alert(1)" in page and "churn &lt;b&gt;prediction" in page
    assert first.root in page and "audit log verified" in page


def count(place: Path) -> int:
    base = sqlite3.connect(place)
    (found,) = base.execute("select count(*) from tdsec_audit_entry").fetchone()
    base.close()
    return int(found)


@pytest.mark.parametrize("where", ["body", "cut", "rewritten"])
def test_a_tampered_log_gives_no_report(
    world: World, first: DatasetVersion, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("run-1", first.root)
    place = world.root / ".tdsec/audit.db"
    if where == "rewritten":
        origin = Journal.open(world.root).head().origin
        place.unlink()
        forged = AuditLog.create(place, log_id=origin.rsplit("/", 1)[-1])
        event = AuditEvent("2026-01-01T00:00:00Z", "gate", "success", world.alice.keyid, NAME)
        forged.append_many([event] * 3)
    else:
        base = sqlite3.connect(place)
        if where == "body":
            base.execute("update tdsec_audit_entry set body = replace(body, 'run-1', 'run-7') where seq = 2")
        else:
            base.execute("delete from tdsec_audit_entry where seq = 3")
        base.commit()
        base.close()
    capsys.readouterr()
    before = count(place)
    assert main(["--json", "--repo", str(world.root), "report", NAME]) == 10
    answer = json.loads(capsys.readouterr().out)
    assert answer["code"] == "log-tampered" and "report" not in answer
    assert world.tdsec("audit", "verify") == 10
    told = capsys.readouterr().err
    assert {"body": "event 2", "cut": "event 3 was deleted", "rewritten": "rewritten"}[where] in told
    assert count(place) == before


def test_a_head_signed_by_a_stranger_is_refused(world: World, first: DatasetVersion) -> None:
    Journal.open(world.root, world.mallory).publish()
    assert world.tdsec("audit", "verify") == 11
    assert world.tdsec("report", NAME) == 11
    assert world.tdsec("audit", "checkpoint") == 11


def test_audit_verify_wants_a_signed_head(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.tdsec("audit", "verify") == 0
    assert "1 events" in capsys.readouterr().out
    for one in (world.root.parent / "home/checkpoints").iterdir():
        one.unlink()
    assert world.tdsec("audit", "verify") == 0
    (next((world.root / ".tdsec/verdicts").rglob("*.jsonl"))).unlink()
    assert world.tdsec("audit", "verify") == 11
    assert world.tdsec("audit", "checkpoint") == 0
    assert world.tdsec("audit", "verify") == 0


def test_audit_prove_leads_to_a_signed_head(
    world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run("run-1", first.root)
    capsys.readouterr()
    assert world.tdsec("audit", "prove", "2") == 0
    body = json.loads(capsys.readouterr().out)
    proof = body["proof"]
    checkpoint = Checkpoint.verify(body["checkpoint"], {world.alice.keyid: world.alice.verify_key})
    path = tuple(bytes.fromhex(one) for one in proof["path"])
    InclusionProof(proof["origin"], proof["seq"], proof["size"], proof["body"], path).verify(checkpoint)
    assert json.loads(proof["body"])["target"] == "run-1"
    assert world.tdsec("audit", "prove", "99") == 2


def test_audit_log_filters(world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]) -> None:
    world.run("run-1", first.root)
    world.run("run-2", first.root)

    def events(*more: str) -> list[dict[str, Any]]:
        capsys.readouterr()
        assert main(["--json", "--repo", str(world.root), "audit", "log", *more]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["events"]
        return found

    assert [one["seq"] for one in events()] == [1, 2, 3, 4, 5]
    assert [one["seq"] for one in events("--limit", "2")] == [4, 5]
    assert [one["target"] for one in events("--action", "run.end")] == ["run-1", "run-2"]
    assert [one["seq"] for one in events("--target", "run-2", "--outcome", "success")] == [4, 5]
    assert events("--until", "2001-01-01") == [] and len(events("--since", "2001-01-01")) == 5
    assert events()[0]["who"] == "alice"
    assert world.tdsec("audit", "log", "--action", "nonsense") == 2
    assert world.tdsec("audit", "log", "--since", "yesterday") == 2


def test_usage(world: World, first: DatasetVersion, capsys: pytest.CaptureFixture[str]) -> None:
    assert world.tdsec("report", "data/nothing.csv") == 2
    assert world.tdsec("report", NAME, "--from", "2026-02-02", "--to", "2026-02-01") == 2
    (world.root / ".tdsec/audit.db").unlink()
    assert world.tdsec("report", NAME) == 10  # this clone had a log
    (world.root / ".git/tdsec-log").unlink()
    assert world.tdsec("report", NAME) == 12
    assert not (world.root / ".tdsec/audit.db").exists()
    assert "no audit log" in capsys.readouterr().err


def test_source_add_is_recorded(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--id", "web", "--name", "Web pages", "--trust", "raw", "--purpose", "search"]
    assert (
        world.tdsec("source", "add", *flags, "--retention-until", "2030-01-01", "--retention-basis", "law")
        == 0
    )
    text = (world.root / "policies/sources.yaml").read_text()
    assert text.startswith(SOURCES) and "# the one we buy" in text
    event = next(Journal.open(world.root).log.events(action="source.add")).event
    assert (event.target, event.purpose, event.outcome) == ("web", "search", "success")
    assert event.details["sources_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    capsys.readouterr()
    assert main(["--json", "--repo", str(world.root), "source", "list"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["sources"]] == ["crm", "web"]
    assert world.tdsec("source", "show", "web") == 0
    assert "2030-01-01" in capsys.readouterr().out
    assert world.tdsec("source", "add", *flags) == 2
    assert world.tdsec("source", "add", "--id", "x") == 2
    assert world.tdsec("source", "add", *flags[:1], "y", *flags[2:], "--retention-until", "2030-01-01") == 2
    assert world.tdsec("source", "show", "nobody") == 2
    assert (world.root / "policies/sources.yaml").read_text() == text


def test_source_add_is_undone_when_the_log_refuses(world: World) -> None:
    journal = Journal.open(world.root, world.alice)
    journal.record("init", "success", ".")
    journal.log.close()
    for one in (world.root / ".tdsec").glob("audit.db*"):
        one.write_bytes(b"not a database, not at all" * 40)
    flags = ["--id", "web", "--name", "Web pages", "--trust", "raw"]
    assert world.tdsec("source", "add", *flags) not in (0, 3)
    assert (world.root / "policies/sources.yaml").read_text() == SOURCES


def test_source_add_asks_on_a_terminal(world: World) -> None:
    answers = "bogus\nraw\n\n\n\n\nCC-BY-4.0\nsearch\nnone\n2030-13-01\n2030-01-01\nlaw\nDana\n\n\ny\n"
    command = [sys.executable, "-m", "tdsec_gov.cli.main", "--repo", str(world.root), "source", "add"]
    near, far = pty.openpty()
    os.write(near, answers.encode())
    flags = ["--id", "web", "--name", "Web pages"]
    done = subprocess.run([*command, *flags], stdin=far, capture_output=True, text=True, timeout=60)
    os.close(near)
    os.close(far)
    assert done.returncode == 0, done.stderr
    assert "'bogus' is not one of" in done.stdout and "'2030-13-01' does not match" in done.stdout
    added = yaml.safe_load((world.root / "policies/sources.yaml").read_text())["sources"][1]
    assert added == {
        "id": "web",
        "name": "Web pages",
        "trust": "raw",
        "license": "CC-BY-4.0",
        "purpose": "search",
        "personal_data": "none",
        "retention": {"until": dt.date(2030, 1, 1), "basis": "law"},
        "contact": {"name": "Dana"},
    }
