"""Personal data: kinds, tiers and counts; identifiers do not alarm; no value is repeated."""

from __future__ import annotations

import gzip
import io
import random
from typing import Any

import polars
import pytest

from tdsec_gov.checks.pii.check import PersonalData
from tdsec_gov.checks.pii.phones import is_phone
from tdsec_gov.checks.pii.tally import INSIDE, NOTHING, Tally
from tdsec_gov.checks.pii.validators import is_card, is_email, is_iban, is_ip, is_ssn
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT")
AWS = "AKIA" + "IOSFODNN7EXAMPLE"


def luhn_card(rng: random.Random) -> str:
    body = "4" + "".join(rng.choice("0123456789") for _ in range(14))
    return next(body + check for check in "0123456789" if is_card(body + check))


def run(make: Any, data: bytes, path: str = "t.csv", source: Any = None, **params: object) -> CheckResult:
    return PersonalData().run(make.given([make.file(path, data)], params, source))


def column(name: str, values: list[str]) -> bytes:
    return "\n".join([f"n,{name}", *(f"{i},{value}" for i, value in enumerate(values))]).encode() + b"\n"


def only(result: CheckResult) -> Finding:
    assert len(result.findings) == 1, result.findings
    return result.findings[0]


RNG = random.Random(7)
COLUMNS = {
    "e-mail address": [f"user{i}@mail{i}.example.org" for i in range(40)],
    "phone number": [f"+4930{RNG.randrange(10**6, 10**7)}" for _ in range(40)],
    "payment card number": [luhn_card(RNG) for _ in range(40)],
    "IBAN": ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "FR1420041010050500013M02606"] * 5,
    "US social security number": [f"{i + 100}-{i + 11}-{i + 1000}" for i in range(40)],
    "IP address": [f"10.{i}.3.{i + 1}" for i in range(40)],
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_of_one_kind_is_confirmed(make: Any, kind: str) -> None:
    result = run(make, column("x", COLUMNS[kind]))
    finding = only(result)
    assert (finding.code, finding.column, finding.count) == ("TDS300", "x", len(COLUMNS[kind]))
    assert kind in finding.message
    assert result.status is Status.WARNED
    assert not any(value in repr(result) for value in COLUMNS[kind])


@pytest.mark.parametrize("kind", COLUMNS)
def test_one_value_in_free_text_is_counted(make: Any, kind: str) -> None:
    value = COLUMNS[kind][0]
    finding = only(run(make, column("note", ["all is well"] * 30 + [f"please use {value}; thanks"])))
    assert (finding.code, finding.count, finding.rows) == ("TDS302", 1, (30,))
    assert kind in finding.message and value not in finding.message


@pytest.mark.parametrize("kind", COLUMNS)
def test_text_files_give_lines(make: Any, kind: str) -> None:
    value = COLUMNS[kind][0]
    data = f"# Title\n\nwrite to {value} or not\n".encode()
    for path, content in (("a/readme.md", data), ("x.txt.gz", gzip.compress(data))):
        finding = only(run(make, content, path))
        assert (finding.code, finding.rows, finding.count) == ("TDS305", (2,), 1)
        assert "line 3" in finding.message and value not in finding.message


@pytest.mark.parametrize(
    "secret",
    [
        AWS,
        "ghp_" + "a1" * 18,
        "-----BEGIN RSA PRIVATE KEY-----",
        "xoxb-" + "123456789012-abcdef",
        "sk_live_" + "a1" * 12,
        "eyJhbGciOiJI." + "eyJzdWIiOiIxMjM0." + "SflKxwRJSMeKKF2QT4",
    ],
)
def test_secrets_have_their_own_code(make: Any, secret: str) -> None:
    for path, data in (("t.csv", column("note", ["x", f"key={secret}"])), ("t.txt", secret.encode())):
        finding = only(run(make, data, path))
        assert finding.code == "TDS304" and secret not in finding.message


@pytest.mark.parametrize(
    "values",
    [
        [str(10**15 + 97 * i) for i in range(500)],
        [str(4 * 10**15 + 7919 * i * i) for i in range(500)],
        [str(123_456_789 + 31 * i) for i in range(500)],
        [str(2_125_550_000 + i) for i in range(500)],
        [f"{i * 0.1234567:.9f}" for i in range(500)],
        [f"2024-0{1 + i % 9}-1{i % 10}" for i in range(500)],
        [f"2024-0{1 + i % 9}-1{i % 10} 12:34:5{i % 10}" for i in range(500)],
        [f"v1.{i % 30}.{i}" for i in range(500)],
        [f"TXN-{4 * 10**15 + 7919 * i * i}" for i in range(500)],
        [f"{i:032x}" for i in range(500)],
        [f"{i % 99} 2 32.1 101 {100 + i} 93.2 38 4 4.8598 {i % 90}" for i in range(500)],
    ],
)
def test_identifiers_dates_and_numbers_do_not_alarm(make: Any, values: list[str]) -> None:
    assert run(make, column("id", values)).findings == ()


def test_the_columns_name_lowers_the_bar(make: Any) -> None:
    values = [str(2_125_550_000 + i) for i in range(100)]
    assert only(run(make, column("home_phone", values))).code == "TDS300"
    assert only(run(make, column("SSN", [str(123_456_700 + i) for i in range(80)]))).code == "TDS300"


def test_random_card_numbers_are_likely_by_name_only(make: Any) -> None:
    rng = random.Random(3)
    values = [str(rng.randrange(4 * 10**15, 5 * 10**15)) for _ in range(200)]
    assert run(make, column("x", values)).findings == ()
    assert only(run(make, column("CreditCard", values))).code == "TDS301"


def test_modes_and_declarations(make: Any) -> None:
    data = column("mail", COLUMNS["e-mail address"])
    declared = {"personal_data": "personal", "data_categories": ["Contact details"]}
    silent = {"personal_data": "personal", "data_categories": []}
    table = [
        ("warn", silent, Status.WARNED, "TDS300"),
        ("warn", declared, Status.PASSED, "TDS303"),
        ("block_undeclared", silent, Status.FAILED, "TDS300"),
        ("block_undeclared", None, Status.FAILED, "TDS300"),
        ("block_undeclared", declared, Status.PASSED, "TDS303"),
        ("block", declared, Status.FAILED, "TDS303"),
    ]
    for mode, source, status, code in table:
        result = run(make, data, source=source, mode=mode)
        assert (result.status, only(result).code) == (status, code)


def test_the_record_says_none_and_data_says_otherwise(make: Any) -> None:
    source = {"personal_data": "none", "data_categories": []}
    result = run(make, column("mail", COLUMNS["e-mail address"]), source=source, mode="block_undeclared")
    assert {finding.code for finding in result.findings} == {"TDS300", "TDS306"}
    assert all(finding.severity is Severity.DENY for finding in result.findings)


def test_header_that_is_data(make: Any) -> None:
    result = run(make, b"1,jane.doe@example.org\n2,joe@example.org\n")
    assert "TDS307" in {finding.code for finding in result.findings}
    assert "jane" not in repr(result)


def test_numbers_in_parquet_and_nested_json(make: Any) -> None:
    buffer = io.BytesIO()
    polars.DataFrame({"cc": [int(one) for one in COLUMNS["payment card number"]]}).write_parquet(buffer)
    assert only(run(make, buffer.getvalue(), "t.parquet")).code == "TDS300"
    lines = b'{"id": 1, "user": {"contact": ["a@example.org"]}}\n{"id": 2, "user": {"contact": []}}\n'
    finding = only(run(make, lines, "t.jsonl"))
    assert (finding.column, finding.code) == ("user.contact", "TDS300")


def test_unreadable_files_deny(make: Any) -> None:
    for path in ("t.csv", "t.parquet", "t.txt", "t.json", "t.csv.gz"):
        result = run(make, b"\0\xff\xfe", path)
        assert (result.status, only(result).code) == (Status.FAILED, "TDS011")


def test_long_columns_are_judged_by_a_sample(make: Any) -> None:
    values = [f"u{i}@example.org" if i % 2 else f"u{i}@-bad-.org" for i in range(8000)]
    finding = only(run(make, column("x", values + ["x"] * 100)))
    assert finding.code == "TDS302" and "about" in finding.message
    assert 3500 < (finding.count or 0) < 4500 and len(finding.rows) == 20


def test_the_tally_estimates_beyond_its_bound() -> None:
    import numpy
    import pyarrow

    def tally(texts: list[str]) -> Tally:
        one = Tally()
        judge = lambda text: INSIDE if text.endswith("7") else NOTHING  # noqa: E731
        one.add(pyarrow.array(texts), numpy.arange(len(texts)), judge, numpy.random.default_rng(1))
        return one

    texts = [str(i) for i in range(20_000)]
    assert tally(texts).sampled and 1200 < tally(texts).valid < 2800
    assert tally(texts).rows == tally(texts).rows
    few = tally(texts[:500])
    assert (few.sampled, few.valid) == (False, 50)


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (is_email, "a.b+c@example.co.uk", "a..b@example.org"),
        (is_email, "x@example.org", "x@-example.org"),
        (is_card, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (is_card, "378282246310005", "1234567812345670"),
        (is_iban, "GB82WEST12345698765432", "GB82WEST12345698765433"),
        (is_iban, "NO9386011117947", "XX9386011117947"),
        (is_ssn, "536-90-4399", "666-90-4399"),
        (is_ssn, "536904399", "900-90-4399"),
        (is_ip, "192.168.1.7", "192.168.1.256"),
        (is_ip, "2001:db8::1", "12:34:56"),
        (lambda text: is_phone(text, REGIONS), "(212) 555-0123", "2024-01-15"),
        (lambda text: is_phone(text, REGIONS), "0044 20 7946 0958", "12345"),
    ],
)
def test_validators(judge: Any, good: str, bad: str) -> None:
    assert judge(good) and not judge(bad)
