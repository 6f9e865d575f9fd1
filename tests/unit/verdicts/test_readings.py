"""What a book remembers of envelopes: nothing but what follows from their bytes and the keys asked for."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.domain.findings import Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import (
    IntegrityError,
    SignatureInvalid,
    SignerUntrusted,
    VerdictExpired,
    VerdictMissing,
)
from tdsec_gov.files import WorkTree
from tdsec_gov.keys import signing
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.signing import Verifier, VerifyKey
from tdsec_gov.setup import templates
from tdsec_gov.verdicts import readings
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.readings import Reading, Readings, keys_of
from tdsec_gov.verdicts.statement import from_statement, to_statement
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import format_time, verify_reading

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
OID = "0" * 32
ALICE, BOB, EVE = (Identity.generate(name) for name in ("alice", "bob", "eve"))


def verdict(fill: str = "a", **more: object) -> Verdict:
    version = DatasetVersion.of("data/x.csv", OID, Manifest.of([FileEntry("x.csv", 1, fill * 64, OID)]))
    values: dict[str, object] = {
        "result": Status.PASSED,
        "evaluated_at": format_time(NOW - dt.timedelta(days=1)),
        "expires_at": format_time(NOW + dt.timedelta(days=1)),
        **more,
    }
    return Verdict(version, tool="t", policy="p", rule="**", results=(), **values)  # type: ignore[arg-type]


def envelope(one: Verdict, *signers: Identity) -> bytes:
    return Envelope.sign(to_statement(one), *(each.signers[0] for each in signers)).to_bytes()


def trusting(*people: Identity) -> readings.Keys:
    trusted: dict[str, VerifyKey] = {one.keyid: one.verify_key for one in people}
    return keys_of(trusted)


@dataclasses.dataclass
class Shop:
    """A folder of evidence with rule ``rule`` for every dataset."""

    root: Path
    rule: str = ""

    def put(self, one: Verdict, *signers: Identity) -> Path:
        path = self.root / verdict_name(one.version.name, one.version.root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(envelope(one, *(signers or (ALICE,))))
        return path

    def book(self) -> VerdictBook:
        line = templates.MEMBER.format
        members = "".join(
            line(name=one.name, age=one.age.recipient, signing=one.verify_key, role="admin")
            for one in (ALICE, BOB)
        )
        (self.root / "policies").mkdir(exist_ok=True)
        for name, text in (
            ("policy", f'format: 1\ndatasets:\n  - {{match: "**", checks: {{source: {{}}}}{self.rule}}}\n'),
            ("sources", "format: 1\n"),
            ("access", templates.ACCESS.format(vault="store", member=members)),
        ):
            (self.root / f"policies/{name}.yaml").write_text(text)
        return VerdictBook.open(WorkTree(self.root), NOW)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often signatures were verified and statements parsed."""
    count = {"verified": 0, "parsed": 0}
    verify = signing.VerifyKey.verify

    def verifying(self: VerifyKey, signature: bytes, data: bytes) -> None:
        count["verified"] += 1
        verify(self, signature, data)

    def parsing(payload: bytes) -> Verdict:
        count["parsed"] += 1
        return from_statement(payload)

    monkeypatch.setattr(signing.VerifyKey, "verify", verifying)
    monkeypatch.setattr(readings, "from_statement", parsing)
    return count


def test_each_verdict_is_parsed_and_verified_once(shop: Shop, counted: dict[str, int]) -> None:
    one = verdict()
    shop.put(one)
    book = shop.book()
    for _ in range(3):
        book.current("data/x.csv", OID)
        book.accepted("data/x.csv", one.version.root)
        assert len(book.history("data/x.csv")) == len(book.begun("data/x.csv")) == 1
    assert counted == {"verified": 1, "parsed": 1}
    shop.book().current("data/x.csv", OID)
    assert counted == {"verified": 2, "parsed": 2}, "another book believes nothing of the first"


def test_bytes_that_change_are_another_verdict(shop: Shop) -> None:
    one = verdict()
    path = shop.put(one)
    book = shop.book()
    assert book.for_oid("data/x.csv", OID)
    good = path.read_bytes()
    forged = dataclasses.replace(
        Envelope.from_bytes(good), payload=to_statement(dataclasses.replace(one, tool="other"))
    )
    path.write_bytes(forged.to_bytes())
    for ask in (
        lambda: book.for_oid("data/x.csv", OID),
        lambda: book.accepted("data/x.csv", one.version.root),
    ):
        with pytest.raises(SignatureInvalid):
            ask()
    assert book.history("data/x.csv") == []
    path.unlink()
    with pytest.raises(VerdictMissing):
        book.accepted("data/x.csv", one.version.root)


def test_time_is_not_remembered(shop: Shop) -> None:
    shop.put(verdict())
    book = shop.book()
    assert book.for_oid("data/x.csv", OID)
    book.now = NOW + dt.timedelta(days=1)
    with pytest.raises(VerdictExpired):
        book.for_oid("data/x.csv", OID)


def test_the_name_is_not_remembered(shop: Shop) -> None:
    one = verdict()
    path = shop.put(one)
    book = shop.book()
    book.accepted("data/x.csv", one.version.root)
    elsewhere = shop.root / verdict_name("data/y.csv", one.version.root)
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(path.read_bytes())
    with pytest.raises(IntegrityError, match="another version's name"):
        book.accepted("data/y.csv", one.version.root)
    assert book.history("data/y.csv") == []


def test_a_begun_verdict_is_remembered_as_begun_only(shop: Shop) -> None:
    """One of the two signatures that the rule asks for: begun, and still refused, in whatever order."""
    shop.rule = ", signers: {threshold: 2}"
    one = verdict()
    shop.put(one)
    book = shop.book()
    for _ in range(2):
        assert len(book.begun("data/x.csv")) == 1
        assert book.history("data/x.csv") == []
        with pytest.raises(SignerUntrusted, match="too few"):
            book.for_oid("data/x.csv", OID)
    shop.put(one, ALICE, BOB)
    assert len(book.for_oid("data/x.csv", OID).signers) == 2


def test_signers_are_those_of_the_keys_asked_for() -> None:
    reading = Readings().of(envelope(verdict(), ALICE, EVE))
    for _ in range(2):
        assert reading.signers(trusting(ALICE, BOB)) == {ALICE.keyid}
        assert reading.signers(trusting(ALICE, EVE)) == {ALICE.keyid, EVE.keyid}
        with pytest.raises(SignerUntrusted):
            reading.signers(trusting(BOB))


def test_the_same_keyid_with_another_key_is_another_question() -> None:
    """A keyid is a name; what counts is the key behind it."""
    reading = Reading(envelope(verdict(), ALICE))
    assert reading.signers(trusting(ALICE))
    forged: dict[str, VerifyKey] = {ALICE.keyid: EVE.verify_key}
    with pytest.raises(SignerUntrusted):
        reading.signers(keys_of(forged))


def test_a_second_key_that_is_asked_for_later_must_have_signed() -> None:
    @dataclasses.dataclass(frozen=True)
    class Both:
        required: tuple[Verifier, ...]

    reading = Reading(envelope(verdict(), ALICE))
    assert reading.signers(trusting(ALICE))
    with pytest.raises(SignerUntrusted, match="only one of"):
        reading.signers(keys_of({ALICE.keyid: Both((ALICE.verify_key, BOB.verify_key))}))


def test_a_refusal_is_not_remembered_and_remembers_nothing(counted: dict[str, int]) -> None:
    reading = Reading(envelope(verdict(), ALICE, BOB))
    broken = dataclasses.replace(reading.envelope, payload=b"{}")
    bad = Reading(broken.to_bytes())
    for number in (1, 2):
        with pytest.raises(SignatureInvalid):
            bad.signers(trusting(ALICE))
        assert counted["verified"] == number
    with pytest.raises(IntegrityError):
        assert bad.verdict
    with pytest.raises(IntegrityError, match="another payload type"):
        verify_reading(
            Reading(dataclasses.replace(reading.envelope, payload_type="x").to_bytes()), trusting(ALICE), 1
        )


def test_memory_is_bounded_by_bytes() -> None:
    data = [envelope(verdict(fill), ALICE) for fill in "abcd"]
    kept = Readings(most=2 * len(data[0]))
    first = [kept.of(one) for one in data[:2]]
    assert kept.of(data[1]) is first[1]
    third = kept.of(data[2])
    assert kept.of(data[2]) is third and kept.of(data[1]) is first[1]
    assert kept.of(data[0]) is not first[0], "the oldest went"
    assert Readings(most=10).of(data[0]).sha256 == first[0].sha256, "too large to keep is read all the same"
    with pytest.raises(IntegrityError):
        kept.of(b"rubbish")
