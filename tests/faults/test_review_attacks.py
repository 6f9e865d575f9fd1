"""Attacks on review requests, by the storage, by members, by strangers: each refused with its code."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reviewing import BAD, SOON, Team, prepare
from workshops import Workshop, isolated, living_as, living_in

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.errors import IntegrityError, TdsecError, UsageError
from tdsec_gov.keys.age import file as age_file
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.keys.loading import load_identity
from tdsec_gov.keys.recipients import parse_recipient
from tdsec_gov.vault.review.bundle import Bundle
from tdsec_gov.vault.review.statement import ReviewRequest
from tdsec_gov.vault.review.taken import place_of
from tdsec_gov.verdicts.store import verdict_name


@pytest.fixture(scope="module")
def template(workshop_template: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return prepare(workshop_template.copy_to(tmp_path_factory.mktemp("review")))


@pytest.fixture
def team(template: Workshop, tmp_path: Path) -> Iterator[Team]:
    with living_in(tmp_path):
        yield Team(template.copy_to(tmp_path))


def identity(team: Team, name: str) -> Identity:
    with living_as(isolated(team.shop.base, "home" if name == "alice" else name)):
        return load_identity()


def bundle_of(team: Team, id: str, file: Path | None = None) -> Bundle:
    """What lies sealed on the storage, opened as alice."""
    return Bundle.opened((file or request_file(team, id)).read_bytes(), identity(team, "alice"), id)


def request_file(team: Team, id: str) -> Path:
    return next(team.request(id).glob("request-*.age"))


def put(team: Team, id: str, bundle: Bundle, *, file: str = "") -> Path:
    """Seal a bundle to bob and alice, as anybody who knows their public keys can, and put it there."""
    people = [parse_recipient(str(identity(team, who).age.recipient)) for who in ("alice", "bob")]
    place = team.request(id) / (file or "request-29990101.age")
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(bundle.sealed(people))
    return place


def forged(team: Team, id: str, by: Identity, change: Callable[[ReviewRequest], ReviewRequest]) -> str:
    """A changed request, well formed under its own name, signed by ``by``; its name."""
    bundle = bundle_of(team, id)
    request = change(ReviewRequest.parse(bundle.envelope.payload))
    envelope = Envelope.sign(request.to_payload(), *by.signers)
    shutil.copytree(team.request(id), team.request(request.id), ignore=shutil.ignore_patterns("request*"))
    put(team, request.id, replace(bundle, envelope=envelope))
    return request.id


def refused(team: Team, id: str, code: str, name: str = "bob") -> None:
    answer = team.as_(name, "--json", "review", "take", id)
    assert json.loads(answer.out)["code"] == code, answer.err
    folder = team.clone(name) / ".git/tdsec-reviews"
    assert not folder.exists() or not list(folder.iterdir())  # neither the version nor a part of it


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def test_bytes_that_were_changed_on_the_storage(team: Team) -> None:
    id = team.denied()
    flip(team.request(id) / "bytes.age", -20)
    refused(team, id, "age-payload")


def test_other_bytes_sealed_to_the_same_people(team: Team) -> None:
    """Whoever knows the public keys can seal anything; only the signed digests say what it is."""
    id = team.denied()
    place = team.request(id) / "bytes.age"
    plain = age_file.decrypt_bytes(place.read_bytes(), identity(team, "alice").age_identities)
    bob = [parse_recipient(str(identity(team, "bob").age.recipient))]
    last = plain[:-1] + bytes([plain[-1] ^ 1])
    for changed in (last, plain[:-1], plain + b"x", b"{}" + plain[2:], b""):
        place.write_bytes(age_file.encrypt_bytes(changed, bob))
        refused(team, id, "data-tampered")


def test_another_verdict_in_the_request(team: Team) -> None:
    id = team.denied()
    bundle = bundle_of(team, id)
    request = ReviewRequest.parse(bundle.envelope.payload)
    name = verdict_name(request.dataset, request.root)
    mine = Envelope.from_bytes(bundle.files[name])
    again = Envelope.sign(mine.payload, *identity(team, "bob").signers).to_bytes()
    request_file(team, id).unlink()
    place = put(team, id, replace(bundle, files={name: again}))
    refused(team, id, "data-tampered")
    place.unlink()
    put(team, id, replace(bundle, files={**bundle.files, ".tdsec/../../evil": b"{}"}))
    refused(team, id, "integrity")


def test_one_request_in_place_of_another(team: Team) -> None:
    """The storage swaps two good requests, and the bytes of two good requests."""
    first = team.denied()
    team.shop.track("bad/x.csv", BAD + b"3,1\n")
    assert team.shop.tdsec("check", "bad/x.csv").code == 1
    second = team.send("bad/x.csv")
    shutil.copy(team.request(first) / "bytes.age", team.request(second) / "bytes.age")
    refused(team, second, "data-tampered")
    request_file(team, second).unlink()
    shutil.copy(
        request_file(team, first), team.request(second)
    )  # an old request replayed for the new version
    refused(team, second, "integrity")


def test_a_request_that_nobody_who_may_write_has_signed(team: Team) -> None:
    id = team.denied()
    stranger = Identity.generate("mallory")
    refused(
        team, forged(team, id, stranger, lambda one: replace(one, sender=stranger.keyid)), "signer-untrusted"
    )
    dave = identity(team, "dave")  # a member, who may not write the vault
    refused(team, forged(team, id, dave, lambda one: replace(one, sender=dave.keyid)), "signer-untrusted")
    bundle = bundle_of(team, id)
    unsigned = Envelope.sign(bundle.envelope.payload, *stranger.signers)
    put(team, id, replace(bundle, envelope=unsigned))
    refused(team, id, "integrity")  # two under one name
    for file in team.request(id).glob("request-*"):
        file.unlink()
    put(team, id, replace(bundle, envelope=unsigned))
    refused(team, id, "signer-untrusted")


def test_a_request_that_lasts_too_long_or_is_over(team: Team) -> None:
    id, alice = team.denied(), identity(team, "alice")
    over = forged(
        team,
        id,
        alice,
        lambda one: replace(one, created="2020-01-01T00:00:00Z", expires="2020-01-10T00:00:00Z"),
    )
    refused(team, over, "unverified")
    endless = forged(team, id, alice, lambda one: replace(one, expires="2999-01-01T00:00:00Z"))
    refused(team, endless, "unverified")


def test_a_request_for_another_root_than_its_bytes(team: Team) -> None:
    """Its sender may sign; the version that they name is not the one that lies there."""
    id, alice = team.denied(), identity(team, "alice")
    refused(team, forged(team, id, alice, lambda one: replace(one, oid="0" * 32)), "data-tampered")
    refused(team, forged(team, id, alice, lambda one: replace(one, verdict="0" * 64)), "data-tampered")
    refused(team, forged(team, id, alice, lambda one: replace(one, vault="other")), "integrity")


@pytest.mark.parametrize(
    "path", ["../../x", "/etc/x", "a/../../x", "a//b", "a\\b", "a\x1b[2Jb", ":(glob)x", ""]
)
def test_paths_that_lead_elsewhere_cannot_be_signed_for(path: str) -> None:
    good = ReviewRequest(
        "v",
        "a/b",
        "0" * 64,
        "0" * 32,
        "a/b.dvc",
        1,
        0,
        "0" * 64,
        "0" * 64,
        ("1" * 64,),
        "2026-01-01T00:00:00Z",
        "2026-01-02T00:00:00Z",
        "",
        "0" * 32,
    )
    assert ReviewRequest.parse(good.to_payload()) == good
    for bad in (replace(good, dataset=path), replace(good, file=f"{path}.dvc")):
        if path or bad.dataset == "":
            with pytest.raises(IntegrityError):
                ReviewRequest.parse(bad.to_payload())


@pytest.mark.parametrize(
    "id", ["..", "../objects", "../../x", "/etc/passwd", "", "*", "0" * 31 + "/", "ABCDEF" * 6]
)
def test_names_that_are_none(team: Team, id: str) -> None:
    team.denied()
    before = team.shop.stored()
    with pytest.raises(UsageError):
        place_of(team.shop.root, id)
    for words in (("take", id), ("close", id), ("fetch-answers", id), ("answer", id, "--accept")):
        assert team.shop.tdsec("review", *words).code == 2
    assert team.waive(id).code == 2
    assert team.shop.stored() == before


def answered(team: Team) -> tuple[str, Path]:
    """A request that bob answered with a waiver, and where the answer lies."""
    id = team.denied()
    assert team.as_("bob", "review", "take", id).code == 0
    assert team.waive(id).code == 0
    return id, next(team.request(id).glob("answer-*.age"))


def fetched(team: Team, code: str) -> None:
    """What comes back is refused with ``code``, and nothing of it lies in the work tree."""
    said = team.shop.tdsec("--json", "review", "fetch-answers")
    assert [one["error"]["code"] for one in json.loads(said.out)["answers"]] == [code], said.err
    assert not (team.shop.root / ".tdsec/waivers").exists()


def test_an_answer_to_one_request_beside_another(team: Team) -> None:
    _, place = answered(team)
    second = team.send("bad/x.csv")
    shutil.move(place, team.request(second))
    fetched(team, "integrity")


def test_an_answer_by_somebody_who_was_not_asked(team: Team) -> None:
    id, place = answered(team)
    bundle = bundle_of(team, id, place)
    for who in (identity(team, "carol"), Identity.generate("mallory")):
        place.unlink()
        envelope = Envelope.sign(bundle.envelope.payload, *who.signers)
        place = put(team, id, replace(bundle, envelope=envelope), file=f"answer-{who.keyid}.age")
        fetched(team, "signer-untrusted")


def test_an_answer_with_other_files_than_it_names(team: Team) -> None:
    id, place = answered(team)
    bundle = bundle_of(team, id, place)
    (name,) = bundle.files
    place.unlink()
    put(team, id, replace(bundle, files={name: bundle.files[name] + b" "}), file=place.name)
    fetched(team, "data-tampered")
    put(team, id, replace(bundle, files={**bundle.files, "../evil": b"x"}), file=place.name)
    fetched(team, "data-tampered")


def test_a_waiver_against_the_policy_here(team: Team) -> None:
    _, _ = answered(team)
    policy = team.shop.root / "policies/policy.yaml"
    policy.write_text(policy.read_text().replace("roles: [steward]", "roles: [second]"))
    fetched(team, "unverified")


def test_bytes_that_change_after_they_were_taken_are_not_waived(team: Team) -> None:
    id = team.denied()
    assert team.as_("bob", "review", "take", id).code == 0
    for path in (team.clone("bob") / ".git/tdsec-reviews" / id / "cache").rglob("*"):
        if path.is_file():
            flip(path, 0)
    said = team.waive(id)
    assert said.code == 10 and "bytes are others" in said.err
    assert not list(team.request(id).glob("answer-*"))


def test_the_author_cannot_answer_themselves(team: Team) -> None:
    id = team.denied()
    assert team.shop.tdsec("review", "take", id).code == 0
    said = team.shop.tdsec("review", "answer", id, "--reject", "--reason", "I say no to myself")
    assert said.code == 2 and "your own request" in said.err
    own = team.shop.tdsec(
        "waive", "bad/x.csv", "source", "--review", id, "--reason", "I trust myself", "--until", SOON
    )
    assert own.code == 1 and "you may not waive" in own.err


def test_a_killed_send_is_no_request(team: Team) -> None:
    id = team.denied()
    request_file(team, id).unlink()
    refused(team, id, "usage")
    os.utime(team.request(id) / "bytes.age", (0, 0))
    assert json.loads(team.as_("bob", "--json", "review", "list").out)["unfinished"] == 1


def test_any_junk_is_an_error_of_ours() -> None:
    for junk in (b"", b"{}", b"\x00" * 40, canonical_bytes({"format": 1, "files": [], "envelope": ""})):
        for read in (Bundle.from_bytes, ReviewRequest.parse):
            with pytest.raises(TdsecError):
                read(junk)
