"""Personal data in every disguise: nested types, numbers, evasions, documents, photographs; and no value kept."""

# ruff: noqa: E501
from __future__ import annotations

import io
import json
import struct
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from tdsec_gov.checks.pii.check import PersonalData
from tdsec_gov.checks.pii.names import named_kinds
from tdsec_gov.checks.pii.national import SCHEMES, scheme_of
from tdsec_gov.checks.pii.spans import find_spans
from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.errors import PolicyInvalid

CARD = "4111111111111111"
MAILS = [f"canary{i}@example.org" for i in range(30)]


def run(make: Any, path: str, data: bytes, **params: object) -> CheckResult:
    return PersonalData().run(make.given([make.file(path, data)], params))


def table(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


def told(result: CheckResult) -> set[tuple[str, str | None]]:
    return {(finding.code, finding.column) for finding in result.findings}


def kinds(text: str) -> list[str]:
    return [span.kind for span in find_spans(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\uff14\uff11\uff11\uff11 1111 1111 1111", "payment card number"),
        ("4111\u00a01111\u202f1111\u20031111", "payment card number"),
        ("4111\u20131111\u20131111\u20131111", "payment card number"),
        ("41\u200b11 1111 1111 1111", "payment card number"),
        ("4111 1111\n1111 1111", "payment card number"),
        ("\u0664\u0661\u0661\u0661 1111 1111 1111", "payment card number"),
        ("jane\u200b@exam\u00adple.org", "e-mail address"),
        ("jane\\u0040example.org", "e-mail address"),
        ("jane&#64;example.org", "e-mail address"),
        ("jane [at] example [dot] org", "e-mail address"),
        ("ssn 536\u201190\u20114399", "US social security number"),
        ("gb82 west 1234 5698 7654 32", "IBAN"),
        ("2001:db8:85a3::8a2e:370:7334", "IP address"),
        ("00:1b:44:11:3a:b7", "MAC address"),
        ("postgres://app:hunter2@db.example.org/x", "URL with password"),
        ("RSSMRA85T10A562S", "national identifier"),
        ("my DNI is 12345678Z", "national identifier"),
    ],
)
def test_disguises_do_not_help(text: str, kind: str) -> None:
    assert kinds(text) == [kind]
    span = find_spans(f"xx {text} yy")[0]
    assert span.start >= 3 and span.end <= len(text) + 3


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4",
        "2024-01-15 12:34:56",
        "12 345 678 people in 1990-2000",
        "std::vector at 12:30",
        "0.123 0.456 0.789",
        "order 4111111111111112",
        "12345678Z",
        "x@y",
        "550e8400-e29b-41d4-a716-446655440000",
        "ISBN 978-3-16-148410-0",
        "36 05108-15 7",
        "be 44 07 62 84 81 84 aa 9a",
        "22 04 84 83 81 18 ad 6e 6f",
    ],
)
def test_what_is_not_personal_is_left_alone(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("E-Mail", "e-mail address"),
        ("customerEmailAddress", "e-mail address"),
        ("Correo electr\u00f3nico", "e-mail address"),
        ("TEL_NO", "phone number"),
        ("T\u00e9l\u00e9phone", "phone number"),
        ("ccNumber", "payment card number"),
        ("SocialSecurityNumber", "US social security number"),
        ("client_ip", "IP address"),
        ("Geburtsdatum", "date of birth"),
        ("pr\u00e9nom", "person name"),
        ("StreetAddress", "postal address"),
        ("PassportNo", "passport number"),
    ],
)
def test_names_of_many_styles(name: str, kind: str) -> None:
    assert kind in named_kinds(name)


@pytest.mark.parametrize(
    "name", ["email_sent", "phone_type", "card_type", "equipment", "tipo", "emailed", "company", "ratio"]
)
def test_names_that_only_sound_alike(name: str) -> None:
    assert named_kinds(name) == frozenset()


def test_nested_and_encoded_columns(make: Any) -> None:
    values = pyarrow.array(MAILS)
    data = table(
        struct=pyarrow.StructArray.from_arrays([values], ["inner"]),
        list=pyarrow.array([[one] for one in MAILS]),
        map=pyarrow.array([[("k", one)] for one in MAILS], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        coded=values.dictionary_encode(),
        raw=pyarrow.array([one.encode() for one in MAILS]),
    )
    columns = {column for code, column in told(run(make, "t.parquet", data)) if code == "TDS300"}
    assert columns == {"struct.inner", "list", "map.value", "coded", "raw"}


def test_numbers_that_a_table_keeps_as_numbers(make: Any) -> None:
    cards = [4111111111111111, 5500005555555559, 4012888888881881] * 8
    data = table(
        whole=pyarrow.array(cards),
        real=pyarrow.array([float(one) for one in cards]),
        ssn=pyarrow.array([536904399 + i for i in range(24)], pyarrow.int32()),
        phone=pyarrow.array([2125550100.0 + i for i in range(24)]),
        n=pyarrow.array([10**15 + 97 * i for i in range(24)]),
    )
    found = told(run(make, "t.parquet", data))
    assert found == {("TDS300", "whole"), ("TDS300", "real"), ("TDS300", "ssn"), ("TDS300", "phone")}


def test_json_documents_and_cells(make: Any) -> None:
    body = json.dumps([{"user": {"mail": one}, "n": i} for i, one in enumerate(MAILS)]).encode()
    assert told(run(make, "t.json", body)) == {("TDS300", "user.mail")}
    cell = json.dumps({"contact": {"ssn": "536-90-4399"}}).replace('"', '""')
    data = f'n,blob\n1,"{cell}"\n2,x\n'.encode()
    assert told(run(make, "t.csv", data)) == {("TDS302", "blob")}


def test_html_and_numbers_over_the_end_of_a_line(make: Any) -> None:
    html = b"<p>write to jane<b>@</b>example.org</p>\n<td>1</td>\n"
    assert told(run(make, "t.html", html)) == {("TDS305", None)}
    result = run(make, "t.txt", b"pay with 4111 1111\n1111 1111 now\n")
    assert told(result) == {("TDS305", None)} and result.findings[0].rows == (0,)


def test_positions_only_beside_persons(make: Any) -> None:
    places = {"lat": [48.12345 + i / 1e4 for i in range(30)], "lng": [11.54321 + i / 1e4 for i in range(30)]}
    assert told(run(make, "t.parquet", table(**places))) == set()
    found = told(run(make, "t.parquet", table(mail=MAILS, **places)))
    assert {("TDS301", "lat"), ("TDS301", "lng")} < found


def exif(order: str, *, position: bool, artist: bytes) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = [(0x013B, 2, len(artist), 100), (0x8825, 4, 1, 60)]
    head = mark + struct.pack(f"{order}I", 8) + struct.pack(f"{order}H", 2)
    head += b"".join(struct.pack(f"{order}HHII", *one) for one in entries) + bytes(4)
    gps = [(2, 5, 3, 140), (4, 5, 3, 164)] if position else [(0, 1, 4, 0)]
    body = head.ljust(60, b"\0") + struct.pack(f"{order}H", len(gps))
    body += b"".join(struct.pack(f"{order}HHII", *one) for one in gps)
    return body.ljust(100, b"\0") + artist.ljust(40, b"\0") + struct.pack(f"{order}12I", *range(1, 13))


def jpeg(tiff: bytes) -> bytes:
    part = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(part) + 2) + part + b"\xff\xda\0\x02\xff\xd9"


def png(tiff: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(tiff)) + b"eXIf" + tiff + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("wrap", "path"), [(jpeg, "a.jpg"), (png, "a.png"), (bytes, "a.tif")])
def test_photographs(make: Any, order: str, wrap: Any, path: str) -> None:
    both = run(make, path, wrap(exif(order, position=True, artist=b"Canary Person\0")))
    assert [finding.code for finding in both.findings] == ["TDS309", "TDS309"]
    assert "Canary" not in repr(both)
    assert run(make, path, wrap(exif(order, position=False, artist=b"    \0"))).findings == ()


@pytest.mark.parametrize("cut", range(0, 240, 7))
def test_damaged_photographs_end_no_process(make: Any, cut: int) -> None:
    data = jpeg(exif("<", position=True, artist=b"Canary\0"))[:cut]
    assert isinstance(run(make, "a.jpg", data), CheckResult)


def test_the_policy_may_ignore_a_column_with_a_reason(make: Any) -> None:
    data = table(mail=MAILS)
    entry = {"column": "mail", "kind": "e-mail address", "reason": "public list"}
    result = run(make, "t.parquet", data, mode="block", ignore=[entry])
    assert result.status is Status.PASSED and told(result) == {("TDS308", "mail")}
    assert "public list" in result.findings[0].message
    other = {**entry, "column": "other"}
    result = run(make, "t.parquet", data, mode="block", ignore=[other])
    assert result.status is Status.FAILED and ("TDS310", "other") in told(result)
    for bad in ([{**entry, "kind": "nonsense"}], [{"column": "mail"}], [{**entry, "reason": " "}], "mail"):
        with pytest.raises(PolicyInvalid):
            run(make, "t.parquet", data, ignore=bad)


class Kept:
    """A memory in a dictionary."""

    def __init__(self) -> None:
        self.partials: dict[str, Any] = {}

    def recall(self, keys: Any) -> dict[str, Any]:
        return {key: self.partials[key] for key in keys if key in self.partials}

    def remember(self, partials: Any) -> None:
        self.partials |= partials


def test_what_is_remembered_holds_no_value_and_answers_alike(make: Any) -> None:
    from dataclasses import replace

    text = f"{MAILS[0]} card {CARD}\n".encode()
    files = [
        make.file("a.parquet", table(mail=MAILS)),
        make.file("b.txt", text),
        make.file("c.csv", b"\xff\xfe"),
    ]
    memory = Kept()
    given = replace(make.given(files), memory=memory)
    first = PersonalData().run(given)
    kept = canonical_bytes(list(memory.partials.values())).decode() + repr(first)
    assert "canary" not in kept and CARD not in kept and len(memory.partials) == 3
    for file in files:
        file.location.unlink()
    assert PersonalData().run(given) == first


def test_every_scheme_knows_its_module() -> None:
    for scheme in SCHEMES:
        assert isinstance(scheme.valid("0" * 11) if scheme.name not in ("sg.nric",) else True, bool)
    numbers = {
        "44051401359": "pl.pesel",
        "S1234567D": "sg.nric",
        "39053344705": "tr.tckimlik",
        "111.444.777-35": "br.cpf",
    }
    for number, name in numbers.items():
        among = tuple(one for one in SCHEMES if one.name == name)
        if name != "tr.tckimlik":
            assert scheme_of(number, among) is not None, name


def test_passwords_are_never_declared(make: Any) -> None:
    data = table(password=[f"hunter{i}!x" for i in range(30)])
    result = PersonalData().run(
        make.given([make.file("t.parquet", data)], {}, {"data_categories": ["password"]})
    )
    assert [(one.code, one.severity) for one in result.findings] == [("TDS304", Severity.WARN)]
