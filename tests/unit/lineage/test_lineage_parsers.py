"""Whatever bytes come in, a parser of this room answers with a value or a TdsecError."""

from __future__ import annotations

import json
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tdsec_gov.domain.lineage import LineageRecord, State, UsedDataset, state_of
from tdsec_gov.errors import TdsecError
from tdsec_gov.keys.signing import SigningKey
from tdsec_gov.lineage.inputs import named_path
from tdsec_gov.lineage.record import from_statement, sign_record, to_statement, verify_record
from tdsec_gov.lineage.used import from_variable

KEY = SigningKey(bytes(32))
TRUSTED = {KEY.verify_key.keyid: KEY.verify_key}
DATA = (UsedDataset("data/a.csv", "a" * 32, "dvc stage", State.VERIFIED, root="b" * 64, signers=("ana",)),)
RECORD = LineageRecord("c" * 32, state_of(DATA, ()), (), DATA, "p", "l", "", "s", "e", "FINISHED", "t")
SIGNED = sign_record(RECORD, KEY)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_arbitrary_bytes(data: bytes) -> None:
    with suppress(TdsecError):
        from_statement(data)
    with suppress(TdsecError):
        verify_record(data, TRUSTED, "c" * 32)
    with suppress(TdsecError):
        from_variable(data.decode("utf-8", "replace"))
    path, oid = named_path("external", data.decode("utf-8", "replace"))
    assert isinstance(path, str) and isinstance(oid, str)


@given(st.sampled_from(sorted(RECORD.as_json())), JSON)
def test_arbitrary_fields_never_read_as_something_else(field: str, value: object) -> None:
    body = json.loads(to_statement(RECORD))
    body["predicate"]["record"][field] = value
    changed = json.dumps(body).encode()
    with suppress(TdsecError):
        assert to_statement(from_statement(changed)) == changed


@settings(max_examples=300)
@given(st.integers(0, len(SIGNED) - 2), st.integers(1, 255))
def test_any_flipped_byte_is_refused(place: int, flip: int) -> None:
    data = bytearray(SIGNED)
    data[place] ^= flip
    with suppress(TdsecError):
        record, _ = verify_record(bytes(data), TRUSTED, "c" * 32)
        raise AssertionError(f"a changed envelope was believed: {record.run_id}")
