"""From flags to a source record, and what `explain` says of errors."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.cli.explain import error_codes
from tdsec_gov.cli.main import main
from tdsec_gov.cli.source import _record, add
from tdsec_gov.errors import IntegrityError, TdsecError, UsageError

TODAY = dt.date(2026, 1, 2)


def flags(**given: Any) -> dict[str, Any]:
    every: dict[str, Any] = {str(one.name): () if one.multiple else None for one in add.params}  # type: ignore[attr-defined]
    return every | {"id": "crm", "name": "n", "trust": "raw"} | given


def test_groups_are_built_from_their_flags() -> None:
    given = flags(
        legal_basis="6(1)(f)",
        legal_evidence="file.pdf",
        retention_until=dt.datetime(2030, 1, 1),
        retention_basis="law",
        contact_name="Dana",
        reviewed_by="Dana",
        data_categories=("names", "mails"),
    )
    record = _record(given, TODAY)
    assert record.legal_basis is not None and record.legal_basis.evidence == "file.pdf"
    assert record.retention is not None and record.retention.until == dt.date(2030, 1, 1)
    assert record.review is not None and record.review.on == TODAY
    assert record.contact is not None and record.supplier is None
    assert record.data_categories == ("names", "mails") and record.personal_data == "unknown"


@pytest.mark.parametrize(
    "given",
    [
        {"id": "../x"},
        {"legal_evidence": "file.pdf"},
        {"retention_until": dt.datetime(2030, 1, 1)},
        {"contact_email": "a@example.org"},
        {"supplier_url": "https://example.org"},
        {"review_expires": dt.datetime(2030, 1, 1)},
    ],
)
def test_half_a_pair_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        _record(flags(**given), TODAY)


def test_every_error_of_the_tree_has_a_code() -> None:
    codes = error_codes()
    assert {
        "usage",
        "denied",
        "integrity",
        "log-tampered",
        "verdict-missing",
        "backend",
        "unreadable",
    } <= set(codes)
    assert codes["integrity"] is IntegrityError
    assert all(issubclass(one, TdsecError) and one.__doc__ for one in codes.values())
    assert all(not one.__name__.startswith("_") for one in codes.values())


def test_explain_a_finding_and_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tds100"]) == 0
    out = capsys.readouterr().out
    title, meaning, fix = EXPLANATIONS["TDS100"]
    assert out == f"TDS100: {title}\n\n{meaning}\n\nFix: {fix}\n"
    assert main(["explain", "log-tampered"]) == 0
    out = capsys.readouterr().out
    assert "changed, reordered or cut" in out and "exit with 10" in out and "a kind of integrity" in out
    assert main(["--json", "explain"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert set(body["findings"]) == set(EXPLANATIONS) and set(body["errors"]) == set(error_codes())
    assert main(["explain", "TDS99999"]) == 2
