"""The source check: required fields by trust level, retention periods, uses, and the digest of the record."""

from __future__ import annotations

from typing import Any

import pytest

from tdsec_gov.checks.source import RAW_FIELDS, SourceOnRecord
from tdsec_gov.checks.source_rules import stated
from tdsec_gov.domain.canonical import canonical_bytes, sha256_hex
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.source_models import FIELDS, Source

RAW: dict[str, Any] = {
    "id": "web",
    "name": "Web",
    "trust": "raw",
    "description": "pages",
    "supplier": {"name": "Crawl"},
    "contact": {"name": "Data desk"},
    "license": "CC-BY-4.0",
    "acquired": {"method": "public", "from": "2025-01-01", "to": "2025-02-28"},
    "allowed_locations": ["https://example.org/**"],
    "personal_data": "none",
    "retention": {"until": None, "basis": "research"},
    "review": {"by": "dpo", "on": "2026-01-01"},
}


def run(make: Any, source: object, **params: object) -> CheckResult:
    settings = {"min_trust": "raw", **params}
    return SourceOnRecord().run(make.given([make.file("a.csv", b"a\n1\n")], settings, source))


def codes(result: CheckResult) -> set[str]:
    return {one.code for one in result.findings}


def test_a_complete_raw_record_passes_and_each_required_field_counts(make: Any) -> None:
    assert run(make, RAW).status is Status.PASSED
    for field in RAW_FIELDS:
        gone = {key: value for key, value in RAW.items() if key != field}
        assert run(make, gone).status is Status.FAILED, field


def test_the_policy_says_what_each_trust_level_must_state(make: Any) -> None:
    assert codes(run(make, RAW, required_raw=["acquired.agreement"])) == {"TDS117"}
    assert run(make, RAW, required_raw=["acquired.from"]).status is Status.PASSED
    inside = {**RAW, "trust": "internal", "license": None}
    assert run(make, inside).status is Status.PASSED
    assert run(make, inside, required_internal=["license"]).status is Status.FAILED
    assert run(make, inside, required_raw=["license", "known_bias"]).status is Status.PASSED
    with pytest.raises(PolicyInvalid):
        run(make, RAW, required_raw=["licence"])


def test_a_required_field_with_a_code_of_its_own_is_told_once_and_denies(make: Any) -> None:
    result = run(make, {**RAW, "review": None})
    assert [(one.code, one.severity.value) for one in result.findings] == [("TDS110", "deny")]
    unknown = run(make, {**RAW, "personal_data": "unknown"}, legal_basis_required=False)
    assert [(one.code, one.severity.value) for one in unknown.findings] == [("TDS104", "deny")]


@pytest.mark.parametrize(
    ("retention", "acquired", "expected"),
    [
        ({"period": "P2Y", "basis": "b"}, {"method": "public", "to": "2025-02-28"}, set()),
        ({"period": "P1Y", "basis": "b"}, {"method": "public", "to": "2025-02-28"}, {"TDS109"}),
        ({"period": "P15M", "basis": "b"}, {"method": "public", "to": "2025-02-28"}, {"TDS109"}),
        ({"period": "P16M", "basis": "b"}, {"method": "public", "from": "2025-02-28"}, set()),
        ({"period": "P52W", "basis": "b"}, {"method": "public", "to": "2025-05-01"}, {"TDS109"}),
        ({"period": "P1Y", "basis": "b"}, {"method": "public"}, {"TDS118"}),
        ({"period": "P9999Y", "basis": "b"}, {"method": "public", "to": "2024-02-29"}, set()),
        ({"period": "P9Y", "until": "2026-05-31", "basis": "b"}, RAW["acquired"], {"TDS109"}),
    ],
)
def test_retention_periods_begin_when_the_data_was_acquired(
    make: Any, retention: object, acquired: object, expected: set[str]
) -> None:
    assert codes(run(make, {**RAW, "retention": retention, "acquired": acquired})) == expected


def test_uses_opt_out_and_transfers(make: Any) -> None:
    record = {**RAW, "purpose": "Churn model"}
    assert codes(run(make, {**record, "prohibited_uses": ["churn MODEL "]})) == {"TDS124"}
    assert codes(run(make, {**record, "allowed_uses": ["search"]})) == {"TDS125"}
    assert codes(run(make, {**record, "allowed_uses": ["search", "churn model"]})) == set()
    scraped = {**RAW, "acquired": {"method": "scraped"}}
    assert codes(run(make, scraped)) == {"TDS119"}
    looked = {**scraped, "copyright": {"status": "unknown", "tdm_opt_out_checked": "2026-01-01"}}
    assert codes(run(make, looked)) == set()
    person = {
        **record,
        "personal_data": "personal",
        "legal_basis": {"article": "6(1)(f)", "evidence": "LIA"},
        "data_categories": ["contact"],
        "transfers": [{"country": "US"}, {"country": "CH", "safeguard": "adequacy"}],
    }
    found = run(make, person)
    assert [(one.code, one.count) for one in found.findings] == [("TDS126", 1)]


def test_the_verdict_gets_the_digest_of_the_record(make: Any) -> None:
    assert run(make, RAW).facts == {"source_sha256": sha256_hex(canonical_bytes(RAW))}
    assert run(make, {**RAW, "name": "Other"}).facts != run(make, RAW).facts


def test_data_that_did_not_come_through_collect_can_be_refused(make: Any) -> None:
    assert codes(run(make, RAW, collected_only=True)) == {"TDS123"}


def test_every_field_a_policy_may_require_exists() -> None:
    schema = Source.model_json_schema()
    for field in FIELDS:
        top, _, inner = field.partition(".")
        spec = schema["properties"][top]
        if inner:
            options = [spec, *spec.get("anyOf", [])]
            name = next(one["$ref"] for one in options if "$ref" in one).rpartition("/")[2]
            assert inner in schema["$defs"][name]["properties"], field
    with_all = set(schema["properties"]) - {"id", "name", "trust"}
    assert with_all == {field for field in FIELDS if "." not in field}


@pytest.mark.parametrize("value", [None, "", "  ", [], {}, {"a": None}, False])
def test_nothing_is_not_a_statement(value: Any) -> None:
    assert not stated({"x": value}, "x") and stated({"x": {"a": "b"}}, "x.a")
