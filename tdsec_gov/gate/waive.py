"""Giving and taking back a waiver, under the policy's rules and with an audit event each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.findings import Severity, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.errors import AccessDenied, UsageError
from tdsec_gov.gate.committers import committers
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.access_models import Member
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import Verified, format_time
from tdsec_gov.verdicts.waivers.rules import State, judged
from tdsec_gov.verdicts.waivers.statement import (
    LEAST_REASON,
    Revocation,
    new_waiver,
    to_revocation,
    to_statement,
)
from tdsec_gov.verdicts.waivers.store import write_revocation, write_waiver

_POLICY = "policies/policy.yaml"


@dataclass(frozen=True, slots=True)
class WaiverDesk:
    """Where waivers are signed: one repository, one person, one moment.

    ``brought``: keyids of those who are known to have brought the version, besides what git tells.
    """

    repository: Repository
    book: VerdictBook
    journal: Journal
    identity: Identity
    brought: frozenset[str] = frozenset()

    def waive(self, pointer: Pointer, what: str, reason: str, until: dt.date) -> tuple[Waiver, str]:
        """Sign a waiver of ``what`` (``check`` or ``check:CODE``) for the version that ``pointer`` names.

        Returns it and its path. It changes nothing until the gate runs again.

        Raises:
            UsageError: malformed, nothing to waive, or the version is not known here.
            AccessDenied: the policy does not let me waive this, or not for so long.
        """
        root, verdict = judged_version(self.repository, self.book, pointer)
        waiver = new_waiver((pointer.name, root), what, reason, until, self.book.now)
        if verdict is not None:
            _require_denied(verdict, waiver)
        waiver = replace(waiver, approver=self.identity.keyid)
        waiver = replace(waiver, digest=sha256_hex(to_statement(waiver)))
        try:
            self._require_allowed(pointer, waiver)
        except AccessDenied as exc:
            self._record(waiver, "denied", exc.message)
            raise
        envelope = Envelope.sign(to_statement(waiver), *self.identity.signers)
        name = write_waiver(self.repository.root, waiver, envelope)
        self._record(waiver, "success", waiver.reason)
        return waiver, name

    def revoke(self, pointer: Pointer, what: str, reason: str) -> list[str]:
        """Take back every waiver of ``what`` for the version that ``pointer`` names. Any member may: it only
        takes away. Returns what was written.

        Raises:
            UsageError: there is none, or the reason is too short. AccessDenied: I am no member.
        """
        text = " ".join(reason.split())
        if len(text) < LEAST_REASON:
            raise UsageError("the reason is too short", expected=f"{LEAST_REASON} characters or more")
        if self.book.policies.access.member(self.identity.keyid) is None:
            raise AccessDenied("only members may revoke a waiver", where="policies/access.yaml")
        root, _ = judged_version(self.repository, self.book, pointer)
        filed = self.book.waivers.filed(pointer.name, root)
        found = [one.waiver for one in filed if one.waiver and one.state is not State.REVOKED]
        mine = [one for one in found if one.what == what]
        if not mine:
            raise UsageError(
                f"there is no waiver of {what} for this version",
                where=pointer.name,
                found=", ".join(sorted({one.what for one in found})) or "none",
                hint="see: tdsec waivers",
            )
        return [self._revoke(one, text) for one in mine]

    def _revoke(self, waiver: Waiver, reason: str) -> str:
        said = Revocation(waiver.digest, reason, format_time(self.book.now))
        envelope = Envelope.sign(to_revocation(waiver.dataset, said), *self.identity.signers)
        name = write_revocation(self.repository.root, waiver, envelope)
        self._record(waiver, "success", reason, revoked=True)
        return name

    def _require_allowed(self, pointer: Pointer, waiver: Waiver) -> None:
        access, rules = self.book.policies.access, self.book.policies.for_dataset(pointer.name).waivers
        approvers = access.in_roles(rules.roles)
        state, why = judged(waiver, rules, {one.keyid for one in approvers}, self.book.now)
        if state is not State.HOLDS:
            raise AccessDenied(
                f"you may not waive {waiver.what} for '{pointer.name}': {why}",
                where=f"waivers in {_POLICY}",
                expected=f"one of {', '.join(one.name for one in approvers) or 'nobody'}, "
                f"for at most {rules.max_days} days",
                found=f"{access.name_of(waiver.approver)}, until {waiver.expires[:10]}",
                hint="ask somebody who may, or mend the data",
            )
        if not rules.independent(waiver.check):
            return
        checked = frozenset(keyid for one in _seen(self.book, pointer) for keyid in one.signers)
        otherwise = checked or frozenset([waiver.approver])
        brought = committers(self.repository.git, access, pointer, otherwise) | self.brought
        if waiver.approver in brought:
            raise AccessDenied(
                f"you may not waive {waiver.what} for '{pointer.name}': you brought this version yourself",
                expected="somebody else's waiver (of what is not committed, not by who ran the gate on it)",
                where=f"waivers.not_by_committer in {_POLICY}",
                hint="ask somebody else: " + (", ".join(_others(approvers, waiver.approver)) or "nobody may"),
            )

    def _record(self, waiver: Waiver, outcome: str, reason: str, *, revoked: bool = False) -> None:
        self.journal.record(
            "waive",
            outcome,
            waiver.dataset,
            reason=reason[:500],
            details={
                "sha256": waiver.root,
                "check": waiver.check,
                "code": waiver.code,
                "expires": waiver.expires,
                "waiver": waiver.digest,
                "revoked": revoked,
            },
        )
        self.journal.publish()


def judged_version(repository: Repository, book: VerdictBook, pointer: Pointer) -> tuple[str, Verdict | None]:
    """SHA-256 root of the version, and the verdict that counts: as that has it, or of the bytes in DVC's
    cache. Raises UsageError: they are not there."""
    seen = _seen(book, pointer)
    if seen:
        return seen[-1].verdict.version.root, seen[-1].verdict
    return build_manifest(pointer, repository.cache).root, None


def _seen(book: VerdictBook, pointer: Pointer) -> list[Verified]:
    return [one for one in book.begun(pointer.name) if one.verdict.version.oid == pointer.oid]


def _others(approvers: tuple[Member, ...], mine: str) -> list[str]:
    return [one.name for one in approvers if one.keyid != mine]


def _require_denied(verdict: Verdict, waiver: Waiver) -> None:
    """Raises UsageError unless the check denied this version, with the code where one is named."""
    denied = [one for one in verdict.results if one.status.denies]
    mine = [one for one in denied if one.check == waiver.check]
    codes = {f.code for one in mine for f in one.findings if f.severity is Severity.DENY}
    if mine and (waiver.code is None or waiver.code in codes):
        return
    what = [f"{one.check} ({one.status.value})" for one in denied if one.status is not Status.PASSED]
    raise UsageError(
        f"there is nothing to waive: {waiver.what} did not deny this version",
        where=verdict.version.short,
        expected=", ".join(what) or "a check that denied it",
        hint=f"see: tdsec check {verdict.version.name}",
    )
