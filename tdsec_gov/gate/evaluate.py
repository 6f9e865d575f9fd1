"""The gate on one dataset: pointer -> bytes in DVC's cache -> checks -> decision -> signed verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from tdsec_gov import __version__
from tdsec_gov.audit.journal import Journal
from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.registry import CHECKS, policy_digest
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import DatasetVersion, Manifest
from tdsec_gov.domain.findings import CheckResult, Status
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import UsedWaiver
from tdsec_gov.errors import IntegrityError, SignerUntrusted, UsageError
from tdsec_gov.gate.acceptance import Accepted, last_accepted
from tdsec_gov.gate.cited import cited
from tdsec_gov.gate.committers import committers
from tdsec_gov.gate.decide import decide
from tdsec_gov.gate.job import Job, data_files, required_checks
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.reports import Report, reading
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.gate.waived import expiry, same_decision, usable
from tdsec_gov.gate.worker import error_result
from tdsec_gov.keys.dsse import Envelope
from tdsec_gov.keys.identity import Identity
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.repo.digests import Digests
from tdsec_gov.repo.git import Revision
from tdsec_gov.repo.manifests import LocalManifests
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.rows import private_folder
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook, superseding
from tdsec_gov.verdicts.calibration import Calibration, last_calibration
from tdsec_gov.verdicts.statement import to_statement
from tdsec_gov.verdicts.store import shortened_history, verdict_name, verdict_names, write_verdict
from tdsec_gov.verdicts.verify import Verified, format_time, parse_time

NEEDS_PREVIOUS = ("poisoning",)
"""Checks that compare with the last accepted version: without its bytes they cannot run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, where it lies (path from the root, empty for one that was not written), whether it was
    answered from before, and in words which signatures it still awaits."""

    verdict: Verdict
    path: str
    cached: bool
    awaits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything the gate needs, opened once for any number of datasets."""

    repository: Repository
    book: VerdictBook
    journal: Callable[[], Journal]
    now: dt.datetime
    fresh: bool = False
    """Believe nothing remembered of single files: read, hash and examine all of them again."""

    def known(self, pointer: Pointer) -> Outcome | None:
        """The verdict that still answers for this pointer: same oid, same policy, trusted, unexpired, what
        its waivers lead to today, and not followed by that of another version (going back on purpose takes a
        verdict of its own). It may await further signatures."""
        policy = self.book.policies.for_dataset(pointer.name)
        digest, quorum = policy_digest(policy), self.book.quorum(pointer.name)
        begun = self.book.begun(pointer.name)
        history = [one for one in begun if not quorum.lacking(one.signers)]
        for seen in reversed(begun):
            verdict = seen.verdict
            if verdict.version.oid == pointer.oid:
                current = verdict.policy == digest and self.now < parse_time(verdict.expires_at)
                erred = any(result.status is Status.ERROR for result in verdict.results)
                stale = not current or (erred and not verdict.accepted)
                if stale or superseding(seen, history) is not None or not self._stands(policy, pointer, seen):
                    return None
                if not verdict.accepted and not self._same_acceptance(pointer, seen, history):
                    return None
                path = verdict_name(pointer.name, verdict.version.root)
                return Outcome(verdict, path, True, quorum.lacking(seen.signers))
        return None

    def _stands(self, policy: DatasetPolicy, pointer: Pointer, seen: Verified) -> bool:
        """Whether waivers given or taken back since leave the decision as it is."""
        verdict = seen.verdict
        if not verdict.waivers and not any(result.status.denies for result in verdict.results):
            return True
        brought = self._brought(pointer) | set(seen.signers)
        return same_decision(
            policy, verdict, usable(self.book, policy, verdict.version.root, brought), self.now
        )

    def _same_acceptance(self, pointer: Pointer, seen: Verified, history: list[Verified]) -> bool:
        """Whether what people accepted since would give the check poisoning nothing new to go by."""
        verdict = seen.verdict
        version = verdict.version
        earlier = [one for one in history if one.verdict.sequence < verdict.sequence]
        brought = self._brought(pointer) | set(seen.signers)
        now = Accepted.of(self.book, earlier, version, last_accepted(earlier, version.root), brought)
        return all(now.same(one) for one in verdict.results if one.check in NEEDS_PREVIOUS)

    def _brought(self, pointer: Pointer) -> frozenset[str]:
        return committers(self.repository.git, self.book.policies.access, pointer)

    def evaluate(self, pointer: Pointer, identity: Identity, report: Report) -> Outcome:
        """Run every required check on the version that ``pointer`` names; sign and store the verdict.

        Raises:
            SignerUntrusted: my signature would not count. UsageError: the data is not in the cache.
            PolicyInvalid, ConfigurationError, BackendUnavailable, IntegrityError: nothing was decided.
        """
        self.require_signer(pointer.name, identity)
        self._require_history(pointer.name)
        verdict, manifest = self.draft(pointer, {identity.keyid}, report)
        journal = self.journal()
        return self._store(replace(verdict, checkpoint=journal.head()), manifest, identity, journal)

    def draft(
        self, pointer: Pointer, signers: Collection[str], report: Report, before: int | None = None
    ) -> tuple[Verdict, Manifest]:
        """What the gate says of the version that ``pointer`` names; nothing is signed or written.

        ``signers``: keyids of who will sign it, who may not have waived what it stands on. ``before``: only
        verdicts with a smaller sequence count as earlier ones. Raises as :meth:`evaluate`.
        """
        policy = self.book.policies.for_dataset(pointer.name)
        manifest = self.manifest(pointer, report)
        version = DatasetVersion.of(pointer.name, pointer.oid, manifest)
        begun, quorum = self.book.begun(pointer.name), self.book.quorum(pointer.name)
        history = [one for one in begun if not quorum.lacking(one.signers)]
        if before is not None:
            history = [one for one in history if one.verdict.sequence < before]
        previous = last_accepted(history, version.root)
        brought = self._brought(pointer) | set(signers)
        accepted = Accepted.of(self.book, history, version, previous, brought)
        results = self._results(policy, version, manifest, previous, accepted, report)
        decision = decide(policy, results, usable(self.book, policy, version.root, brought), self.now)
        verdict = Verdict(
            version=version,
            result=decision.status,
            evaluated_at=format_time(self.now),
            expires_at=format_time(expiry(self.now, policy.rule.verdict_days, decision.waivers)),
            tool=f"tdsec-gov {__version__}",
            policy=policy_digest(policy),
            rule=policy.rule.match,
            results=tuple(results),
            reasons=decision.reasons,
            source=policy.source.id if policy.source else None,
            purpose=policy.purpose,
            legal_basis=policy.legal_basis,
            retention=_retention(policy),
            sequence=1 + max((one.verdict.sequence for one in begun), default=0),
            previous=previous.root if previous else None,
            waivers=tuple(UsedWaiver.of(one) for one in decision.waivers),
        )
        return verdict, manifest

    def require_signer(self, dataset: str, identity: Identity, *, counting: bool = False) -> None:
        """Raises SignerUntrusted unless I may sign a verdict: mine would count, or (not with ``counting``)
        I am a member who may begin what others complete."""
        may = self.book.trusted(dataset) if counting else self.book.beginners(dataset)
        keys = may.get(identity.keyid)
        refusal = f"a verdict signed by '{identity.name}' does not count for '{dataset}'"
        if keys is None:
            raise SignerUntrusted(
                refusal,
                where="policies/access.yaml",
                hint="let somebody whose verdicts count add you as a member (key: tdsec key show)",
            )
        mine = {signer.verify_key.keyid for signer in identity.signers}
        if not {key.keyid for key in keys.required} <= mine:
            raise SignerUntrusted(
                refusal,
                where="policies/access.yaml",
                expected="the identity whose post-quantum key stands there",
                found="an identity without it",
                hint="use your upgraded identity file, or put in what `tdsec key show` prints",
            )

    def _require_history(self, dataset: str) -> None:
        """Raises IntegrityError when a committed verdict of ``dataset`` is missing from the work tree."""
        head = self.repository.git.head()
        if head is None:
            return
        for name in verdict_names(Revision(self.repository.git, head), dataset):
            if not (self.repository.root / name).is_file():
                raise shortened_history(dataset, name)

    def _store(self, verdict: Verdict, manifest: Manifest, identity: Identity, journal: Journal) -> Outcome:
        """Evidence in an order that survives a power cut: manifest, envelope, then the audit event."""
        root, version = self.repository.root, verdict.version
        if version.is_folder:
            LocalManifests(root).save(manifest)
        envelope = Envelope.sign(to_statement(verdict), *identity.signers)
        path = write_verdict(root, version, envelope.to_bytes())
        record_decision(journal, verdict)
        awaits = self.book.quorum(version.name).lacking([identity.keyid])
        return Outcome(verdict, path, False, awaits)

    def _results(
        self,
        policy: DatasetPolicy,
        version: DatasetVersion,
        manifest: Manifest,
        previous: DatasetVersion | None,
        accepted: Accepted,
        report: Report,
    ) -> list[CheckResult]:
        wanted = required_checks(policy)
        reference = self.reference(previous) if previous else None
        audited = self.reference(accepted.audited) if accepted.audited else None
        sides = ((previous, reference), (accepted.audited, audited))
        blind = any(version is not None and files is None for version, files in sides)
        missing = [name for name, _ in wanted if name not in CHECKS or (blind and name in NEEDS_PREVIOUS)]
        job = Job(
            dataset=version.name,
            files=data_files(manifest, self.repository.cache),
            previous=reference,
            previous_root=previous.root if previous else None,
            checks=tuple(pair for pair in wanted if pair[0] not in missing),
            source=policy.source_json,
            policies=self.repository.root / "policies",
            now=self.now,
            memory=None if self.fresh else private_folder(self.repository.root),
            audited=audited,
            audited_root=accepted.audited.root if accepted.audited else None,
            allowed=accepted.items,
        )
        limits = Limits(policy.rule.time_limit, policy.rule.memory_limit << 20)
        record = self._calibration(version.name)
        done = {
            one.check: cited(one, record, dict(wanted)[one.check]) for one in run_checks(job, limits, report)
        }
        done |= {name: _cannot_run(name, version.name) for name in missing}
        return [done[name] for name, _ in wanted if name in done]

    def _calibration(self, dataset: str) -> Calibration | None:
        """What the detectors would have caught on the last accepted version that somebody calibrated on."""
        accepted = [one.verdict.version.root for one in self.book.history(dataset) if one.verdict.accepted]
        return last_calibration(self.book.evidence, dataset, accepted, self.book.trusted(dataset))

    def manifest(self, pointer: Pointer, report: Report) -> Manifest:
        """The files of a version in DVC's cache, hashed. What is unchanged since it was last hashed is not
        read again (repo.digests), unless ``fresh``. Raises UsageError: they are not all there."""
        root, cache = self.repository.root, self.repository.cache
        with Digests.of(None if self.fresh else root, cache) as known:
            return build_manifest(pointer, cache, reading(report), known)

    def reference(self, previous: DatasetVersion) -> Sequence[DataFile] | None:
        """An accepted version's files; None when they are not all here as signed."""
        pointer = Pointer(previous.name, previous.oid, "")
        try:
            manifest = self.manifest(pointer, lambda name, result: None)
        except (UsageError, IntegrityError):
            return None
        return data_files(manifest, self.repository.cache) if manifest.root == previous.root else None


def record_decision(journal: Journal, verdict: Verdict, **more: JsonValue) -> None:
    """One ``gate`` event for a verdict that was signed, and the signed head beside it."""
    details: dict[str, JsonValue] = {
        "sha256": verdict.version.root,
        "result": verdict.result.value,
        "policy": verdict.policy,
        "checks": {one.check: one.status.value for one in verdict.results},
    }
    if verdict.waivers:
        details["waivers"] = [one.digest for one in verdict.waivers]
    journal.record(
        "gate",
        "success" if verdict.accepted else "denied",
        verdict.version.name,
        reason="; ".join(verdict.reasons)[:500],
        purpose=verdict.purpose,
        legal_basis=verdict.legal_basis,
        details={**details, **more},
    )
    journal.publish()


def _cannot_run(name: str, dataset: str) -> CheckResult:
    if name not in CHECKS:
        return error_result(name, "TDS004", f"there is no check '{name}'")
    text = f"the last accepted or audited version is not in the DVC cache: dvc fetch {dataset} at its commit"
    return error_result(name, "TDS003", text)


def _retention(policy: DatasetPolicy) -> str:
    retention = policy.source.retention if policy.source else None
    if retention is None:
        return ""
    return f"until {retention.until.isoformat()}" if retention.until else retention.basis
