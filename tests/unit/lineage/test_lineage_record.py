"""The lineage record: strict there and back, signed, and shown in tags that MLflow accepts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tdsec_gov.domain.canonical import canonical_bytes
from tdsec_gov.domain.lineage import LineageRecord, State, UsedDataset, state_of
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.errors import IntegrityError, SignatureInvalid, SignerUntrusted
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.signing import SigningKey
from tdsec_gov.lineage.record import (
    end_tags,
    from_statement,
    note,
    record_sha256,
    sign_record,
    start_tags,
    to_statement,
    verify_record,
)

KEY = SigningKey(bytes(range(32)))
TRUSTED = {KEY.verify_key.keyid: KEY.verify_key}
GOOD = UsedDataset(
    "data/é#=@..|x.csv", "a" * 32, "dvc stage", State.VERIFIED, "", "b" * 64, 1, 10, "PASSED", ("ana",)
)
BAD = replace(GOOD, state=State.UNVERIFIED, reason="verdict-missing: none", root="", result="", signers=())


def record(*datasets: UsedDataset, reasons: tuple[str, ...] = ()) -> LineageRecord:
    return LineageRecord(
        run_id="c" * 32,
        state=state_of(datasets, reasons),
        reasons=reasons,
        datasets=datasets,
        purpose="triage",
        legal_basis="6(1)(e)",
        commit="",
        started_at="2026-01-01T00:00:00Z",
        ended_at="2026-01-01T00:01:00Z",
        status="FINISHED",
        tool="tdsec-gov test",
        dp_epsilon=2.5,
        dp_delta=1e-5,
    )


def test_verified_needs_every_dataset_and_no_reason() -> None:
    assert record(GOOD).state is State.VERIFIED
    assert record().state is State.UNVERIFIED
    assert record(GOOD, BAD).state is State.UNVERIFIED
    assert record(GOOD, reasons=("x",)).state is State.UNVERIFIED


def test_there_and_back() -> None:
    one = record(GOOD, BAD)
    assert from_statement(to_statement(one)) == one
    signed = sign_record(one, KEY)
    assert verify_record(signed, TRUSTED, "c" * 32) == (one, frozenset(TRUSTED))


@pytest.mark.parametrize("field", ["state", "run_id", "datasets", "status", "dp_epsilon"])
def test_each_changed_field_is_refused(field: str) -> None:
    body = json.loads(to_statement(record(BAD)))
    body["predicate"]["record"][field] = {"state": "verified", "datasets": [], "dp_epsilon": 0.1}.get(
        field, "x"
    )
    with pytest.raises(IntegrityError):
        from_statement(canonical_bytes(body))


def test_a_record_that_contradicts_itself_is_refused_even_when_resigned() -> None:
    forged = replace(record(BAD), state=State.VERIFIED)
    with pytest.raises(IntegrityError):
        from_statement(to_statement(forged))


def test_signature_payload_run_and_signer_are_checked() -> None:
    signed = Envelope.from_bytes(sign_record(record(GOOD), KEY))
    other = Envelope(signed.payload_type, to_statement(record(GOOD, BAD)), signed.signatures)
    with pytest.raises(SignatureInvalid):
        verify_record(other.to_bytes(), TRUSTED, "c" * 32)
    with pytest.raises(SignerUntrusted):
        verify_record(signed.to_bytes(), {}, "c" * 32)
    with pytest.raises(IntegrityError):
        verify_record(signed.to_bytes(), TRUSTED, "d" * 32)


def test_tags_fit_mlflow() -> None:
    many = tuple(replace(GOOD, name=f"{GOOD.name}{i}") for i in range(300))
    tags = end_tags(record(*many), LogHead("o", 3, "e" * 64))
    assert all(re.fullmatch(r"[A-Za-z0-9_\-. :/]{1,250}", key) for key in tags)
    assert all(len(value) <= 5000 for value in tags.values())
    assert "tdsec.datasets" not in tags
    assert tags["tdsec.record_sha256"] == record_sha256(record(*many))
    assert tags["tdsec.audit"] == f"o 3 {'e' * 64}"
    assert tags["tdsec.dp.epsilon"] == "2.5"
    assert len(note(record(*many))) <= 5000


def test_nothing_named_says_so_and_claims_nothing() -> None:
    tags = start_tags("unverified", (), ())
    assert "no dataset was named" in tags["tdsec.reasons"]
    assert set(tags) == {"tdsec.state", "tdsec.reasons"}


def test_note_keeps_markup_out_of_the_table() -> None:
    text = note(record(replace(GOOD, name="a|b<script>[x](y)`z`")))
    assert "a\\|b&lt;script&gt;\\[x\\]" in text and "<script" not in text
