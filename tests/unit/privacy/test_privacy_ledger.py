"""The ledger: epsilons add up per dataset version, nothing malformed is skipped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.domain.privacy import MECHANISM, DpEvent, PrivacySpend
from tdsec_gov.errors import BudgetExceeded, IntegrityError
from tdsec_gov.policy.models import Budget
from tdsec_gov.privacy.ledger import Balance, balance, require_budget

ROOT, OID = "b" * 64, "a" * 32
BUDGET = Budget(epsilon=3.0, delta=1e-5)


def spend(epsilon: float | None) -> PrivacySpend:
    return PrivacySpend(epsilon, 1e-5, "prv", (DpEvent(MECHANISM, 1.1, 0.1, 20),))


def event(epsilon: float | None, root: str = ROOT, oid: str = OID) -> AuditEvent:
    details: dict[str, Any] = {"sha256": root, "oid": oid, "run": "r", "spend": spend(epsilon).as_json()}
    return AuditEvent("2026-01-01T00:00:00Z", "privacy.spend", "success", "-", "data/a.csv", details=details)


def test_sums_per_version_and_other_versions_do_not_count() -> None:
    other = event(9.0, root="c" * 64, oid="d" * 32)
    found = balance([event(1.0), other, event(1.5)], ROOT, OID)
    assert found == Balance(2, 2.5, 2e-5)
    assert found.left(BUDGET) == 0.5
    assert balance([], ROOT, OID) == Balance()


def test_an_unverified_run_counts_by_its_oid_and_an_unbounded_one_takes_all() -> None:
    assert balance([event(1.0, root="")], ROOT, OID).epsilon == 1.0
    assert balance([event(1.0, root="")], "", "e" * 32).runs == 0
    unbounded = balance([event(1.0), event(None), event(0.1)], ROOT, OID)
    assert unbounded.epsilon is None and unbounded.left(BUDGET) == 0


def test_budget_stops_at_the_limit_and_not_before() -> None:
    require_budget("data/a.csv", Balance(1, 2.999), BUDGET)
    require_budget("data/a.csv", Balance(1, None), None)
    for spent in (Balance(1, 3.0), Balance(1, None)):
        with pytest.raises(BudgetExceeded, match=r"data/a\.csv"):
            require_budget("data/a.csv", spent, BUDGET)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epsilon", -1),
        ("epsilon", "1"),
        ("delta", 0),
        ("delta", True),
        ("events", [{"mechanism": "laplace", "noise_multiplier": 1, "sample_rate": 0.1, "steps": 1}]),
        ("events", [{"mechanism": MECHANISM, "noise_multiplier": 1, "sample_rate": 0.1, "steps": -50}]),
        ("events", [{"mechanism": MECHANISM, "noise_multiplier": 1, "sample_rate": 1.5, "steps": 1}]),
        ("events", {}),
        ("more", 1),
    ],
)
def test_a_malformed_spend_is_refused_not_skipped(key: str, value: Any) -> None:
    bad = event(1.0)
    inner: Any = bad.details["spend"]
    inner[key] = value
    with pytest.raises(IntegrityError):
        balance([bad], ROOT, OID)


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=8))
def test_more_runs_never_leave_more(epsilons: list[float | None]) -> None:
    left = [
        balance([event(e) for e in epsilons[:n]], ROOT, OID).left(BUDGET) for n in range(len(epsilons) + 1)
    ]
    assert left == sorted(left, reverse=True)


def test_there_and_back() -> None:
    for one in (spend(1.25), spend(None)):
        assert PrivacySpend.from_json(one.as_json()) == one
