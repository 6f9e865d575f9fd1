"""Verdicts, envelopes and manifests: what is signed is read back; anything else is refused, never crashes."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.dataset import DatasetVersion, FileEntry, Manifest
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.domain.verdict import LogHead, Verdict
from tdsec_gov.domain.waiver import UsedWaiver
from tdsec_gov.errors import IntegrityError, SignerUntrusted, TdsecError
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope, pae
from tdsec_gov.keys.signing import SigningKey, VerifyKey
from tdsec_gov.verdicts.statement import from_statement, to_statement
from tdsec_gov.verdicts.verify import format_time, parse_time, verify_accepted, verify_signature

KEY = SigningKey(bytes(range(32)))
TRUSTED = {KEY.verify_key.keyid: KEY.verify_key}
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
MD5 = st.binary(min_size=16, max_size=16).map(bytes.hex)
SIZE = st.integers(0, 2**50)
SEGMENT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="/\\"),
    min_size=1,
    max_size=8,
)
PATH = st.lists(SEGMENT.filter(lambda one: one not in (".", "..")), min_size=1, max_size=3).map("/".join)
FACTS = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-(2**50), 2**50) | TEXT, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)

findings = st.builds(
    Finding,
    code=TEXT,
    severity=st.sampled_from(Severity),
    message=TEXT,
    file=st.none() | TEXT,
    column=st.none() | TEXT,
    count=st.none() | SIZE,
    rows=st.lists(SIZE, max_size=3).map(tuple),
)
results = st.builds(
    CheckResult,
    check=TEXT,
    status=st.sampled_from(Status),
    findings=st.lists(findings, max_size=2).map(tuple),
    metric=st.none() | st.floats(-1e6, 1e6),
    threshold=st.none() | st.floats(-1e6, 1e6),
    not_checked=st.lists(TEXT, max_size=2).map(tuple),
    facts=FACTS,
    seconds=st.integers(0, 10**6).map(lambda n: n / 1000),
)
manifests = st.lists(
    st.builds(FileEntry, path=PATH, size=SIZE, sha256=HEX, oid=MD5), max_size=4, unique_by=lambda e: e.path
).map(Manifest.of)
versions = st.one_of(
    st.builds(DatasetVersion, TEXT, HEX, MD5, st.just(1), SIZE, HEX),
    st.builds(DatasetVersion, TEXT, HEX, MD5.map(lambda o: f"{o}.dir"), SIZE, SIZE, st.none()),
)
moments = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)).map(
    lambda moment: format_time(moment.replace(tzinfo=dt.UTC))
)
verdicts = st.builds(
    Verdict,
    version=versions,
    result=st.sampled_from([Status.PASSED, Status.WARNED, Status.FAILED]),
    evaluated_at=moments,
    expires_at=moments,
    tool=TEXT,
    policy=HEX,
    rule=TEXT,
    results=st.lists(results, max_size=2).map(tuple),
    reasons=st.lists(TEXT, max_size=2).map(tuple),
    source=st.none() | TEXT,
    purpose=TEXT,
    legal_basis=TEXT,
    retention=TEXT,
    sequence=SIZE,
    previous=st.none() | HEX,
    checkpoint=st.none() | st.builds(LogHead, TEXT, SIZE, HEX),
    waivers=st.lists(st.builds(UsedWaiver, HEX, TEXT, st.none() | TEXT, HEX, TEXT), max_size=2).map(tuple),
)
FIXED = Verdict(
    version=DatasetVersion("data/x.csv", "a" * 64, "b" * 32, 1, 5, "c" * 64),
    result=Status.PASSED,
    evaluated_at="2026-05-01T00:00:00Z",
    expires_at="2027-01-01T00:00:00Z",
    tool="t",
    policy="d" * 64,
    rule="**",
    results=(CheckResult("source", Status.PASSED),),
)


@settings(max_examples=60)
@given(verdicts)
def test_statement_round_trip(verdict: Verdict) -> None:
    assert from_statement(to_statement(verdict)) == verdict


@given(manifests)
def test_manifest_round_trip(manifest: Manifest) -> None:
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


@settings(max_examples=60)
@given(verdicts, st.binary(min_size=32, max_size=32))
def test_signed_is_verified_and_by_nobody_else(verdict: Verdict, seed: bytes) -> None:
    data = Envelope.sign(to_statement(verdict), KEY).to_bytes()
    assert verify_signature(data, TRUSTED).verdict == verdict
    stranger = SigningKey(seed)
    forged = Envelope.sign(to_statement(verdict), stranger).to_bytes()
    if stranger != KEY:
        with pytest.raises(SignerUntrusted):
            verify_signature(forged, TRUSTED)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_flipped_bit_of_an_envelope_is_refused(seed: int) -> None:
    """Three payload lengths, for the loose ends of base64."""
    verdict = Verdict(
        **{name: getattr(FIXED, name) for name in FIXED.__slots__ if name != "tool"}, tool="t" * seed
    )
    data = Envelope.sign(to_statement(verdict), KEY).to_bytes()
    assert verify_accepted(data, TRUSTED, 1, NOW).verdict == verdict
    for place in range(len(data)):
        for bit in range(8) if place % 4 == seed or place > len(data) - 120 else [place % 8]:
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(TdsecError):
                verify_accepted(bytes(changed), TRUSTED, 1, NOW)


@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_replaced_byte_never_changes_what_is_said(place: int, value: int) -> None:
    data = bytearray(Envelope.sign(to_statement(FIXED), KEY).to_bytes())
    data[place % len(data)] = value
    with contextlib.suppress(TdsecError):
        assert verify_accepted(bytes(data), TRUSTED, 1, NOW).verdict == FIXED


@given(st.binary(max_size=300))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"1e999")
@example(b'"\\ud800"')
def test_arbitrary_bytes(data: bytes) -> None:
    for parse in (Envelope.from_bytes, from_statement, Manifest.from_bytes):
        with pytest.raises(IntegrityError):
            parse(data)


@settings(max_examples=150)
@given(st.data())
def test_a_statement_with_one_strange_value(data: st.DataObject) -> None:
    """Well signed, and still: anything but what we wrote is an IntegrityError, never a crash."""
    body = json.loads(to_statement(FIXED))
    spot = body
    while True:
        key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
        inner = spot[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            spot = inner
            continue
        break
    before = spot[key]
    spot[key] = data.draw(JSON)
    payload = json.dumps(body, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    try:
        again = from_statement(payload)
    except IntegrityError:
        return
    assert to_statement(again) == payload
    assert before == spot[key] or again != FIXED


@pytest.mark.parametrize("depth", [50, 300, 600, 900])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_facts(depth: int, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    deep = opening * depth + "1" + closing * depth
    text = to_statement(FIXED).decode().replace('"facts":{}', f'"facts":{{"x":{deep}}}')
    assert deep in text
    try:
        from_statement(text.encode())
    except IntegrityError:
        assert depth > 50


@given(
    TEXT.map(lambda text: f"{text}Z")
    | st.from_regex(r"\A\d{4}-?\d\d-?\d\d([T ]\d\d(:?\d\d){0,2})?([+-]\d\d:\d\d)?Z?\Z")
)
@example("20260101Z")
@example("2026-01-01Z")
@example("2026-W01-1Z")
@example("2026-01-01T00:00:00+00:00Z")
@example("2026-01-01T00:00:00z")
def test_times_are_aware_or_refused(text: str) -> None:
    try:
        moment = parse_time(text)
    except IntegrityError:
        return
    assert moment.utcoffset() == dt.timedelta(0)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.integers(1, 5))
def test_threshold_counts_different_keys(who: list[int], threshold: int) -> None:
    keys = [SigningKey(bytes([n]) * 32) for n in range(5)]
    trusted: dict[str, VerifyKey] = {key.verify_key.keyid: key.verify_key for key in keys[:4]}
    data = Envelope.sign(to_statement(FIXED), *(keys[n] for n in who)).to_bytes()
    enough = len({n for n in who if n < 4}) >= max(1, threshold)
    if enough:
        assert len(verify_signature(data, trusted, threshold).signers) >= threshold
    else:
        with pytest.raises(SignerUntrusted):
            verify_signature(data, trusted, threshold)


def test_pae_is_the_published_one() -> None:
    """The example of the DSSE protocol (secure-systems-lab/dsse, protocol.md)."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_unknown_keys_and_formats_are_refused() -> None:
    body = json.loads(to_statement(FIXED))
    for change in (
        {**body, "surprise": 1},
        {**body, "_type": "https://in-toto.io/Statement/v0.1"},
        {**body, "subject": [{"name": "data/other.csv", "digest": {"sha256": "a" * 64}}]},
        {**body, "subject": body["subject"] * 2},
        {**body, "predicate": {**body["predicate"], "format": 2}},
        {**body, "predicate": {**body["predicate"], "result": "ERROR"}},
        {**body, "predicate": {**body["predicate"], "result": "passed"}},
        {**body, "predicate": {**body["predicate"], "sequence": True}},
    ):
        with pytest.raises(IntegrityError):
            from_statement(canonical_bytes(change))


def test_one_signature_under_two_names_counts_once() -> None:
    """The same key listed under a made-up keyid does not count for it."""
    envelope = Envelope.sign(to_statement(FIXED), KEY)
    (_, signature), *_ = envelope.signatures
    doubled = Envelope(INTOTO_PAYLOAD_TYPE, envelope.payload, (*envelope.signatures, ("0" * 64, signature)))
    with pytest.raises(SignerUntrusted):
        verify_signature(doubled.to_bytes(), TRUSTED, 2)


def test_base64_of_an_envelope_has_one_form() -> None:
    data = json.loads(Envelope.sign(to_statement(FIXED), KEY).to_bytes())
    sig = data["signatures"][0]["sig"]
    assert sig.endswith("==")
    loose = sig[:-3] + chr(ord(sig[-3]) + 1) + "=="
    assert base64.b64decode(loose) == base64.b64decode(sig)
    data["signatures"][0]["sig"] = loose
    with pytest.raises(IntegrityError):
        Envelope.from_bytes(canonical_bytes(data))
