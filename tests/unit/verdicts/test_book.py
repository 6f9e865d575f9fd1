"""The book of verdicts, in memory: what counts, what does not, and which one decides."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest

from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.domain.findings import Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import (
    GateDenied,
    IntegrityError,
    PolicyInvalid,
    SignatureInvalid,
    SignerUntrusted,
    TdsecError,
    VerdictExpired,
    VerdictMissing,
)
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.setup import templates
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.statement import to_statement
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import format_time

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
ALICE, BOB, EVE = (Identity.generate(name) for name in ("alice", "bob", "eve"))
POLICY = 'format: 1\ndatasets:\n  - {match: "**", checks: {source: {}}%s}\n'


class Memory(dict[str, bytes]):
    """A tree of evidence in memory."""

    def read(self, name: str) -> bytes | None:
        return self.get(name)

    def names(self, folder: str) -> Iterator[str]:
        return iter(sorted(name for name in self if name.startswith(f"{folder}/")))


def entry(identity: Identity, role: str) -> str:
    return templates.MEMBER.format(
        name=identity.name, age=identity.age.recipient, signing=identity.verify_key, role=role
    )


def book(tree: Memory, rule: str = "", now: dt.datetime = NOW) -> VerdictBook:
    members = entry(ALICE, "admin") + entry(BOB, "admin")
    tree["policies/policy.yaml"] = (POLICY % rule).encode()
    tree["policies/sources.yaml"] = b"format: 1\n"
    tree["policies/access.yaml"] = templates.ACCESS.format(vault="store", member=members).encode()
    return VerdictBook.open(tree, now)


def verdict(name: str = "data/x.csv", fill: str = "a", oid: str = "0" * 32, **more: object) -> Verdict:
    version = DatasetVersion.of(name, oid, Manifest.of([FileEntry("x.csv", 1, fill * 64, oid)]))
    values: dict[str, object] = {
        "result": Status.PASSED,
        "evaluated_at": format_time(NOW - dt.timedelta(days=1)),
        "expires_at": format_time(NOW + dt.timedelta(days=1)),
        **more,
    }
    return Verdict(version, tool="t", policy="p", rule="**", results=(), **values)  # type: ignore[arg-type]


def put(tree: Memory, one: Verdict, *signers: Identity) -> str:
    name = verdict_name(one.version.name, one.version.root)
    tree[name] = Envelope.sign(to_statement(one), *(signers or (ALICE,))).to_bytes()
    return name


def test_a_good_verdict_is_found_by_root_and_by_oid() -> None:
    tree, good = Memory(), verdict()
    put(tree, good)
    found = book(tree)
    assert found.accepted("data/x.csv", good.version.root).verdict == good
    assert found.for_oid("data/x.csv", "0" * 32).signers == (ALICE.keyid,)
    assert found.for_oid(None, "0" * 32).verdict == good
    assert found.datasets() == ["data/x.csv"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"result": Status.FAILED, "reasons": ("no",)}, GateDenied),
        ({"expires_at": format_time(NOW)}, VerdictExpired),
        ({"evaluated_at": format_time(NOW + dt.timedelta(hours=1))}, VerdictExpired),
        ({"expires_at": "never"}, IntegrityError),
        ({"expires_at": "2999-01-01"}, IntegrityError),
    ],
)
def test_signed_and_yet_not_accepted(change: dict[str, object], error: type[TdsecError]) -> None:
    tree, one = Memory(), verdict(**change)
    put(tree, one)
    with pytest.raises(error) as caught:
        book(tree).for_oid("data/x.csv", "0" * 32)
    assert caught.value.where and caught.value.hint == "run: tdsec check data/x.csv"


def test_expiry_is_judged_at_the_second() -> None:
    tree, one = Memory(), verdict()
    put(tree, one)
    end = NOW + dt.timedelta(days=1)
    assert book(tree, now=end - dt.timedelta(seconds=1)).for_oid(None, "0" * 32).verdict == one
    with pytest.raises(VerdictExpired):
        book(tree, now=end).for_oid(None, "0" * 32)


def test_moved_and_copied_envelopes() -> None:
    tree, one = Memory(), verdict()
    name = put(tree, one)
    for other in (verdict_name("data/y.csv", one.version.root), verdict_name("data/x.csv", "f" * 64)):
        moved = Memory({other: tree[name]})
        with pytest.raises(IntegrityError, match="another version's name"):
            book(moved).for_oid(None, "0" * 32)
    with pytest.raises(VerdictMissing):
        book(Memory({f".tdsec/verdicts/{one.version.root}.json": tree[name]})).for_oid(None, "0" * 32)


def test_strangers_and_thresholds() -> None:
    tree, one = Memory(), verdict()
    put(tree, one, EVE)
    with pytest.raises(SignerUntrusted):
        book(tree).for_oid(None, "0" * 32)
    put(tree, one, ALICE, EVE)
    two = ", signers: {threshold: 2}"
    assert book(tree).for_oid(None, "0" * 32).signers == (ALICE.keyid,)
    with pytest.raises(SignerUntrusted, match="too few"):
        book(tree, two).for_oid(None, "0" * 32)
    put(tree, one, ALICE, ALICE)
    with pytest.raises(SignerUntrusted, match="too few"):
        book(tree, two).for_oid(None, "0" * 32)
    put(tree, one, ALICE, BOB)
    assert len(book(tree, two).for_oid(None, "0" * 32).signers) == 2
    with pytest.raises(SignerUntrusted):
        book(tree, ", signers: {roles: [steward]}").for_oid(None, "0" * 32)


def test_co_signature_of_another_payload() -> None:
    tree, one = Memory(), verdict()
    name = put(tree, one)
    other = Envelope.sign(to_statement(verdict(fill="b")), BOB).signatures
    envelope = Envelope.from_bytes(tree[name])
    tree[name] = dataclasses.replace(envelope, signatures=(*envelope.signatures, *other)).to_bytes()
    with pytest.raises(SignatureInvalid):
        book(tree).for_oid(None, "0" * 32)


def test_two_contents_under_one_md5() -> None:
    """An MD5 finds both; the signed SHA-256 differ, and each answers for its own bytes only."""
    tree = Memory()
    put(tree, verdict(fill="a", sequence=1))
    put(tree, verdict(fill="b", sequence=2))
    found = book(tree)
    assert found.for_oid("data/x.csv", "0" * 32).verdict.version.content == "b" * 64
    assert len(found.history("data/x.csv")) == 2


def test_history_leaves_out_what_does_not_verify() -> None:
    tree = Memory()
    put(tree, verdict(fill="a", sequence=1))
    put(tree, verdict(fill="b", sequence=2, result=Status.FAILED))
    put(tree, verdict(fill="c", sequence=3), EVE)
    put(tree, verdict("data/x.csv/inner", fill="d", sequence=4))
    assert [one.verdict.sequence for one in book(tree).history("data/x.csv")] == [1, 2]


def test_no_rule_no_verdict() -> None:
    tree = Memory()
    put(tree, verdict())
    found = book(tree)
    tree["policies/policy.yaml"] = b"format: 1\n"
    with pytest.raises(PolicyInvalid, match="no rule matches"):
        VerdictBook.open(tree, NOW).for_oid(None, "0" * 32)
    assert found.for_oid(None, "0" * 32)


def test_rubbish_beside_a_good_verdict_does_no_harm() -> None:
    tree, one = Memory(), verdict()
    put(tree, one)
    tree[verdict_name("data/x.csv", "e" * 64)] = b"rubbish"
    tree[".tdsec/verdicts/data/x.csv/README"] = b"rubbish"
    assert book(tree).for_oid("data/x.csv", "0" * 32).verdict == one
