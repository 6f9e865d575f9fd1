"""The HTML report and the small deciders: guard, enforcement, unfinished runs, child process."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.domain.lineage import LineageRecord, State, UsedDataset, state_of
from tdsec_gov.errors import VerdictMissing
from tdsec_gov.lineage.child import run_child
from tdsec_gov.lineage.enforce import refusal
from tdsec_gov.lineage.graph import graph
from tdsec_gov.lineage.guard import guard
from tdsec_gov.lineage.html import report
from tdsec_gov.lineage.inputs import named_path, source_json
from tdsec_gov.lineage.recorder import Examination
from tdsec_gov.lineage.run import _shown
from tdsec_gov.lineage.unfinished import unfinished_runs

NASTY = "<script>alert('x')</script>&\"'"
GOOD = UsedDataset("data/a.csv", "a" * 32, "dvc stage", State.VERIFIED, root="b" * 64, source="clinic")


def record(*datasets: UsedDataset) -> LineageRecord:
    state = state_of(datasets, ())
    texts = dict.fromkeys(("purpose", "legal_basis", "status", "tool"), NASTY)
    times = {"started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-02T00:00:00Z"}
    return LineageRecord("c" * 32, state, (), datasets, commit="d" * 40, **texts, **times)


def test_everything_is_escaped_and_nothing_is_loaded() -> None:
    bad = replace(GOOD, name=NASTY, state=State.UNVERIFIED, reason=NASTY, source=NASTY, signers=(NASTY,))
    page = report(record(GOOD, bad), NASTY)
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=|url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)
    assert "Unverified" in page and "prefers-color-scheme" in page


@pytest.mark.parametrize("count", [0, 1, 3, 24, 60])
def test_graph_is_valid_xml_with_a_box_for_each(count: int) -> None:
    sets = tuple(replace(GOOD, name=f"{NASTY}{i}", source=f"s{i % 3}") for i in range(count))
    tree = ET.fromstring(graph(record(*sets)))
    boxes = [node for node in tree.iter() if node.tag.endswith("rect")]
    shown = min(count, 24)
    assert len(boxes) == 1 + (shown or 1) + min(3, shown)
    height = int(tree.attrib["height"])
    assert all(0 <= int(box.attrib["y"]) <= height - int(box.attrib["height"]) for box in boxes)


def test_guard_reports_a_kind_and_never_the_text() -> None:
    said: list[str] = []
    with guard("trying", said.append):
        raise ValueError("row 17: Müller")
    with guard("trying", said.append):
        raise VerdictMissing("no verdict", where="data/a.csv")
    assert said == ["internal: trying failed (ValueError)", "verdict-missing: data/a.csv: no verdict"]
    with pytest.raises(KeyboardInterrupt), guard("trying"):
        raise KeyboardInterrupt


def test_the_environment_can_only_be_stricter() -> None:
    verified, empty = Examination(datasets=(GOOD,)), Examination()
    for value in ("1", "yes", "false"):
        assert refusal({"TDSEC_ENFORCE": value}, verified) is None
        assert "no dataset" in (refusal({"TDSEC_ENFORCE": value}, empty) or "")
        assert refusal({"TDSEC_ENFORCE": value}, None) is not None
    assert refusal({}, empty) is refusal({"TDSEC_ENFORCE": "0"}, empty) is None


def event(action: str, target: str, outcome: str = "success") -> AuditEvent:
    return AuditEvent("2026-01-01T00:00:00Z", action, outcome, "-", target)


def test_a_start_without_an_end_is_found() -> None:
    log = [event("run.start", "a"), event("run.start", "b"), event("run.end", "a", "failure")]
    log += [event("run.start", "c", "denied"), event("run.start", "a")]
    assert [one.target for one in unfinished_runs(log)] == ["b", "a"]


def test_named_paths() -> None:
    assert named_path("external", source_json("data/a.csv", "a" * 32)) == ("data/a.csv", "a" * 32)
    assert named_path("local", '{"uri": "/x/a%20b.csv"}') == ("/x/a%20b.csv", "")
    assert named_path("local", '{"uri": "file:///x/a%20b.csv"}') == ("/x/a b.csv", "")
    assert (
        named_path("s3", '{"uri": "s3://b/k"}')
        == named_path("code", "[]")
        == named_path("x", "{")
        == ("", "")
    )


def test_arguments_stay_out_of_the_log() -> None:
    shown = _shown(["/usr/bin/python3", "jobs/train.py", "--token", "s3cret"])
    assert shown == "python3 train.py"
    assert _shown(["env", "TOKEN=s3cret", "x.py"]) == "env"


def test_child_ends_as_a_shell_says(tmp_path: Path) -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    env = {"PATH": "/usr/bin:/bin"}
    assert run_child([sys.executable, "-c", "raise SystemExit(5)"], tmp_path, env) == 5
    assert run_child([sys.executable, "-c", kill], tmp_path, env) == 128 + 15
