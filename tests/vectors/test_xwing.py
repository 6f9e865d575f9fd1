"""X-Wing (draft-connolly-cfrg-xwing-kem) in HPKE: the published pq vectors that cryptography-vectors has.

They prove the way from the 32-byte seed to both halves of the key. That whole age files open is proven by
the hybrid ones among the C2SP CCTV vectors (test_age_cctv.py).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tdsec_gov.keys.age import hybrid

XWING = 0x647A
LABEL = bytes.fromhex("5c2e2f2f5e5c")  # the six characters that the draft draws as a ship: \.//^\


def published() -> list[dict[str, bytes]]:
    package = pytest.importorskip("cryptography_vectors", reason="cryptography-vectors is not installed")
    every = json.loads((Path(package.__path__[0]) / "HPKE" / "hpke-pq-test-vectors.json").read_text())
    names = ("skRm", "pkRm", "enc", "shared_secret")
    return [{name: bytes.fromhex(one[name]) for name in names} for one in every if one["kem_id"] == XWING]


def test_published_vectors() -> None:
    found = published()
    assert len(found) == 2
    for one in found:
        me = hybrid.Identity(one["skRm"])
        assert me.recipient.raw == one["pkRm"]
        assert decapsulated(one) == one["shared_secret"]
        wrapped = hybrid.Recipient(one["pkRm"]).wrap(b"sixteen bytes ok")
        assert me.unwrap(wrapped) == b"sixteen bytes ok"


def decapsulated(one: dict[str, bytes]) -> bytes:
    """The combiner of the draft written out: SHA3-256(ss_M, ss_X, ct_X, pk_X, label)."""
    seeds = hashlib.shake_256(one["skRm"]).digest(96)
    lattice, curve = one["enc"][:1088], one["enc"][1088:]
    mine = X25519PrivateKey.from_private_bytes(seeds[64:])
    return hashlib.sha3_256(
        MLKEM768PrivateKey.from_seed_bytes(seeds[:64]).decapsulate(lattice)
        + mine.exchange(X25519PublicKey.from_public_bytes(curve))
        + curve
        + mine.public_key().public_bytes_raw()
        + LABEL
    ).digest()
