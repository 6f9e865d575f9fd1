"""Is this verdict to be believed? A handful of exact steps over bytes, keys and a clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import GateDenied, IntegrityError, SignerUntrusted, VerdictExpired
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE
from tdsec_gov.keys.members import Trusted
from tdsec_gov.verdicts.readings import Keys, Reading, keys_of


@dataclass(frozen=True, slots=True)
class Verified:
    """A verdict that holds, who signed it (keyids, sorted), and the SHA-256 of its envelope."""

    verdict: Verdict
    signers: tuple[str, ...]
    envelope_sha256: str


class Enough(Protocol):
    """Says which signatures are missing (:class:`tdsec_gov.verdicts.trust.Quorum`)."""

    def lacking(self, signers: frozenset[str]) -> tuple[str, ...]:
        """In words, one for each; none when there are enough."""
        ...


def verify_signature(
    data: bytes, trusted: Mapping[str, Trusted], enough: int | Enough = 1, where: str = ""
) -> Verified:
    """Believe who signed and what is said, whatever the decision was.

    Steps: parse the envelope; payload type; trusted signatures by so many different people, or by those
    that ``enough`` asks for; parse the statement.

    Raises:
        IntegrityError: malformed. SignatureInvalid: a signature by a trusted key does not verify.
        SignerUntrusted: too few trusted signatures.
    """
    return verify_reading(Reading(data), keys_of(trusted), enough, where)


def verify_reading(reading: Reading, keys: Keys, enough: int | Enough, where: str = "") -> Verified:
    """As :func:`verify_signature`, of an envelope that was parsed (and perhaps verified) before."""
    if reading.envelope.payload_type != INTOTO_PAYLOAD_TYPE:
        raise IntegrityError("envelope holds another payload type", where=where)
    signers = reading.signers(keys)
    _require_enough(signers, enough, where)
    return Verified(reading.verdict, tuple(sorted(signers)), reading.sha256)


def _require_enough(signers: frozenset[str], enough: int | Enough, where: str) -> None:
    if not isinstance(enough, int):
        missing = enough.lacking(signers)
        if missing:
            raise SignerUntrusted(
                "too few trusted signatures",
                where=where,
                expected=f"also one of {', and one of '.join(missing)}",
                found=len(signers),
                hint="let them run: tdsec cosign TARGET (CI: tdsec check --range A..B --sign)",
            )
    elif len(signers) < enough:
        raise SignerUntrusted("too few trusted signatures", where=where, expected=enough, found=len(signers))


def verify_accepted(
    data: bytes,
    trusted: Mapping[str, Trusted],
    enough: int | Enough,
    now: dt.datetime,
    where: str = "",
) -> Verified:
    """As :func:`verify_signature`, and the verdict is accepted and unexpired at ``now``.

    Raises:
        GateDenied: the verdict is FAILED. VerdictExpired: past its expiry, or dated in the future.
    """
    verified = verify_signature(data, trusted, enough, where)
    require_accepted(verified, now)
    return verified


def require_accepted(verified: Verified, now: dt.datetime) -> None:
    """Raises GateDenied or VerdictExpired as :func:`verify_accepted`."""
    verdict = verified.verdict
    if not verdict.accepted:
        raise GateDenied(
            "the gate denied this version",
            where=verdict.version.short,
            found="; ".join(verdict.reasons[:3]) or verdict.result.value,
            hint=f"run: tdsec check {verdict.version.name}",
        )
    if now >= parse_time(verdict.expires_at):
        raise VerdictExpired(
            "the verdict has expired",
            where=verdict.version.short,
            found=verdict.expires_at,
            hint=f"run: tdsec check {verdict.version.name}",
        )
    if parse_time(verdict.evaluated_at) > now + dt.timedelta(minutes=10):
        raise VerdictExpired(
            "the verdict is dated in the future", where=verdict.version.short, found=verdict.evaluated_at
        )


def require_policy(verified: Verified, digest: str) -> None:
    """Raises VerdictExpired unless the verdict was given under the policy with this digest.

    What is shared anew (push, a range of commits) must pass today's policy; what was shared before
    stays readable.
    """
    verdict = verified.verdict
    if verdict.policy != digest:
        raise VerdictExpired(
            "the verdict was given under another policy",
            where=verdict.version.short,
            expected=f"policy {digest[:12]}",
            found=verdict.policy[:12],
            hint=f"run: tdsec check {verdict.version.name}",
        )


def parse_time(text: str) -> dt.datetime:
    """An RFC 3339 time in UTC with a trailing ``Z``.

    Raises:
        IntegrityError: anything else.
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not text.endswith("Z"):
        raise IntegrityError("not an RFC 3339 time in UTC", expected="YYYY-MM-DDThh:mm:ssZ")
    return moment


def format_time(moment: dt.datetime) -> str:
    """RFC 3339 in UTC, whole seconds, trailing ``Z``."""
    return moment.astimezone(dt.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
