"""The decision: evidence that is removed, failed or doubled never makes it better."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.gate.decide import decide
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.policy.models import DatasetRule

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
RANK = {Status.PASSED: 0, Status.WARNED: 1, Status.FAILED: 2}
NAMES = ("source", "files", "pii", "schema")
statuses = st.sampled_from(Status)


def policy(required: frozenset[str], legal_basis: bool = False, exempt: str | None = None) -> DatasetPolicy:
    rule = DatasetRule(match="**", checks={name: {} for name in sorted(required)}, exempt=exempt)
    return DatasetPolicy("data/x.csv", rule, None, legal_basis, None)


def result(name: str, status: Status) -> CheckResult:
    severity = {Status.PASSED: Severity.NOTE, Status.WARNED: Severity.WARN}.get(status, Severity.DENY)
    return CheckResult(name, status, (Finding("TDS999", severity, "a finding"),))


policies = st.builds(policy, st.frozensets(st.sampled_from(NAMES)), st.booleans())
outcomes = st.lists(st.builds(result, st.sampled_from(NAMES), statuses), max_size=6)


def rank(given_policy: DatasetPolicy, results: list[CheckResult]) -> int:
    status, reasons = decide(given_policy, results, (), NOW)[:2]
    assert status is not Status.ERROR
    assert bool(reasons) == (status is not Status.PASSED)
    return RANK[status]


@given(policies, outcomes, st.integers(0, 5))
def test_removing_a_required_result_never_improves(
    rule: DatasetPolicy, results: list[CheckResult], n: int
) -> None:
    if n < len(results) and results[n].check in rule.rule.checks:
        fewer = [one for one in results if one.check != results[n].check]
        assert rank(rule, fewer) == RANK[Status.FAILED] >= rank(rule, results)


@given(policies, outcomes, st.integers(0, 5), st.sampled_from([Status.FAILED, Status.ERROR]))
def test_failing_a_result_denies(
    rule: DatasetPolicy, results: list[CheckResult], n: int, worse: Status
) -> None:
    if n < len(results):
        changed = [*results[:n], replace(results[n], status=worse), *results[n + 1 :]]
        assert rank(rule, changed) == RANK[Status.FAILED]


@given(policies, outcomes, st.builds(result, st.sampled_from(NAMES), statuses))
def test_one_more_answer_of_the_same_check_never_improves(
    rule: DatasetPolicy, results: list[CheckResult], more: CheckResult
) -> None:
    """A check that answers twice cannot take its first answer back."""
    names = {one.check for one in results}
    if more.check in names or more.check not in rule.rule.checks:
        assert rank(rule, [*results, more]) >= rank(rule, results)
        assert rank(rule, [more, *results]) >= rank(rule, results)


@given(policies, outcomes)
def test_passed_means_every_required_check_passed(rule: DatasetPolicy, results: list[CheckResult]) -> None:
    if rank(rule, results) < RANK[Status.FAILED]:
        assert rule.rule.checks
        for name in rule.rule.checks:
            mine = [one for one in results if one.check == name]
            assert mine and not any(one.status.denies for one in mine)
        assert not any(one.status.denies for one in results)


@given(outcomes, st.booleans())
def test_an_empty_policy_denies(results: list[CheckResult], legal_basis: bool) -> None:
    assert rank(policy(frozenset(), legal_basis), results) == RANK[Status.FAILED]


@given(outcomes, st.frozensets(st.sampled_from(NAMES), min_size=1))
def test_exempt_is_never_passed_and_checks_still_count(
    results: list[CheckResult], required: frozenset[str]
) -> None:
    reason = "derived from checked data"
    assert decide(policy(frozenset(), exempt=reason), results, (), NOW)[0] is not Status.PASSED
    with_checks, without = policy(required, exempt=reason), policy(required)
    assert decide(with_checks, results, (), NOW) == decide(without, results, (), NOW)


@given(policies, st.permutations([result(name, Status.PASSED) for name in NAMES]))
def test_order_does_not_matter(rule: DatasetPolicy, results: list[CheckResult]) -> None:
    assert decide(rule, results, (), NOW)[0] is decide(rule, results[::-1], (), NOW)[0]
