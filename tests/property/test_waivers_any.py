"""Waivers lift the denial of their own check, while they last, and nothing else ever gets better by them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.errors import TdsecError
from tdsec_gov.gate.decide import decide
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.policy.models import DatasetRule, Signatures, Signers, Waivers
from tdsec_gov.policy.tighten import implies
from tdsec_gov.verdicts.trust import Place, Quorum
from tdsec_gov.verdicts.verify import format_time
from tdsec_gov.verdicts.waivers.rules import by_others
from tdsec_gov.verdicts.waivers.statement import from_statement, to_statement

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
RANK = {Status.PASSED: 0, Status.WARNED: 1, Status.FAILED: 2}
CHECKS, CODES, PEOPLE = ("source", "pii", "files"), ("TDS001", "TDS300", "TDS500"), ("a", "b", "c")
checks, codes, people = st.sampled_from(CHECKS), st.sampled_from(CODES), st.sampled_from(PEOPLE)


def result(check: str, status: Status, found: list[str]) -> CheckResult:
    severity = {Status.PASSED: Severity.NOTE, Status.WARNED: Severity.WARN}.get(status, Severity.DENY)
    return CheckResult(check, status, tuple(Finding(code, severity, "a finding") for code in found))


def waiver(check: str, code: str | None, who: str, begins: int, ends: int) -> Waiver:
    times = [format_time(NOW + dt.timedelta(days=days)) for days in (begins, ends)]
    return Waiver("d", "0" * 64, check, code, "because of a reason", *times, f"{check}{code}{who}{ends}", who)


def policy(required: frozenset[str], waivers: Waivers) -> DatasetPolicy:
    rule = DatasetRule(match="**", checks={name: {} for name in sorted(required)})
    return DatasetPolicy("d", rule, None, False, None, waivers)


names = st.frozensets(checks)
rules = st.builds(
    lambda some, errors, n: Waivers(checks=tuple(sorted(some)), errors=tuple(sorted(errors)), threshold=n),
    names,
    names,
    st.integers(1, 2),
)
policies = st.builds(policy, names, rules)
outcomes = st.lists(
    st.builds(result, checks, st.sampled_from(Status), st.lists(codes, max_size=2)), max_size=5
)
some_waivers = st.lists(
    st.builds(waiver, checks, st.none() | codes, people, st.integers(-5, 1), st.integers(-3, 5)), max_size=5
)


def rank(rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver]) -> int:
    return RANK[decide(rule, results, waivers, NOW).status]


@given(policies, outcomes, some_waivers, st.integers(0, 4))
def test_taking_a_result_away_never_helps(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver], n: int
) -> None:
    if n < len(results) and results[n].check in rule.rule.checks:
        fewer = [one for one in results if one.check != results[n].check]
        assert rank(rule, fewer, waivers) == RANK[Status.FAILED]


@given(policies, outcomes, some_waivers, st.integers(0, 4))
def test_failing_or_erring_never_helps(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver], n: int
) -> None:
    if n < len(results) and not results[n].status.denies:
        denying = tuple(replace(one, severity=Severity.DENY) for one in results[n].findings)
        for worse in (Status.FAILED, Status.ERROR):
            changed = [*results]
            changed[n] = replace(results[n], status=worse, findings=denying)
            assert rank(rule, changed, waivers) >= rank(rule, results, waivers)


@given(policies, outcomes, some_waivers)
def test_a_waiver_never_makes_passed_and_never_lifts_what_it_does_not_name(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver]
) -> None:
    decision = decide(rule, results, waivers, NOW)
    if decision.status is Status.FAILED:
        return
    for one in results:
        if one.status.denies:
            assert decision.status is Status.WARNED
            mine = [w for w in decision.waivers if w.check == one.check]
            consent = rule.waivers.errors if one.status is Status.ERROR else rule.waivers.checks
            assert one.check in consent
            assert len({w.approver for w in mine}) >= rule.waivers.threshold
            deny = {f.code for f in one.findings if f.severity is Severity.DENY}
            assert all(any(w.code in (None, code) for w in mine) for code in deny)


@given(policies, outcomes, some_waivers, st.lists(checks, max_size=3))
def test_an_error_of_another_check_stays_an_error(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver], erring: list[str]
) -> None:
    for check in erring:
        others = [one for one in waivers if one.check != check]
        with_error = [*results, result(check, Status.ERROR, ["TDS001"])]
        assert rank(rule, with_error, others) == RANK[Status.FAILED]


@given(policies, outcomes, some_waivers)
def test_an_expired_or_early_waiver_never_helps(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver]
) -> None:
    alive = [one for one in waivers if one.created <= format_time(NOW) < one.expires]
    assert decide(rule, results, waivers, NOW) == decide(rule, results, alive, NOW)


@given(policies, outcomes, some_waivers)
def test_every_waiver_that_is_used_is_still_alive(
    rule: DatasetPolicy, results: list[CheckResult], waivers: list[Waiver]
) -> None:
    for one in decide(rule, results, waivers, NOW).waivers:
        assert format_time(NOW) < one.expires and one in waivers


@given(some_waivers, rules, st.frozensets(people), st.none() | st.booleans())
def test_committers_waive_nothing_that_is_not_theirs(
    waivers: list[Waiver], rule: Waivers, committers: frozenset[str], said: bool | None
) -> None:
    asked = rule.model_copy(update={"not_by_committer": said})
    for one in waivers:
        kept = one in by_others(waivers, asked, committers)
        barred = said if said is not None else one.check in ("malware", "files")
        assert kept == (not (barred and one.approver in committers))


@given(st.data())
def test_one_byte_of_a_waiver_changed_is_another_waiver_or_none(data: st.DataObject) -> None:
    made = waiver("pii", data.draw(st.none() | codes), "a", -1, 3)
    payload = bytearray(to_statement(made))
    position = data.draw(st.integers(0, len(payload) - 1))
    payload[position] ^= data.draw(st.integers(1, 255))
    try:
        read = from_statement(bytes(payload), "a")
    except TdsecError:
        return
    assert read.digest != from_statement(to_statement(made), "a").digest


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(TdsecError):
        from_statement(data, "a")


ROLES = ("admin", "steward", "ci")
parts = st.builds(
    lambda roles, n: Signatures(roles=tuple(sorted(roles)), threshold=n),
    st.frozensets(st.sampled_from(ROLES), max_size=2),
    st.integers(1, 2),
)
demands = st.one_of(
    st.builds(lambda one: Signers(roles=one.roles, threshold=one.threshold), parts),
    st.builds(lambda many: Signers(all=tuple(many)), st.lists(parts, min_size=1, max_size=3)),
    st.builds(lambda many: Signers(any=tuple(many)), st.lists(parts, min_size=1, max_size=3)),
)
teams = st.dictionaries(st.sampled_from("uvwxyz"), st.frozensets(st.sampled_from(ROLES)), max_size=6)


def quorum(signers: Signers, team: dict[str, frozenset[str]]) -> Quorum:
    """As Quorum.of, where everybody in the team is a writer."""
    alternatives = []
    for demand in signers.alternatives:
        places: list[Place] = []
        for part in demand:
            fit = frozenset(who for who, roles in team.items() if not part.roles or roles & set(part.roles))
            places += [Place(fit, "somebody")] * part.threshold
        alternatives.append(tuple(places))
    return Quorum({}, tuple(alternatives))


@given(demands, teams, st.frozensets(st.sampled_from("uvwxyz")), st.sampled_from("uvwxyz"))
def test_one_more_signature_never_takes_away(
    signers: Signers, team: dict[str, frozenset[str]], have: frozenset[str], one: str
) -> None:
    asked = quorum(signers, team)
    assert len(asked.lacking(have | {one})) <= len(asked.lacking(have))
    assert len(asked.lacking(())) >= 1  # nobody's signature is never enough


@given(demands, teams, st.frozensets(st.sampled_from("uvwxyz")))
def test_nobody_counts_twice(signers: Signers, team: dict[str, frozenset[str]], have: frozenset[str]) -> None:
    least = min(sum(part.threshold for part in demand) for demand in signers.alternatives)
    if not quorum(signers, team).lacking(have):
        assert len(have & set(team)) >= least


@given(demands, demands, teams, st.frozensets(st.sampled_from("uvwxyz")))
def test_what_is_called_no_weaker_is_no_weaker(
    mine: Signers, org: Signers, team: dict[str, frozenset[str]], have: frozenset[str]
) -> None:
    """Whenever the repository's demand is met, so is the org's: for every team and every set of signers."""
    if implies(mine, org) and not quorum(mine, team).lacking(have):
        assert not quorum(org, team).lacking(have)
    assert implies(org, org)
