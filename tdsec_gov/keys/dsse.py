"""DSSE envelopes (github.com/secure-systems-lab/dsse, v1.0.2): a payload, its type, its signatures.

Signatures are Ed25519 or ML-DSA-65, all over the same PAE. A member's Ed25519 signature stands before
their ML-DSA-65 one; readers go by keyid and do not care about the order.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.errors import IntegrityError, SignatureInvalid, SignerUntrusted
from tdsec_gov.keys import mldsa, signing
from tdsec_gov.keys.members import Trusted
from tdsec_gov.keys.signing import Signer, Verifier

INTOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGNATURE_SIZES = (signing.SIGNATURE_SIZE, mldsa.SIGNATURE_SIZE)
"""Bytes of an Ed25519 and of an ML-DSA-65 signature; there are no others in our envelopes."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-Authentication Encoding: what is really signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its type and its signatures by keyid."""

    payload_type: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def sign(cls, payload: bytes, *signers: Signer, payload_type: str = INTOTO_PAYLOAD_TYPE) -> Envelope:
        """Sign with each of ``signers``, in this order; for a person pass all of ``identity.signers``."""
        signed = pae(payload_type, payload)
        pairs = tuple((one.verify_key.keyid, one.sign(signed)) for one in signers)
        return cls(payload_type, payload, pairs)

    def co_sign(self, *signers: Signer) -> Envelope:
        """The same payload with more signatures at the end; one by the same key replaces the old one."""
        mine = Envelope.sign(self.payload, *signers, payload_type=self.payload_type).signatures
        keyids = {keyid for keyid, _ in mine}
        others = tuple(pair for pair in self.signatures if pair[0] not in keyids)
        return Envelope(self.payload_type, self.payload, (*others, *mine))

    @classmethod
    def from_bytes(cls, data: bytes) -> Envelope:
        """Parse one envelope.

        Raises:
            IntegrityError: malformed.
        """
        body = parse_object(data, "envelope")
        kind, payload, signatures = body.get("payloadType"), body.get("payload"), body.get("signatures")
        if not isinstance(kind, str) or not isinstance(signatures, list) or not signatures:
            raise IntegrityError("envelope is malformed")
        return cls(kind, _b64(payload), tuple(_signature(item) for item in signatures))

    def to_bytes(self) -> bytes:
        """One line of canonical JSON with a final newline."""
        signatures: list[JsonValue] = [
            {"keyid": keyid, "sig": base64.b64encode(sig).decode()} for keyid, sig in self.signatures
        ]
        return (
            canonical_bytes(
                {
                    "payloadType": self.payload_type,
                    "payload": base64.b64encode(self.payload).decode(),
                    "signatures": signatures,
                }
            )
            + b"\n"
        )

    def verified_by(self, trusted: Mapping[str, Trusted]) -> frozenset[str]:
        """Keyids of those in ``trusted`` all of whose keys have signed this payload.

        Signatures by keys of nobody trusted are passed over, as DSSE asks.

        Raises:
            SignatureInvalid: a signature under a trusted keyid does not verify.
            SignerUntrusted: signed by nobody trusted, or with only one of somebody's two keys.
        """
        signed = pae(self.payload_type, self.payload)
        good: set[str] = set()
        partly: list[str] = []
        for keyid, one in trusted.items():
            present = [self._verified(key, signed) for key in one.required]
            if present and all(present):
                good.add(keyid)
            elif any(present):
                partly.append(keyid[:12])
        if not good:
            raise _incomplete(partly) if partly else self._by_strangers()
        return frozenset(good)

    def _verified(self, key: Verifier, signed: bytes) -> bool:
        """Whether ``key`` has signed; raises SignatureInvalid when it only seems so."""
        keyid = key.keyid
        mine = [signature for name, signature in self.signatures if name == keyid]
        for signature in mine:
            key.verify(signature, signed)
        return bool(mine)

    def _by_strangers(self) -> SignerUntrusted:
        found = ", ".join(keyid[:12] for keyid, _ in self.signatures)
        return SignerUntrusted("signed by nobody trusted", found=f"key {found}")


def _incomplete(keyids: list[str]) -> SignerUntrusted:
    """Signed before the member had a second key, or somebody took a signature away."""
    return SignerUntrusted(
        "signed with only one of the signer's two keys",
        expected="an Ed25519 and an ML-DSA-65 signature",
        found=f"one of them, by member {', '.join(keyids)}",
        hint="for a verdict run: tdsec check --all; for a keyring: tdsec vault rewrap",
    )


def _b64(value: JsonValue) -> bytes:
    if not isinstance(value, str):
        raise IntegrityError("envelope is malformed")
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise IntegrityError("envelope is malformed") from None
    if base64.b64encode(raw).decode() != value:
        raise IntegrityError("envelope is malformed", expected="base64 with no loose bits (RFC 4648, 3.5)")
    return raw


def _signature(item: JsonValue) -> tuple[str, bytes]:
    if not isinstance(item, dict) or not isinstance(item.get("keyid"), str):
        raise IntegrityError("envelope is malformed")
    signature = _b64(item.get("sig"))
    if len(signature) not in SIGNATURE_SIZES:
        raise SignatureInvalid("signature has the wrong length", expected="64 or 3309 bytes")
    return str(item["keyid"]), signature
