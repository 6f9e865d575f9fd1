"""Putting one's name to what a version holds, under the policy's rules and with an audit event each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.examination import Examination
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.errors import AccessDenied, UsageError
from tdsec_gov.files import write_atomic
from tdsec_gov.gate.committers import committers
from tdsec_gov.gate.waive import judged_version
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.examinations.filed import CHECK, revocation_name, write_examination
from tdsec_gov.verdicts.examinations.statement import new_examination, to_statement
from tdsec_gov.verdicts.verify import format_time
from tdsec_gov.verdicts.waivers.statement import LEAST_REASON, Revocation, to_revocation


@dataclass(frozen=True, slots=True)
class ExaminationDesk:
    """Where examinations are signed: one repository, one person, one moment."""

    repository: Repository
    book: VerdictBook
    journal: Journal
    identity: Identity

    def accept(
        self, pointer: Pointer, items: Sequence[str], audited: bool, reason: str
    ) -> tuple[Examination, str]:
        """Sign that ``items`` are natural in the version that ``pointer`` names, or that it was ``audited``.

        Returns it and its path. It changes nothing until the gate runs again.

        Raises:
            UsageError: malformed, or the gate has not judged the version, or did not find such an item in it.
            AccessDenied: the policy does not let me.
        """
        root, verdict = judged_version(self.repository, self.book, pointer)
        one = new_examination((pointer.name, root), items, audited, reason, self.book.now)
        _require_seen(pointer, verdict, one)
        one = replace(one, by=self.identity.keyid)
        one = replace(one, digest=sha256_hex(to_statement(one)))
        try:
            self._require_allowed(pointer, one)
        except AccessDenied as exc:
            self._record(one, "denied", exc.message)
            raise
        envelope = Envelope.sign(to_statement(one), *self.identity.signers)
        name = write_examination(self.repository.root, one, envelope)
        self._record(one, "success", one.reason)
        return one, name

    def revoke(self, pointer: Pointer, items: Sequence[str], audited: bool, reason: str) -> list[str]:
        """Take back every examination of the dataset that names one of ``items``, or (``audited``) this
        version as audited. Any member may. Returns what was written.

        Raises:
            UsageError: there is none, or the reason is too short. AccessDenied: I am no member.
        """
        text = " ".join(reason.split())
        if len(text) < LEAST_REASON:
            raise UsageError("the reason is too short", expected=f"{LEAST_REASON} characters or more")
        if self.book.policies.access.member(self.identity.keyid) is None:
            raise AccessDenied("only members may revoke", where="policies/access.yaml")
        root, _ = judged_version(self.repository, self.book, pointer)
        filed = [one.examination for one in self.book.examinations.filed(pointer.name)]
        mine = [
            one
            for one in filed
            if one and (set(items) & set(one.items) or (audited and one.audited and one.root == root))
        ]
        if not mine:
            raise UsageError(
                "there is nothing to take back", where=pointer.name, hint="see: tdsec detect accepted"
            )
        return [self._revoke(one, text) for one in mine]

    def _revoke(self, one: Examination, reason: str) -> str:
        said = Revocation(one.digest, reason, format_time(self.book.now))
        envelope = Envelope.sign(to_revocation(one.dataset, said), *self.identity.signers)
        name = revocation_name(one)
        write_atomic(self.repository.root / name, envelope.to_bytes())
        self._record(one, "success", reason, revoked=True)
        return name

    def _require_allowed(self, pointer: Pointer, one: Examination) -> None:
        access, rules = self.book.policies.access, self.book.policies.for_dataset(pointer.name).waivers
        why = self.book.examinations.why_not(one)
        if why:
            names = ", ".join(member.name for member in access.in_roles(rules.roles)) or "nobody"
            raise AccessDenied(
                f"your word on '{pointer.name}' does not count: {why}",
                where="waivers in policies/policy.yaml",
                expected=f"'{CHECK}' among waivers.checks, and one of {names}",
                hint="ask somebody who may",
            )
        brought = committers(self.repository.git, access, pointer)
        if rules.independent(CHECK) and one.by in brought:
            raise AccessDenied(
                f"your word on '{pointer.name}' does not count: you brought this version yourself",
                where="waivers.not_by_committer in policies/policy.yaml",
                hint="ask somebody else",
            )

    def _record(self, one: Examination, outcome: str, reason: str, *, revoked: bool = False) -> None:
        self.journal.record(
            "accept",
            outcome,
            one.dataset,
            reason=reason[:500],
            details={
                "sha256": one.root,
                "items": list(one.items),
                "audited": one.audited,
                "examination": one.digest,
                "revoked": revoked,
            },
        )
        self.journal.publish()


def _require_seen(pointer: Pointer, verdict: Verdict | None, one: Examination) -> None:
    """Raises UsageError unless the gate judged the version and found the items in it."""
    if verdict is None:
        raise UsageError(
            "the gate has not judged this version",
            where=pointer.name,
            hint=f"run: tdsec check {pointer.name}",
        )
    if one.audited and not verdict.accepted:
        raise UsageError("a version that the gate refused cannot be the audited one", where=pointer.name)
    told = " ".join(f.message for result in verdict.results for f in result.findings)
    missing = [item for item in one.items if item not in told]
    if missing:
        raise UsageError(
            f"the verdict on this version names no {missing[0]}",
            where=verdict.version.short,
            hint=f"see: tdsec detect {pointer.name}",
        )
