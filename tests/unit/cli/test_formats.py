"""SARIF and JUnit: read back by other people's models of the formats; nothing of a finding is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from sarif_pydantic import Sarif

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.cli.formats.junit import junit
from tdsec_gov.cli.formats.sarif import sarif
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import UsedWaiver

VERSION = DatasetVersion("data/a b.csv", "a" * 64, "b" * 32, 1, 10, "c" * 64)


def verdict(result: Status, results: list[CheckResult], reasons: tuple[str, ...] = ()) -> Verdict:
    return Verdict(
        version=VERSION,
        result=result,
        evaluated_at="2026-01-01T00:00:00Z",
        expires_at="2027-01-01T00:00:00Z",
        tool="t",
        policy="d" * 64,
        rule="**",
        results=tuple(results),
        reasons=reasons,
        source=None,
        purpose="",
        legal_basis="",
        retention="",
        sequence=1,
        previous=None,
        checkpoint=None,
    )


def checked(*findings: Finding, name: str = "pii") -> CheckResult:
    return CheckResult.from_findings(name, list(findings))


DENY = Finding("TDS300", Severity.DENY, "emails", "a b.csv", "mail", 3, (0, 4))
WARN = Finding("TDS301", Severity.WARN, "phones", "a b.csv", "tel", 1, (2,))


def test_sarif_holds_every_finding() -> None:
    told = sarif([("data/a b.csv.dvc", verdict(Status.FAILED, [checked(DENY, WARN)]))])
    run = Sarif.model_validate_json(json.dumps(told)).runs[0]
    assert [(one.rule_id, one.level.value) for one in run.results or []] == [
        ("TDS300", "error"),
        ("TDS301", "warning"),
    ]
    first = told["runs"][0]["results"][0]
    assert first["message"]["text"] == "emails (mail, 3)" and first["properties"]["rows"] == [0, 4]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "data/a%20b.csv.dvc"
    assert first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "data/a b.csv"
    rules = told["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["TDS300", "TDS301"]
    assert rules[first["ruleIndex"]]["help"]["text"] == EXPLANATIONS["TDS300"].fix
    assert told["runs"][0]["invocations"] == [{"executionSuccessful": True}]


def test_fingerprints_follow_the_finding_and_not_the_order() -> None:
    one = sarif([("p.dvc", verdict(Status.FAILED, [checked(DENY, WARN)]))])["runs"][0]["results"]
    other = sarif([("p.dvc", verdict(Status.FAILED, [checked(WARN, DENY)]))])["runs"][0]["results"]
    prints = [[result["partialFingerprints"]["tdsec/v1"] for result in results] for results in (one, other)]
    assert prints[0] == prints[1][::-1] and len(set(prints[0])) == 2


def test_an_error_and_a_denial_without_findings_are_told() -> None:
    crashed = CheckResult("pii", Status.ERROR, (Finding("TDS001", Severity.DENY, "pii crashed"),))
    told = sarif([("p.dvc", verdict(Status.FAILED, [crashed]))])["runs"][0]
    assert told["invocations"] == [{"executionSuccessful": False}]
    assert [one["ruleId"] for one in told["results"]] == ["TDS001"]
    bare = verdict(Status.FAILED, [checked()], ("schema: did not run",))
    (only,) = sarif([("p.dvc", bare)])["runs"][0]["results"]
    assert (only["ruleId"], only["level"], only["message"]["text"]) == (
        "verdict",
        "error",
        "schema: did not run",
    )


def read_back(text: str, tmp_path: Path) -> JUnitXml:
    place = tmp_path / "junit.xml"
    place.write_text(text, "utf-8")
    return JUnitXml.fromfile(str(place))


def test_junit_counts(tmp_path: Path) -> None:
    crashed = CheckResult("files", Status.ERROR, (Finding("TDS001", Severity.DENY, "files crashed"),))
    results = [checked(DENY), crashed, checked(WARN, name="schema"), checked(name="source")]
    suites = read_back(junit([("p.dvc", verdict(Status.FAILED, results))]), tmp_path)
    (suite,) = list(suites)
    assert (suite.tests, suite.failures, suite.errors) == (4, 1, 1)
    cases = {case.name: case for case in suite}
    assert "a b.csv:0: TDS300 emails (mail, 3)" in cases["pii"].result[0].text
    assert type(cases["files"].result[0]).__name__ == "Error"
    assert cases["schema"].is_passed and "TDS301" in (cases["schema"].system_out or "")
    bare = verdict(Status.FAILED, [checked()], ("schema: did not run",))
    (suite,) = list(read_back(junit([("p.dvc", bare)]), tmp_path))
    assert (suite.tests, suite.failures) == (2, 1)


def test_what_is_waived_is_neither_hidden_nor_counted_as_failed(tmp_path: Path) -> None:
    used = UsedWaiver("e" * 64, "pii", None, "bob", "2026-06-01T00:00:00Z")
    judged = [("p.dvc", replace(verdict(Status.WARNED, [checked(DENY, WARN)]), waivers=(used,)))]
    denied, warned = sarif(judged)["runs"][0]["results"]
    assert denied["suppressions"] == [{"kind": "external", "justification": "waived by bob until 2026-06-01"}]
    assert "suppressions" not in warned
    (suite,) = list(read_back(junit(judged), tmp_path))
    (case,) = list(suite)
    assert (suite.failures, suite.skipped) == (0, 1) and case.result[0].message == "waived until 2026-06-01"


@given(st.text(), st.text(), st.lists(st.integers(0, 9), max_size=3))
def test_any_names_give_valid_documents(name: str, column: str, rows: list[int]) -> None:
    found = replace(DENY, file=name, column=column, rows=tuple(rows))
    judged = [("p.dvc", verdict(Status.FAILED, [checked(found)]))]
    Sarif.model_validate_json(json.dumps(sarif(judged)))
    assert JUnitXml.fromstring(junit(judged).encode("utf-8", "surrogatepass")) is not None
