"""The state of each waiver file, and what a verdict may stand on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.dataset import DatasetVersion
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import UsedWaiver, Waiver
from tdsec_gov.errors import IntegrityError, SignerUntrusted, TdsecError, Unverified, UsageError
from tdsec_gov.gate.waived import waiver_findings
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.statement import to_statement as verdict_statement
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import format_time
from tdsec_gov.verdicts.waivers.rules import State
from tdsec_gov.verdicts.waivers.statement import (
    Revocation,
    from_revocation,
    new_waiver,
    to_revocation,
    to_statement,
)
from tdsec_gov.verdicts.waivers.store import revocation_name, revoked_dataset, waiver_at, waiver_name

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ROOT = "a" * 64
ALICE, BOB = Identity.generate("alice"), Identity.generate("bob")
POLICY = """\
format: 1
waivers: {checks: [pii, files], roles: [steward], max_days: 30}
datasets:
  - {match: "**", checks: {source: {}, pii: {}, files: {}}, signers: {roles: [writer], threshold: 1}}
"""


class Memory:
    """Evidence in memory."""

    def __init__(self) -> None:
        people = "".join(
            f"  - {{name: {one.name}, age: {one.age.recipient}, roles: {roles},\n"
            f"     signing: '{one.verify_key}'}}\n"
            for one, roles in ((ALICE, "[writer]"), (BOB, "[steward]"))
        )
        access = f"format: 1\nroles: {{writer: {{write_all: true}}, steward: {{}}}}\nmembers:\n{people}"
        self.files = {
            "policies/policy.yaml": POLICY.encode(),
            "policies/sources.yaml": b"format: 1\nsources: []\n",
            "policies/access.yaml": access.encode(),
        }

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def names(self, folder: str) -> Iterator[str]:
        return iter(sorted(name for name in self.files if name.startswith(f"{folder}/")))


@pytest.fixture
def tree() -> Memory:
    return Memory()


def book(tree: Memory, days: float = 0) -> VerdictBook:
    return VerdictBook.open(tree, NOW + dt.timedelta(days=days))


def waive(tree: Memory, check: str = "pii", days: int = 5, by: Identity = BOB, root: str = ROOT) -> Waiver:
    until = (NOW + dt.timedelta(days=days)).date()
    made = new_waiver(("data/x", root), check, "for a good reason", until, NOW)
    made = replace(made, approver=by.keyid)
    envelope = Envelope.sign(to_statement(made), *by.signers)
    made = replace(made, digest=sha256_hex(envelope.payload))
    tree.files[waiver_name("data/x", root, made.digest)] = envelope.to_bytes()
    return made


def accept(tree: Memory, waivers: tuple[Waiver, ...], failed: str = "pii") -> None:
    finding = Finding("TDS300", Severity.DENY, "personal data")
    verdict = Verdict(
        DatasetVersion("data/x", ROOT, "b" * 32, 1, 5, "c" * 64),
        Status.WARNED,
        format_time(NOW),
        format_time(NOW + dt.timedelta(days=300)),
        "t",
        "d" * 64,
        "**",
        (CheckResult(failed, Status.FAILED, (finding,)),),
        waivers=tuple(UsedWaiver.of(one) for one in waivers),
    )
    signed = Envelope.sign(verdict_statement(verdict), *ALICE.signers)
    tree.files[verdict_name("data/x", ROOT)] = signed.to_bytes()


def state(tree: Memory, days: float = 0) -> State:
    return book(tree, days).waivers.filed()[0].state


def test_states(tree: Memory) -> None:
    made = waive(tree)
    assert state(tree) is State.HOLDS
    assert state(tree, 5.9) is State.HOLDS and state(tree, 6) is State.EXPIRED
    assert state(tree, -1) is State.REFUSED  # dated in the future
    tree.files[revocation_name(made)] = b"whatever lies here"
    assert state(tree) is State.REVOKED


def test_who_may_and_for_how_long(tree: Memory) -> None:
    waive(tree, by=ALICE)
    assert state(tree) is State.REFUSED
    for other in ({"check": "source"}, {"days": 31}, {"by": Identity.generate("eve")}):
        fresh = Memory()
        waive(fresh, **other)  # type: ignore[arg-type]
        assert state(fresh) is State.REFUSED


def test_a_waiver_under_another_name_is_refused(tree: Memory) -> None:
    made = waive(tree)
    data = tree.files.pop(waiver_name("data/x", ROOT, made.digest))
    tree.files[waiver_name("data/x", "e" * 64, made.digest)] = data
    assert state(tree) is State.REFUSED


def test_two_signatures_on_one_waiver_are_refused(tree: Memory) -> None:
    name = waiver_name("data/x", ROOT, waive(tree).digest)
    tree.files[name] = Envelope.from_bytes(tree.files[name]).co_sign(*ALICE.signers).to_bytes()
    assert state(tree) is State.REFUSED


def test_an_accepted_verdict_needs_its_waivers(tree: Memory) -> None:
    made = waive(tree)
    accept(tree, (made,))
    assert book(tree).accepted("data/x", ROOT).verdict.result is Status.WARNED
    with pytest.raises(Unverified, match="it ended"):
        book(tree, 6).accepted("data/x", ROOT)
    tree.files[revocation_name(made)] = b""
    with pytest.raises(Unverified, match="revoked"):
        book(tree).accepted("data/x", ROOT)


def test_a_signed_verdict_over_a_failure_without_a_waiver_is_not_believed(tree: Memory) -> None:
    accept(tree, ())
    with pytest.raises(Unverified, match="no waiver"):
        book(tree).accepted("data/x", ROOT)
    accept(tree, (waive(tree, "files"),))
    with pytest.raises(Unverified, match="no waiver"):
        book(tree).accepted("data/x", ROOT)


def test_what_the_verdict_says_of_a_waiver_must_be_what_it_says(tree: Memory) -> None:
    accept(tree, (replace(waive(tree), expires="2027-01-01T00:00:00Z"),))
    with pytest.raises(Unverified, match="something else"):
        book(tree).accepted("data/x", ROOT)


def test_who_signs_the_verdict_has_not_waived_files(tree: Memory) -> None:
    """Without a word in the policy: malware and files are waived by somebody else."""
    both = tree.files["policies/access.yaml"].replace(b"[steward]", b"[steward, writer]")
    tree.files["policies/access.yaml"] = both.replace(b"[writer]", b"[steward, writer]")
    accept(tree, (waive(tree, "files", by=ALICE),), "files")
    with pytest.raises(Unverified, match="by somebody else"):
        book(tree).accepted("data/x", ROOT)
    accept(tree, (waive(tree, "pii", by=ALICE),), "pii")
    book(tree).accepted("data/x", ROOT)
    accept(tree, (waive(tree, "files", by=BOB),), "files")
    book(tree).accepted("data/x", ROOT)


def test_findings(tree: Memory) -> None:
    waive(tree)
    assert [one.code for one in waiver_findings(book(tree), book(tree).waivers.filed())] == ["TDS006"]
    accept(tree, ())
    assert waiver_findings(book(tree), book(tree).waivers.filed()) == []
    late = book(tree, 9)
    assert [one.code for one in waiver_findings(late, late.waivers.filed())] == ["TDS005"]
    gone = tree.files["policies/policy.yaml"].replace(b"pii: {}, ", b"")
    tree.files["policies/policy.yaml"] = gone
    assert [one.code for one in waiver_findings(book(tree), book(tree).waivers.filed())] == ["TDS006"]
    tree.files["policies/policy.yaml"] = POLICY.replace("[steward], max", "[boss], max").encode()
    assert [one.code for one in waiver_findings(book(tree), book(tree).waivers.filed())] == ["TDS007"]


@pytest.mark.parametrize("what", ["", "pii:", "pii:TDS", "pii:tds300", "a b", ":TDS300", "../x"])
def test_odd_checks_are_refused(what: str) -> None:
    with pytest.raises(UsageError):
        new_waiver(("d", ROOT), what, "for a good reason", NOW.date(), NOW)


def test_revocations_are_read_back_and_nothing_else() -> None:
    said = Revocation("f" * 64, "it was a mistake", format_time(NOW))
    payload = to_revocation("data/x", said)
    assert from_revocation(payload) == said
    for wrong in (payload[:-1], payload + b" ", b"{}", payload.replace(b"revocation:v1", b"revocation:v2")):
        with pytest.raises(IntegrityError):
            from_revocation(wrong)


def test_names() -> None:
    made = Waiver("data/x", ROOT, "pii", None, "r", "c", "e", "b" * 64)
    name = waiver_name("data/x", ROOT, made.digest)
    assert waiver_at(name) == ("data/x", ROOT, made.digest)
    assert waiver_at(revocation_name(made)) is None
    assert revoked_dataset(revocation_name(made)) == "data/x"
    for other in (
        name.replace(".tdsec/", "x/"),
        name + "x",
        ".tdsec/waivers/" + ROOT,
        name.replace("b" * 64, "b"),
    ):
        assert waiver_at(other) is None and revoked_dataset(other) is None


def test_signatures_that_are_missing_are_named(tree: Memory) -> None:
    tree.files["policies/policy.yaml"] = POLICY.replace(
        "{roles: [writer], threshold: 1}", "{all: [{roles: [writer]}, {roles: [steward]}]}"
    ).encode()
    accept(tree, (waive(tree),))
    with pytest.raises(SignerUntrusted, match="too few") as raised:
        book(tree).accepted("data/x", ROOT)
    assert "role steward" in str(raised.value.expected)
    assert book(tree).history("data/x") == [] and len(book(tree).begun("data/x")) == 1
    name = verdict_name("data/x", ROOT)
    tree.files[name] = Envelope.from_bytes(tree.files[name]).co_sign(*BOB.signers).to_bytes()
    assert len(book(tree).history("data/x")) == 1
    with pytest.raises(TdsecError):  # bob has waived what he signs: pii may be, files may not
        accept(tree, (waive(tree, "files"),), "files")
        tree.files[name] = Envelope.from_bytes(tree.files[name]).co_sign(*BOB.signers).to_bytes()
        book(tree).accepted("data/x", ROOT)


def test_two_people_who_say_the_same_at_once_are_two(tree: Memory) -> None:
    assert waive(tree, by=ALICE).digest != waive(tree, by=BOB).digest
    assert len(book(tree).waivers.filed()) == 2
