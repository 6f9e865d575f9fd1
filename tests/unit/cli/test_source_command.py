"""From flags to a source record, and what `explain` says of errors."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from tdsec_gov.checks.explain import EXPLANATIONS
from tdsec_gov.cli.explain import error_codes
from tdsec_gov.cli.main import main
from tdsec_gov.cli.source import add
from tdsec_gov.cli.source_record import record_from
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
    record = record_from(given, TODAY)
    assert record.legal_basis is not None and record.legal_basis.evidence == "file.pdf"
    assert record.retention is not None and record.retention.until == dt.date(2030, 1, 1)
    assert record.review is not None and record.review.on == TODAY
    assert record.contact is not None and record.supplier is None
    assert record.data_categories == ("names", "mails") and record.personal_data == "unknown"


def test_every_field_of_a_record_has_a_flag() -> None:
    record = record_from(
        flags(
            acquired_method="scraped",
            acquired_from=dt.datetime(2025, 1, 1),
            agreement="terms",
            rights="licensed",
            opt_out_checked=dt.datetime(2025, 1, 1),
            transfers=("us=SCC 2021", "CH"),
            origin=("DE",),
            storage=("FR", "DE"),
            locations=(f"sha256:{'A' * 64}=https://example.org/a?b=c",),
            derived_from=("b" * 64,),
            allowed_uses=("search",),
            prohibited_uses=("ads",),
            recipients=("us",),
            confidentiality="amber",
            retention_period="P3Y",
            retention_basis="law",
            known_bias="some",
        ),
        TODAY,
    )
    assert record.acquired is not None and record.acquired.start == dt.date(2025, 1, 1)
    assert [(one.country, one.safeguard) for one in record.transfers] == [("US", "SCC 2021"), ("CH", None)]
    assert record.locations[0].url == "https://example.org/a?b=c" and record.locations[0].sha256 == "a" * 64
    assert record.geography is not None and record.geography.storage == ("FR", "DE")
    assert record.copyright is not None and record.retention is not None and record.known_bias == "some"


@pytest.mark.parametrize(
    "given",
    [
        {"transfers": ("Germany",)},
        {"locations": ("https://example.org",)},
        {"derived_from": ("abc",)},
        {"retention_period": "3 years", "retention_basis": "law"},
        {
            "acquired_method": "public",
            "acquired_from": dt.datetime(2025, 2, 1),
            "acquired_to": dt.datetime(2025, 1, 1),
        },
        {"agreement": "terms"},
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
        record_from(flags(**given), TODAY)


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
