"""The source check: each missing or worn-out fact has its own code."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tdsec_gov.checks.source import SourceOnRecord
from tdsec_gov.domain.findings import Status
from tdsec_gov.errors import PolicyInvalid

GOOD = {
    "id": "crm",
    "name": "CRM export",
    "trust": "partner",
    "contact": {"name": "Data desk", "email": None, "url": None},
    "purpose": "churn model",
    "personal_data": "personal",
    "legal_basis": {"article": "6(1)(f)", "evidence": "LIA-2025-03"},
    "data_categories": ["contact"],
    "retention": {"until": "2027-01-01", "basis": "contract"},
    "review": {"by": "dpo", "on": "2026-01-01", "expires": "2027-01-01"},
}


def codes(make: Any, source: object, **params: object) -> tuple[Status, set[str]]:
    result = SourceOnRecord().run(make.given([make.file("a.csv", b"a\n1\n")], params, source))
    return result.status, {finding.code for finding in result.findings}


def test_a_complete_record_passes(make: Any) -> None:
    assert codes(make, GOOD) == (Status.PASSED, set())


def test_no_record_denies(make: Any) -> None:
    assert codes(make, None) == (Status.FAILED, {"TDS100"})


def test_empty_record_denies(make: Any) -> None:
    status, found = codes(make, {})
    assert status is Status.FAILED
    assert {"TDS102", "TDS103", "TDS108", "TDS116"} <= found


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"trust": "raw"}, "TDS101", Status.FAILED),
        ({"trust": "unknown"}, "TDS102", Status.FAILED),
        ({"trust": "gold"}, "TDS102", Status.FAILED),
        ({"legal_basis": None}, "TDS103", Status.FAILED),
        ({"personal_data": "unknown"}, "TDS104", Status.WARNED),
        ({"legal_basis": {"article": "6(1)(f)", "evidence": None}}, "TDS105", Status.FAILED),
        ({"legal_basis": {"article": "because", "evidence": "x"}}, "TDS106", Status.WARNED),
        ({"personal_data": "special"}, "TDS107", Status.FAILED),
        ({"retention": None}, "TDS108", Status.FAILED),
        ({"retention": {"until": "2026-05-31", "basis": "contract"}}, "TDS109", Status.FAILED),
        ({"review": None}, "TDS110", Status.WARNED),
        ({"review": {"by": "dpo", "on": "2026-01-01", "expires": "2026-05-20"}}, "TDS111", Status.WARNED),
        ({"review": {"by": "dpo", "on": "2026-01-01", "expires": "2026-03-01"}}, "TDS111", Status.FAILED),
        ({"purpose": None}, "TDS112", Status.WARNED),
        ({"data_categories": []}, "TDS113", Status.WARNED),
        ({"retention": {"until": "soon", "basis": "x"}}, "TDS114", Status.FAILED),
        ({"review": {"by": "dpo", "on": "2026-07-01", "expires": None}}, "TDS115", Status.FAILED),
        ({"contact": None}, "TDS116", Status.FAILED),
    ],
)
def test_each_fault_has_its_code(make: Any, change: dict[str, object], code: str, status: Status) -> None:
    assert codes(make, copy.deepcopy(GOOD) | change) == (status, {code})


def test_without_personal_data_no_legal_basis_is_needed(make: Any) -> None:
    record = GOOD | {"personal_data": "none", "legal_basis": None, "purpose": None, "data_categories": []}
    assert codes(make, record) == (Status.PASSED, set())


def test_special_categories_with_an_exception_pass(make: Any) -> None:
    record = GOOD | {
        "personal_data": "special",
        "legal_basis": {"article": "Art. 9(2)(a)", "evidence": "forms"},
    }
    assert codes(make, record) == (Status.PASSED, set())


def test_unknown_trust_denies_even_at_the_lowest_bar(make: Any) -> None:
    assert codes(make, GOOD | {"trust": "unknown"}, min_trust="raw") == (Status.FAILED, {"TDS102"})
    raw = GOOD | {"trust": "raw"}
    assert codes(make, raw, min_trust="raw", required_raw=[]) == (Status.PASSED, set())


@pytest.mark.parametrize("params", [{"min_trust": "unknown"}, {"min_trust": 3}, {"mintrust": "raw"}])
def test_bad_settings_are_refused(make: Any, params: dict[str, object]) -> None:
    with pytest.raises(PolicyInvalid):
        codes(make, GOOD, **params)
