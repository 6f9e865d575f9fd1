"""DSSE envelopes (github.com/secure-systems-lab/dsse, v1.0.2): a payload, its type, its signatures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.errors import IntegrityError, SignatureInvalid, SignerUntrusted
from tdsec_gov.keys.signing import Signer, VerifyKey

INTOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json"


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
        signed = pae(payload_type, payload)
        pairs = tuple((one.verify_key.keyid, one.sign(signed)) for one in signers)
        return cls(payload_type, payload, pairs)

    def co_sign(self, signer: Signer) -> Envelope:
        """The same payload with one more signature; a second one by the same key replaces the first."""
        keyid = signer.verify_key.keyid
        others = tuple(pair for pair in self.signatures if pair[0] != keyid)
        mine = signer.sign(pae(self.payload_type, self.payload))
        return Envelope(self.payload_type, self.payload, (*others, (keyid, mine)))

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

    def verified_by(self, trusted: Mapping[str, VerifyKey]) -> frozenset[str]:
        """Keyids of the trusted keys whose signature verifies over this payload.

        Raises:
            SignatureInvalid: a signature under a trusted keyid does not verify.
            SignerUntrusted: no signature is by a trusted key.
        """
        signed = pae(self.payload_type, self.payload)
        good: set[str] = set()
        for keyid, signature in self.signatures:
            key = trusted.get(keyid)
            if key is not None:
                key.verify(signature, signed)
                good.add(keyid)
        if not good:
            found = ", ".join(keyid[:12] for keyid, _ in self.signatures)
            raise SignerUntrusted("signed by nobody trusted", found=f"key {found}")
        return frozenset(good)


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
    if len(signature) != 64:
        raise SignatureInvalid("signature has the wrong length", expected="64 bytes")
    return str(item["keyid"]), signature
