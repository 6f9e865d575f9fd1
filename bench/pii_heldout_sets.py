"""Sentences, column names and hard negatives of the held-out sets a and b (see pii_heldout.py)."""

# ruff: noqa: E501
from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable

from tdsec_gov.checks.pii import kinds as k

LABELS = {
    "EMAIL": k.EMAIL, "PHONE": k.PHONE, "CARD": k.CARD, "IBAN": k.IBAN, "SSN": k.SSN, "IP": k.IP, "MAC": k.MAC,
    "PERSON": k.PERSON, "BIRTH": k.BIRTH, "ADDRESS": k.ADDRESS,
}  # fmt: skip


def ssn(rng: random.Random) -> str:
    area = rng.choice([*range(1, 666), *range(667, 900)])
    return f"{area:03}-{rng.randrange(1, 100):02}-{rng.randrange(1, 10000):04}"


def digits(rng: random.Random, n: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(rng.choices(string.digits, k=n - 1))


def hexa(rng: random.Random, n: int) -> str:
    return f"{rng.getrandbits(4 * n):0{n}x}"


def check_digit(body: str) -> str:
    """EAN: weights 1, 3 from the right."""
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(body)))
    return body + str(-total % 10)


def bad_luhn(rng: random.Random) -> str:
    body = "4" + digits(rng, 14)
    total = sum(sum(map(int, str(int(c) * (2 - i % 2)))) for i, c in enumerate(reversed(body)))
    return body + str((-total + rng.randrange(1, 10)) % 10)


WORDS = [
    "river",
    "stone",
    "window",
    "market",
    "letter",
    "garden",
    "engine",
    "silver",
    "winter",
    "paper",
    "bridge",
    "table",
    "forest",
    "music",
    "signal",
    "harbour",
    "cotton",
    "ladder",
    "basket",
    "mirror",
    "pocket",
    "school",
    "candle",
    "copper",
    "yellow",
    "gentle",
    "quick",
    "broken",
    "early",
    "narrow",
]

VALUES: dict[str, Callable[[random.Random], str]] = {
    "word": lambda r: r.choice(WORDS), "sentence": lambda r: " ".join(r.choices(WORDS, k=r.randrange(6, 16))).capitalize() + ".",
    "order": lambda r: digits(r, 9), "order10": lambda r: digits(r, 10), "order12": lambda r: digits(r, 12), "n16": bad_luhn,
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4)), "sha": lambda r: hexa(r, 64), "md5": lambda r: hexa(r, 32), "git": lambda r: hexa(r, 7),
    "iso": lambda r: f"20{r.randrange(10, 26)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}T{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}Z",
    "date": lambda r: f"{r.randrange(1, 29):02}.{r.randrange(1, 13):02}.20{r.randrange(10, 26)}", "unix": lambda r: str(r.randrange(1_400_000_000, 1_750_000_000)),
    "millis": lambda r: str(r.randrange(1_400_000_000_000, 1_750_000_000_000)), "lat": lambda r: f"{r.uniform(-90, 90):.6f}", "lon": lambda r: f"{r.uniform(-180, 180):.6f}",
    "sku": lambda r: f"{''.join(r.choices(string.ascii_uppercase, k=3))}-{digits(r, 4)}-{digits(r, 3)}", "part": lambda r: f"{digits(r, 3)}-{digits(r, 5)}-{digits(r, 2)}",
    "ean": lambda r: check_digit(r.choice(("400", "501", "590", "871")) + digits(r, 9)), "isbn": lambda r: check_digit("978" + digits(r, 9)),
    "isbnh": lambda r: (lambda s: f"{s[:3]}-{s[3]}-{s[4:8]}-{s[8:12]}-{s[12]}")(check_digit("978" + digits(r, 9))),
    "version": lambda r: f"{r.randrange(20)}.{r.randrange(30)}.{r.randrange(50)}", "version4": lambda r: f"{r.randrange(300, 999)}.{r.randrange(30)}.{r.randrange(9000)}.{r.randrange(400)}",
    "price": lambda r: f"{r.randrange(10, 9000)},{r.randrange(100):02}", "amount": lambda r: f"{r.randrange(1, 999)},{r.randrange(1000):03},{r.randrange(1000):03}.{r.randrange(100):02}",
    "b64": lambda r: base64.b64encode(r.randbytes(r.randrange(24, 60))).decode(), "badiban": lambda r: f"DE{digits(r, 20)}" if False else f"DE00{digits(r, 18)}",
    "imo": lambda r: f"IMO {digits(r, 7)}", "doi": lambda r: f"10.{digits(r, 4)}/{hexa(r, 8)}.{digits(r, 4)}", "issn": lambda r: f"{digits(r, 4)}-{digits(r, 4)}", "pct": lambda r: f"{r.uniform(0, 100):.2f}",
    "range": lambda r: f"{r.randrange(1900, 1990)}-{r.randrange(1990, 2026)}", "float": lambda r: repr(r.random()), "int": lambda r: str(r.randrange(10**6)),
    "badssn": lambda r: f"{r.choice(('000', '666', '987'))}-{digits(r, 2)}-{digits(r, 4)}", "mid": lambda r: f"{hexa(r, 8)}-{hexa(r, 4)}", "tracking": lambda r: f"1Z{hexa(r, 6).upper()}{digits(r, 10)}",
    "oid": lambda r: f"1.3.6.1.4.1.{r.randrange(1, 50000)}.{r.randrange(1, 20)}.{r.randrange(1, 20)}", "handle": lambda r: "@" + r.choice(WORDS) + str(r.randrange(99)), "sci": lambda r: f"{r.uniform(1, 9):.9f}e-{r.randrange(1, 20):02}",
}  # fmt: skip


def negative(name: str, rng: random.Random) -> str:
    return VALUES[name](rng)


TEXTS: dict[str, list[tuple[str, str]]] = {
    "a": [
        ("en", "Hi team, the customer left {PHONE} as the number to reach them after 5pm."),
        ("en", "Ticket #{order}: user {EMAIL} cannot log in since {iso}."),
        ("en", "Please ring me back on {PHONE}, I will be at my desk until six."),
        ("en", "Voicemail from {PHONE}, duration 00:01:32."),
        ("en", "My mobile is {PHONE} and my landline no longer works."),
        ("en", "Emergency contact: {PERSON} ({PHONE})"),
        ("en", "name={PERSON}; tel={PHONE}; mail={EMAIL}"),
        ("en", "Text STOP to {PHONE} to unsubscribe."),
        ("en", "Patient reachable under {PHONE} (daughter)."),
        ("en", "Fax {PHONE}, invoices to {EMAIL}"),
        ("en", "Whatsapp: {PHONE}"),
        ("en", "Dial {PHONE} and ask for {PERSON}."),
        ("en", "Best regards,\n{PERSON}\n{ADDRESS}\nT {PHONE}\nE {EMAIL}"),
        ("en", "Charged {price} EUR to card {CARD} on {date}."),
        ("en", "The card on file ({CARD}) was declined twice."),
        ("en", "Refund goes to IBAN {IBAN}, reference {order12}."),
        ("en", "Please wire the deposit to {IBAN} before {date}."),
        ("en", "She gave her social as {SSN} over the phone."),
        ("en", "SSN {SSN} verified, case {order} closed."),
        ("en", "Employee {PERSON}, {SSN}, hired {date}."),
        ("en", "Failed password for root from {IP} port 51122 ssh2"),
        ("en", '{IP} - - [{iso}] "GET /index.html HTTP/1.1" 200 5123'),
        ("en", "Blocked 14 requests originating at {IP} within a minute."),
        ("en", '{{"user": "{EMAIL}", "ip": "{IP}"}}'.replace("{{", "<").replace("}}", ">")),
        ("en", "cc: {EMAIL}, {EMAIL}"),
        ("en", "<a href='mailto:{EMAIL}'>write us</a>"),
        ("en", "{PERSON},{EMAIL},{PHONE},{date}"),
        ("en", "Forwarded by {EMAIL} on {date}: {sentence}"),
        ("en", "sentence {sentence} Contact {EMAIL}."),
        ("de", "Bitte rufen Sie mich unter {PHONE} zur\u00fcck."),
        ("de", "Meine Handynummer lautet {PHONE}, die E-Mail {EMAIL}."),
        ("de", "\u00dcberweisung auf {IBAN} bis {date}."),
        ("de", "Tel.: {PHONE} \u00b7 Fax: {PHONE}"),
        ("fr", "Vous pouvez me joindre au {PHONE} le matin."),
        ("fr", "Merci de virer {price} euros sur le compte {IBAN}."),
        ("fr", "T\u00e9l : {PHONE}, courriel : {EMAIL}"),
        ("es", "Mi n\u00famero es el {PHONE}, ll\u00e1mame por la tarde."),
        ("es", "Tel\u00e9fono de contacto: {PHONE}; correo {EMAIL}"),
        ("it", "Pu\u00f2 chiamarmi al {PHONE} dopo le 18."),
        ("it", "Cell. {PHONE}, email {EMAIL}"),
        ("nl", "Bel mij op {PHONE} als het pakket er is."),
        ("pl", "Prosz\u0119 dzwoni\u0107 pod numer {PHONE} po godzinie 16."),
        ("pt", "O meu telem\u00f3vel \u00e9 {PHONE}."),
        ("sv", "Ring mig p\u00e5 {PHONE} ikv\u00e4ll."),
        ("cs", "Volejte na \u010d\u00edslo {PHONE}, pros\u00edm."),
        (
            "ru",
            "\u041f\u043e\u0437\u0432\u043e\u043d\u0438\u0442\u0435 \u043c\u043d\u0435 \u043f\u043e \u043d\u043e\u043c\u0435\u0440\u0443 {PHONE}.",
        ),
        ("tr", "Beni {PHONE} numaras\u0131ndan aray\u0131n."),
        ("ja", "\u96fb\u8a71\u756a\u53f7\u306f{PHONE}\u3067\u3059\u3002"),
        ("zh", "\u6211\u7684\u7535\u8bdd\u662f{PHONE}\uff0c\u8bf7\u8054\u7cfb\u3002"),
        ("ko", "\uc804\ud654\ubc88\ud638 {PHONE} \ub85c \uc5f0\ub77d \uc8fc\uc138\uc694."),
    ],
    "b": [
        ("en", "Got a missed call from {PHONE}, who is that?"),
        ("en", "My husband {PERSON} can be contacted at {PHONE} too."),
        ("en", "SMS code was sent to {PHONE}."),
        ("en", "The driver's cell number: {PHONE}"),
        ("en", "I changed my number, it's {PHONE} now"),
        ("en", "For bookings call {PHONE} or mail {EMAIL} ({sentence})"),
        ("en", "Lead {order}: {PERSON} / {PHONE} / {EMAIL}"),
        ("en", "caller_id={PHONE} duration=93s trunk=4"),
        ("en", "| {PERSON} | {PHONE} | {date} |"),
        ("en", "Ph: {PHONE}"),
        ("en", "You can also text {PERSON} at {PHONE}!"),
        ("en", "agent: may I have your phone number? customer: sure, {PHONE}"),
        ("en", "visa {CARD} exp 04/29"),
        ("en", "Payment failed for {CARD} with code 51, retry {order10}."),
        ("en", "customer: my credit card number is {CARD}"),
        ("en", "Bank details: {PERSON}, {IBAN}"),
        ("en", "pay {amount} to account {IBAN} ref {sku}"),
        ("en", "Taxpayer id {SSN} on the W-2 form"),
        ("en", "my social security number is {SSN}, thanks"),
        ("en", "dob {date} ssn {SSN} state TX"),
        ("en", "[{iso}] WARN auth: 5 bad logins, client={IP}, session {uuid}"),
        ("en", "ping {IP} timed out"),
        ("en", "X-Forwarded-For: {IP}"),
        ("en", "user {EMAIL} signed in from {IP}"),
        ("en", 'author = "{PERSON} <{EMAIL}>"'),
        ("en", "send it to {EMAIL} please"),
        ("en", "To: {EMAIL}\nSubject: {word} {word}\n\n{sentence}"),
        ("en", "{iso} {EMAIL} opened {sku}"),
        ("de", "Erreichbar bin ich tags\u00fcber: {PHONE}."),
        ("de", "Kontoinhaber {PERSON}, IBAN: {IBAN}, Betrag {price} EUR"),
        ("de", "Schreiben Sie an {EMAIL} oder w\u00e4hlen Sie {PHONE}."),
        ("fr", "Mon portable : {PHONE}, merci de rappeler."),
        ("fr", "Le client {PERSON} ({EMAIL}) a appel\u00e9 du {PHONE}."),
        ("es", "El cliente dej\u00f3 su celular: {PHONE}."),
        ("es", "Transferir a la cuenta {IBAN} antes del {date}."),
        ("it", "Il numero del paziente \u00e8 {PHONE}."),
        ("nl", "Mijn mobiele nummer is {PHONE}, mail mag ook: {EMAIL}."),
        ("pl", "Kontakt telefoniczny: {PHONE}"),
        ("pt", "Ligue para {PHONE} ou escreva para {EMAIL}."),
        ("sv", "Mitt telefonnummer: {PHONE}"),
        ("da", "Du kan ringe p\u00e5 {PHONE}."),
        ("fi", "Puhelinnumeroni on {PHONE}."),
        ("hu", "A telefonsz\u00e1mom {PHONE}."),
        ("ro", "Num\u0103rul meu de telefon este {PHONE}."),
        ("ru", "\u041c\u043e\u0439 \u0442\u0435\u043b\u0435\u0444\u043e\u043d: {PHONE}"),
        (
            "uk",
            "\u0422\u0435\u043b\u0435\u0444\u043e\u043d \u0434\u043b\u044f \u0437\u0432'\u044f\u0437\u043a\u0443 {PHONE}.",
        ),
        ("tr", "Cep telefonum {PHONE}."),
        ("ja", "\u643a\u5e2f: {PHONE}"),
        ("zh", "\u624b\u673a\u53f7\u7801\uff1a{PHONE}"),
    ],
}
BENIGN_TEXTS: dict[str, list[str]] = {
    "a": [
        "Order {order12} shipped on {date}, tracking {tracking}.", "commit {sha}\nDate: {iso}\n\n    {sentence}", "position {lat}, {lon} at {unix}",
        "Invoice no. {order10} over {amount} USD, item {sku}, qty 12.", "ISBN {isbnh}, published {range}, pages 215-230.", "EAN {ean} | batch {order} | {price}",
        "for i in range({int}): total += {float}  # {word}", "{iso} INFO worker-17 job={uuid} took 1532 ms", "firmware {version4} replaces {version}", "checksum md5 {md5} ok",
        "const KEY = '{b64}';", "{sentence} {sentence}", "Transaction {n16} failed (terminal {int}).", "loss {float} acc {pct} lr {sci} step {int}", "case number {badssn}, docket {part}",
        "Section 3.2.1.4 of RFC 2822, see also chapter 10.1.2", "see doi:{doi} and ISSN {issn}", "{millis},{float},{float},{int}", "part no. {part} fits models {range}", "oid {oid} = INTEGER: {int}",
        "The population grew from 1,234,567 to 2 345 678 between {range}.", "def f(x):\n    return x @ w + {float}", "follow {handle} for news", "Call me maybe, the song, sold {amount} copies.", "account reference {badiban} is not valid",
    ],
    "b": [
        "PO {order10}/{order} confirmed, delivery window {date} - {date}", "{uuid} {uuid} {int}", "build {version4}+{git} released {iso}", "sensor 42: {float};{float};{float};{unix}", "phone model {sku} with {int} mAh battery",
        "The call for papers closes {date}; see {doi}.", "call stack depth 1024, error 0x{git}, pid {int}", "serial {order12} rev {version}", "Flight LH {int} seat 12A gate 45", "GET /v1/items/{order12}?since={millis} 200",
        "mobile revenue was {amount} in 2023", "tel aviv temperature {pct} at {iso}", "contact lens order {order10}", "number of cells: {order10}", "{ean};{isbn};{price};{word}", "matrix [[{float}, {float}], [{int}, {int}]]",
        "numbers {int} {int} {int} {int} {int}", "blob {b64}{b64}", "loan {n16} balance {amount}", "ip address ranges are described in section {version}", "card games sold: {order10}", "ratio 1:{int}, scale {range}", "docker pull registry/{word}:{version}@sha256:{sha}",
        "SELECT id FROM t WHERE ts BETWEEN {millis} AND {millis}", "email template {int} sent at {iso}", "{sentence}",
    ],
}  # fmt: skip
COLUMNS: dict[str, dict[str, list[str]]] = {
    "a": {
        "EMAIL": ["mail_addr", "Login", "V3", "recipient", "user", "E-Mail-Adresse"],
        "PHONE": ["phone_1", "MOBILE", "Telefonnummer", "telephone", "cellphone", "contact_tel", "ph_no", "t\u00e9l\u00e9phone", "phoneNumber", "fax"],
        "CARD": ["cc_number", "pan", "CARD_NO", "V7", "creditcard"],
        "IBAN": ["IBAN", "iban_no", "kontonummer", "V2", "beneficiary_account"],
        "SSN": ["ssn_no", "SSN", "social", "V9", "tax_ssn"],
        "IP": ["ipaddr", "client_ip", "host", "V4", "source_address"],
        "MAC": ["mac_addr", "hwaddr", "V5"],
        "PERSON": ["name_full", "patient_name", "FullName", "employeeName", "nom_complet"],
        "ADDRESS": ["home_address", "street", "addr_line1", "ADDRESS", "mailing_address"],
        "BIRTH": ["birth_date", "DOB", "birthday", "date_naissance", "Geburtsdatum"],
    },
    "b": {
        "EMAIL": ["correo", "contact_email", "field_2", "username", "mailTo", "notify"],
        "PHONE": ["phone_home", "mobile_phone", "telefono", "tel_number", "primaryPhone", "Cell Phone", "handynummer", "whatsapp", "work phone", "numero_telephone"],
        "CARD": ["credit_card", "cardnumber", "field_4", "payment_card", "debit_card_number"],
        "IBAN": ["bank_iban", "IBAN code", "field_5", "payee"],
        "SSN": ["social_security", "ssn", "field_6", "us_ssn"],
        "IP": ["IPAddress", "last_login_ip", "field_8", "peer"],
        "MAC": ["MAC", "mac address", "field_9"],
        "PERSON": ["customer_name", "Full Name", "person_name", "surname", "nombre_completo"],
        "ADDRESS": ["street_address", "Address", "billing_address", "shippingAddress", "domicilio"],
        "BIRTH": ["date_of_birth", "BirthDate", "fecha_nacimiento", "dob", "born"],
    },
}  # fmt: skip
NATIONAL: dict[str, list[tuple[str, str, str]]] = {
    "a": [("et_EE", "ssn", "isikukood"), ("hr_HR", "ssn", "oib"), ("ro_RO", "ssn", "CNP"), ("nl_NL", "ssn", "bsn"), ("en_CA", "ssn", "sin"), ("tr_TR", "ssn", "tc_kimlik"), ("es_CL", "person_rut", "rut"), ("fr_FR", "ssn", "nir"), ("en_GB", "ssn", "nino"), ("ko_KR", "ssn", "rrn"), ("lb_LU", "ssn", "matricule")],
    "b": [("da_DK", "ssn", "cpr"), ("el_GR", "ssn", "amka"), ("lv_LV", "ssn", "personas_kods"), ("sk_SK", "birth_number", "rodne_cislo"), ("he_IL", "ssn", "teudat_zehut"), ("zh_TW", "ssn", "id_number"), ("es_MX", "curp", "CURP"), ("pt_PT", "ssn", "nif"), ("sl_SI", "ssn", "emso"), ("uk_UA", "ssn", "rnokpp"), ("th_TH", "ssn", "thai_id"), ("hu_HU", "ssn", "tajszam"), ("es_CO", "nuip", "cedula")],
}  # fmt: skip


def plain(name: str) -> Callable[[random.Random, int], str]:
    return lambda rng, _: VALUES[name](rng)


NEGATIVE_COLUMNS: dict[str, dict[str, Callable[[random.Random, int], str]]] = {
    "a": {
        "order_number": plain("order10"), "orderNo": plain("order12"), "digest": plain("sha"), "etag": plain("md5"), "guid": plain("uuid"), "event_time": plain("unix"), "ts_ms": plain("millis"),
        "latitude": plain("lat"), "longitude": plain("lon"), "sku": plain("sku"), "part_no": plain("part"), "barcode": plain("ean"), "isbn13": plain("isbn"), "isbn": plain("isbnh"), "firmware": plain("version4"),
        "acct": plain("n16"), "body": plain("b64"), "score": plain("float"), "doi": plain("doi"), "issn": plain("issn"), "oid": plain("oid"), "total": plain("amount"), "period": plain("range"), "id": plain("order"),
        "latlon": lambda r, i: f"{VALUES['lat'](r)},{VALUES['lon'](r)}", "log": lambda r, i: f"{VALUES['iso'](r)} INFO worker-{i} job={VALUES['uuid'](r)} ms={r.randrange(9999)}",
        "code": lambda r, i: f"def f_{i}(x):\n    return x[{r.randrange(99)}:{r.randrange(999)}] @ w  # {VALUES['git'](r)}", "seq": lambda r, i: str(10_000_000_000 + i), "phone_model": lambda r, i: f"Galaxy S{r.randrange(30)} {r.randrange(64, 512)}GB",
        "email_count": lambda r, i: str(r.randrange(99)), "address_id": plain("order"), "user_name": lambda r, i: f"{r.choice(WORDS)}{r.randrange(999)}", "host_name": lambda r, i: f"web-{i:03}.internal", "file_name": lambda r, i: f"{r.choice(WORDS)}_{i:05}.csv",
        "vec": lambda r, i: "[" + ", ".join(f"{r.gauss(0, 1):.6f}" for _ in range(8)) + "]", "json": lambda r, i: f'{{"id": {r.randrange(10**9)}, "v": [{r.random():.4f}, {r.random():.4f}], "u": "{VALUES["uuid"](r)}"}}', "amount_cents": lambda r, i: str(r.randrange(10**8)),
        "dna": lambda r, i: "".join(r.choices("ACGT", k=60)), "chr_pos": lambda r, i: f"chr{r.randrange(1, 23)}:{r.randrange(10**8)}-{r.randrange(10**8)}", "n18": lambda r, i: digits(r, 18), "n11": lambda r, i: digits(r, 11), "n13": lambda r, i: digits(r, 13),
        "n8": lambda r, i: digits(r, 8), "n9": lambda r, i: digits(r, 9), "fiscal_code": lambda r, i: f"FC{r.randrange(9999):04}", "ssn_present": lambda r, i: r.choice("YN"), "cell": lambda r, i: f"{r.choice('ABCDEFGH')}{r.randrange(1, 13)}", "cell_line": lambda r, i: r.choice(("HeLa", "HEK293", "MCF-7")),
    },
    "b": {
        "invoice": plain("order12"), "ref": plain("order10"), "object_id": lambda r, i: hexa(r, 24), "trace": lambda r, i: hexa(r, 32), "epoch": plain("unix"), "created_ms": plain("millis"), "geo": lambda r, i: f"POINT({VALUES['lon'](r)} {VALUES['lat'](r)})",
        "gtin": plain("ean"), "isbn_13": plain("isbn"), "item": plain("sku"), "catalog": plain("part"), "release": plain("version4"), "semver": plain("version"), "blob": plain("b64"), "prob": plain("float"), "big": lambda r, i: str(r.randrange(10**17, 10**18)),
        "loan_no": plain("n16"), "mixed": lambda r, i: r.choice((VALUES["order10"], VALUES["uuid"], VALUES["iso"]))(r), "path": lambda r, i: f"/var/lib/{r.choice(WORDS)}/{VALUES['md5'](r)}", "stack": lambda r, i: f"at {r.choice(WORDS)}.{r.choice(WORDS)}({r.choice(WORDS)}.java:{r.randrange(999)})",
        "sql": lambda r, i: f"SELECT * FROM t WHERE id={VALUES['order12'](r)} AND ts<{VALUES['millis'](r)}", "title": lambda r, i: f"{r.choice(WORDS)} {r.choice(WORDS)}".title(), "numbers": lambda r, i: " ".join(str(r.randrange(10**4)) for _ in range(6)), "tuple": lambda r, i: f"({r.randrange(999)}, {r.randrange(999)}, {r.randrange(9999)})",
        "interval": lambda r, i: f"{r.randrange(100, 999)}-{r.randrange(100, 999)}-{r.randrange(1000, 9999)}x", "duration": lambda r, i: f"{r.randrange(99):02}:{r.randrange(60):02}:{r.randrange(60):02}.{r.randrange(10**6):06}", "ibge": lambda r, i: digits(r, 7), "zip9": lambda r, i: f"{digits(r, 5)}-{digits(r, 4)}", "hs_code": lambda r, i: f"{digits(r, 4)}.{digits(r, 2)}.{digits(r, 4)}",
        "n10": lambda r, i: digits(r, 10), "n12": lambda r, i: digits(r, 12), "n14": lambda r, i: digits(r, 14), "n15": lambda r, i: digits(r, 15), "even": lambda r, i: str(2 * r.randrange(10**9, 10**10)), "step": lambda r, i: str(20230000000 + 7 * i), "name": lambda r, i: r.choice(("oak", "birch", "maple", "elm")), "station_name": lambda r, i: r.choice(WORDS).title() + " Street",
        "mobile": lambda r, i: r.choice(("true", "false")), "contact": lambda r, i: f"{r.uniform(0, 90):.1f}", "address": lambda r, i: f"0x{hexa(r, 8)}", "born": lambda r, i: str(r.randrange(1900, 2010)), "phone_usage": lambda r, i: f"{r.uniform(0, 900):.1f}", "ip_core": lambda r, i: f"rev{r.randrange(9)}.{r.randrange(9)}", "tel_minutes": lambda r, i: str(r.randrange(9999)),
        "markdown": lambda r, i: f"## {r.choice(WORDS)}\n\n- {VALUES['sentence'](r)}\n- v{VALUES['version'](r)}", "csv_line": lambda r, i: f"{i};{r.random():.5f};{r.randrange(10**6)};{VALUES['date'](r)}", "hexdump": lambda r, i: " ".join(hexa(r, 2) for _ in range(16)), "smiles": lambda r, i: "CC(=O)N" + "C1=CC=C(C=C1)"[: r.randrange(3, 13)], "peptide": lambda r, i: "".join(r.choices("ACDEFGHIKLMNPQRSTVWY", k=30)),
    },
}  # fmt: skip
