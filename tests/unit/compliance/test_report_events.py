"""Which events concern a dataset, and what they add up to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tdsec_gov.compliance.events import actions_of, concerning, purposes_of, spends_of, users_of
from tdsec_gov.compliance.runs import runs_of
from tdsec_gov.compliance.window import Window
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.policy.access import Access
from tdsec_gov.policy.access_models import AccessFile

ROOT, OTHER = "a" * 64, "b" * 64
ACCESS = Access(AccessFile(format=1))
ALWAYS = Window(None, dt.datetime(2100, 1, 1, tzinfo=dt.UTC))


def event(action: str, target: str, outcome: str = "success", who: str = "c" * 64, **more: Any) -> AuditEvent:
    purpose = more.pop("purpose", "")
    return AuditEvent("2026-03-01T10:00:00Z", action, outcome, who, target, purpose=purpose, details=more)


@pytest.mark.parametrize(
    ("one", "concerned"),
    [
        (event("gate", "data/a.csv"), True),
        (event("gate", "data/a.csv.dvc"), True),
        (event("pull", f"data/a.csv@{ROOT[:12]}"), True),
        (event("push", "vault", root=ROOT), True),
        (event("push", "vault", objects=[{"deep": [ROOT]}]), True),
        (event("run.start", "r", datasets=["data/a.csv"]), True),
        (event("run.start", "r", datasets={"x": {"name": "data/a.csv"}}), True),
        (event("gate", "data/a.csv2"), False),
        (event("push", "vault", root=OTHER), False),
        (event("push", "vault", comment="data/a.csv"), False),
        (event("run.start", "r", datasets=["data/b.csv"]), False),
    ],
)
def test_what_names_the_dataset(one: AuditEvent, concerned: bool) -> None:
    assert bool(concerning([(1, one)], "data/a.csv", {ROOT: 1})) is concerned


def test_events_of_a_run_follow_it_in_any_order() -> None:
    events = list(
        enumerate(
            [
                event("run.end", "r1", model="m"),
                event("run.start", "r1", dataset="data/a.csv"),
                event("privacy.spend", "r1", spend={"epsilon": 0.5}, oid="x"),
                event("run.start", "r2", dataset="data/b.csv"),
                event("run.end", "r2"),
                event("privacy.spend", "r2", epsilon=9),
                event("privacy.spend", "data/b.csv", run="r1", epsilon=9),
                event("verify", "data/b.csv", run="r1"),
            ],
            1,
        )
    )
    found = concerning(events, "data/a.csv", {})
    assert [seq for seq, _ in found] == [1, 2, 3]
    (run,) = runs_of(found, ALWAYS, ACCESS, "data/a.csv", {})
    assert (run.run_id, run.outcome, run.models, run.seq) == ("r1", "success", ("m",), 2)
    (spend,) = spends_of(found)
    assert dict(spend.figures) == {"epsilon": 0.5, "oid": "x"}


def test_a_start_without_an_end_is_a_run_and_a_refused_start_is_none() -> None:
    events = [
        (1, event("run.start", "r1", dataset="d")),
        (2, event("run.start", "r2", "denied", dataset="d")),
    ]
    assert [(one.run_id, one.outcome) for one in runs_of(events, ALWAYS, ACCESS, "d", {})] == [
        ("r1", "never ended")
    ]


@pytest.mark.parametrize(("ended", "shown"), [(True, ["inner"]), (False, ["run-1", "inner"])])
def test_a_session_stands_for_its_runs_once_it_ended(ended: bool, shown: list[str]) -> None:
    events = [
        (1, event("run.start", "run-1", datasets=[{"name": "d", "sha256": ROOT}])),
        (2, event("run.start", "inner", session="run-1", datasets=[{"name": "d", "sha256": ROOT}])),
        (3, event("run.end", "inner", session="run-1")),
        *([(4, event("run.end", "run-1"))] if ended else []),
    ]
    runs = runs_of(concerning(events, "d", {}), ALWAYS, ACCESS, "d", {ROOT: 1})
    assert [one.run_id for one in runs] == shown
    assert all(one.versions == (ROOT,) and one.proven for one in runs)


@pytest.mark.parametrize(("state", "proven"), [("verified", True), ("unverified", False)])
def test_a_run_that_says_its_data_was_not_verified(state: str, proven: bool) -> None:
    used = [{"name": "other", "state": "unverified"}, {"name": "d", "state": state}]
    (run,) = runs_of([(1, event("run.start", "r", datasets=used))], ALWAYS, ACCESS, "d", {})
    assert run.proven is proven


def test_users_purposes_and_actions_are_counted() -> None:
    events = [
        (1, event("gate", "d", who="x", purpose="p")),
        (2, event("gate", "d", "denied", who="-")),
        (3, event("pull", "d", "failure", who="x", purpose="q")),
        (4, event("run.start", "r", who="x", purpose="p")),
    ]
    users = users_of(events, ACCESS)
    assert [(one.name, one.events, one.member) for one in users] == [
        ("key x", 3, False),
        ("nobody identified", 1, False),
    ]
    assert [(one.text, one.events, one.runs) for one in purposes_of(events)] == [("p", 2, 1), ("q", 1, 0)]
    assert actions_of(events) == (("gate", 1, 1, 0), ("pull", 0, 0, 1), ("run.start", 1, 0, 0))
