"""A second person's look: the gate runs again on the same bytes, and only the same answer is signed."""

from __future__ import annotations

import math

from tdsec_gov.domain.findings import CheckResult, Finding
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import IntegrityError, UsageError, VerdictExpired
from tdsec_gov.files import WorkTree
from tdsec_gov.gate.evaluate import Gate, Outcome, record_decision
from tdsec_gov.gate.reports import Report
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.verdicts.store import verdict_name, write_verdict
from tdsec_gov.verdicts.verify import Verified, parse_time, verify_signature
from tdsec_gov.verdicts.waivers.rules import SKEW

_SAME = ("result", "policy", "rule", "source", "purpose", "legal_basis", "retention", "previous")
_RULES = ("policy", "rule", "source", "previous")


def begun_for(gate: Gate, pointer: Pointer) -> Verified | None:
    """The verdict on the version that ``pointer`` names which somebody who counts has signed, if any."""
    mine = [one for one in gate.book.begun(pointer.name) if one.verdict.version.oid == pointer.oid]
    return mine[-1] if mine else None


def co_sign(gate: Gate, pointer: Pointer, identity: Identity, report: Report) -> Outcome:
    """Run the gate again and add my signature to the verdict that is there.

    Raises:
        UsageError: there is no verdict to co-sign. SignerUntrusted: my signature would not count.
        VerdictExpired: it is past its expiry. IntegrityError: the gate says something else here.
    """
    begun = begun_for(gate, pointer)
    if begun is None:
        raise UsageError(
            "there is no verdict to co-sign", where=pointer.name, hint=f"run: tdsec check {pointer.name}"
        )
    signed, quorum = begun.verdict, gate.book.quorum(pointer.name)
    name = verdict_name(pointer.name, signed.version.root)
    if identity.keyid in begun.signers:
        return Outcome(signed, name, True, quorum.lacking(begun.signers))
    gate.require_signer(pointer.name, identity, counting=True)
    _require_times(gate, signed)
    _require_after_all(gate, signed)
    signers = {identity.keyid, *begun.signers}
    mine, _ = gate.draft(pointer, signers, report, before=signed.sequence)
    differing = differences(signed, mine)
    if differing:
        raise IntegrityError(
            f"the gate says something else here than what was signed: {'; '.join(differing[:5])}",
            where=signed.version.short,
            hint=f"find out why; what holds here is signed by: tdsec check --force {pointer.name}",
        )
    data = WorkTree(gate.repository.root).read(name) or b""
    verify_signature(data, gate.book.beginners(pointer.name), 1, name)
    envelope = Envelope.from_bytes(data).co_sign(*identity.signers)
    path = write_verdict(gate.repository.root, signed.version, envelope.to_bytes())
    record_decision(gate.journal(), signed, cosigned=True)
    return Outcome(signed, path, False, quorum.lacking(signers))


def _require_times(gate: Gate, signed: Verdict) -> None:
    """Raises VerdictExpired unless the verdict is current and lasts no longer than the policy lets it."""
    days = gate.book.policies.for_dataset(signed.version.name).rule.verdict_days
    begins, ends = parse_time(signed.evaluated_at), parse_time(signed.expires_at)
    lasts = ends - begins
    if not begins - SKEW <= gate.now < ends or lasts.total_seconds() > days * 86400:
        raise VerdictExpired(
            "the verdict's times are not what the policy allows",
            where=signed.version.short,
            expected=f"made before now, for at most {days} days",
            found=f"{signed.evaluated_at} to {signed.expires_at}",
            hint=f"run: tdsec check --force {signed.version.name}",
        )


def _require_after_all(gate: Gate, signed: Verdict) -> None:
    """Raises IntegrityError where a verdict on another version already has this sequence: whoever began this
    one left out the version that it must be compared with."""
    for one in gate.book.history(signed.version.name):
        other = one.verdict
        same = other.sequence == signed.sequence and other.version.root != signed.version.root
        if same and other.accepted:
            raise IntegrityError(
                "the verdict does not come after the last accepted version",
                where=signed.version.short,
                expected=f"a sequence after {other.sequence}, that of {other.version.short}",
                found=f"sequence {signed.sequence}",
                hint=f"let its signer run: tdsec check --force {signed.version.name}",
            )


def differences(signed: Verdict, mine: Verdict) -> list[str]:
    """A line for each place where the second look differs from the first; figures may differ by rounding,
    and how long it took may differ."""
    lines = [
        f"{name}: signed {getattr(signed, name)}, here {getattr(mine, name)}"
        for name in _SAME
        if getattr(signed, name) != getattr(mine, name)
    ]
    if {one.digest for one in signed.waivers} != {one.digest for one in mine.waivers}:
        lines.append("the waivers that count are others")
    return [*_other_bytes(signed, mine), *lines, *_other_results(signed, mine)]


def examined_differently(signed: Verdict, mine: Verdict) -> list[str]:
    """As :func:`differences`, of what was examined and found alone: not of what follows from it, which
    changes with waivers."""
    rules = [f"{name}: another one here" for name in _RULES if getattr(signed, name) != getattr(mine, name)]
    return [*_other_bytes(signed, mine), *rules, *_other_results(signed, mine)]


def _other_bytes(signed: Verdict, mine: Verdict) -> list[str]:
    return [] if signed.version == mine.version else ["the bytes are others"]


def _other_results(signed: Verdict, mine: Verdict) -> list[str]:
    lines = []
    first = {one.check: one for one in signed.results}
    second = {one.check: one for one in mine.results}
    for check in sorted(first.keys() | second.keys()):
        if not _alike(first.get(check), second.get(check)):
            lines.append(
                f"check {check}: signed {_short(first.get(check))}, here {_short(second.get(check))}"
            )
    return lines


def _alike(one: CheckResult | None, other: CheckResult | None) -> bool:
    if one is None or other is None:
        return False
    same = one.status is other.status and one.not_checked == other.not_checked
    figures = _close(one.metric, other.metric) and _close(one.threshold, other.threshold)
    return same and figures and sorted(map(_key, one.findings)) == sorted(map(_key, other.findings))


def _key(one: Finding) -> tuple[str, ...]:
    """What must be alike of a finding: its place and counts; not its words."""
    return (one.code, one.severity.value, str(one.file), str(one.column), str(one.count), str(one.rows))


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)


def _short(result: CheckResult | None) -> str:
    if result is None:
        return "nothing"
    codes = ", ".join(sorted({one.code for one in result.findings}))
    return f"{result.status.value} ({codes or 'no findings'})"
