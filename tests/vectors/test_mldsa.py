"""ML-DSA-65 (FIPS 204): published known answers, and an independent implementation.

The answers come with the package cryptography-vectors (``kat_MLDSA_65_det_pure.rsp``, 100 records, all
with a context string), the other implementation is dilithium-py. Both are development dependencies;
without them these tests are counted as skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from tdsec_gov.errors import SignatureInvalid
from tdsec_gov.keys import mldsa

SEEDS = [bytes(32), bytes(range(32)), b"\xff" * 32]


def known_answers() -> list[dict[str, bytes]]:
    package = pytest.importorskip("cryptography_vectors", reason="cryptography-vectors is not installed")
    path = Path(package.__path__[0]) / "asymmetric" / "MLDSA" / "kat_MLDSA_65_det_pure.rsp"
    records = []
    for block in path.read_text().split("count = ")[1:]:
        pairs = [line.partition(" = ")[::2] for line in block.splitlines()]
        records.append(
            {key: bytes.fromhex(text) for key, text in pairs if key in ("xi", "pk", "msg", "sm", "ctx")}
        )
    return records


def test_known_answers() -> None:
    """Seed -> public key for all; the published signature verifies with its context, and we, who sign
    without one, refuse it."""
    records = known_answers()
    assert len(records) == 100
    for one in records:
        key = mldsa.SigningKey(one["xi"]).verify_key
        assert key.raw == one["pk"]
        signature = one["sm"][: mldsa.SIGNATURE_SIZE]
        assert one["sm"] == signature + one["msg"] and one["ctx"]
        MLDSA65PublicKey.from_public_bytes(key.raw).verify(signature, one["msg"], one["ctx"])
        with pytest.raises(SignatureInvalid):
            key.verify(signature, one["msg"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_implementation_agrees(seed: bytes) -> None:
    other = pytest.importorskip("dilithium_py.ml_dsa", reason="dilithium-py is not installed").ML_DSA_65
    public, secret = other.key_derive(seed)
    mine = mldsa.SigningKey(seed)
    assert mine.verify_key.raw == public
    mine.verify_key.verify(other.sign(secret, b"data"), b"data")
    assert other.verify(public, b"data", mine.sign(b"data"))
    assert not other.verify(public, b"other", mine.sign(b"data"))
    with pytest.raises(SignatureInvalid):
        mine.verify_key.verify(other.sign(secret, b"data", ctx=b"x"), b"data")
