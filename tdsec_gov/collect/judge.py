"""What the policy says of a source and of what arrived: the gate's own checks, on bytes in quarantine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.registry import CHECKS
from tdsec_gov.checks.source import Settings, judge
from tdsec_gov.collect.intake import Arrived
from tdsec_gov.collect.rejected import Rejected
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.errors import IntegrityError, PolicyInvalid, UsageError
from tdsec_gov.gate.decide import decide
from tdsec_gov.gate.job import Job, data_files
from tdsec_gov.gate.process import Limits
from tdsec_gov.gate.reports import Report
from tdsec_gov.gate.runner import run_checks
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.policy.source_models import Source
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.versions import build_manifest
from tdsec_gov.verdicts.book import VerdictBook

_COMPARING = ("poisoning",)
"""Checks that need the bytes of the last accepted version."""


def source_for(policy: DatasetPolicy, wanted: str, now: dt.datetime) -> Source:
    """The record of source ``wanted``, if data of it may be collected for this dataset now.

    Raises:
        PolicyInvalid: the dataset's rule names another source, or none that is on record.
        Rejected: the record does not hold up (trust level, required fields, retention, review).
    """
    if policy.source is None or policy.source.id != wanted:
        raise PolicyInvalid(
            f"the rule '{policy.rule.match}' for '{policy.dataset}' names another source",
            where="policies/policy.yaml",
            expected=f"source: {wanted}",
            found=f"source: {policy.rule.source or 'none'}",
        )
    settings = Settings.of(policy.rule.checks.get("source") or {})
    findings = judge(policy.source_json, settings, now.astimezone(dt.UTC).date())
    against = [one for one in findings if one.severity is Severity.DENY]
    if against:
        error = Rejected(
            "; ".join(f"{one.code} {one.message}" for one in against),
            where=f"source '{wanted}'",
            hint="complete the record in policies/sources.yaml; tdsec explain CODE says how",
        )
        error.results = [CheckResult.from_findings("source", findings)]
        raise error
    return policy.source


def require_accepted(
    repository: Repository,
    book: VerdictBook,
    policy: DatasetPolicy,
    arrived: Sequence[Arrived],
    now: dt.datetime,
    report: Report,
) -> list[CheckResult]:
    """Run the checks that the policy requires of the dataset on the files in quarantine.

    Raises:
        Rejected: they deny; with their results.
    """
    base = policy.dataset.rpartition("/")[2]
    files = tuple(DataFile(one.name or base, one.path, one.size, one.sha256) for one in arrived)
    wanted = [(name, _params(name, params)) for name, params in policy.rule.checks.items()]
    previous, root, blind = _previous(repository, book, policy.dataset)
    missing = [name for name, _ in wanted if name not in CHECKS or (blind and name in _COMPARING)]
    job = Job(
        dataset=policy.dataset,
        files=tuple(sorted(files, key=lambda one: one.path)),
        previous=previous,
        previous_root=root,
        checks=tuple(pair for pair in wanted if pair[0] not in missing),
        source=policy.source_json,
        policies=repository.root / "policies",
        now=now,
    )
    results = run_checks(job, Limits(policy.rule.time_limit, policy.rule.memory_limit << 20), report)
    results += [_cannot_run(name) for name in missing]
    decision = decide(policy, results, (), now)
    if decision.status is Status.FAILED:
        error = Rejected(
            "; ".join(decision.reasons), where=policy.dataset, hint="tdsec explain CODE says what it means"
        )
        error.results = results
        raise error
    return results


def _cannot_run(name: str) -> CheckResult:
    """An ERROR, which denies."""
    text = f"{name} has nothing to compare with: the last accepted version is not in the DVC cache"
    finding = Finding("TDS003", Severity.DENY, text if name in CHECKS else f"there is no check '{name}'")
    return CheckResult(name, Status.ERROR, (finding,))


def _params(name: str, params: dict[str, JsonValue] | None) -> dict[str, JsonValue]:
    """Settings of a check; what is being collected cannot have been collected before."""
    return {
        key: value for key, value in (params or {}).items() if (name, key) != ("source", "collected_only")
    }


def _previous(
    repository: Repository, book: VerdictBook, dataset: str
) -> tuple[Sequence[DataFile] | None, str | None, bool]:
    """Files and root of the last accepted version; and whether there is one that is not here as signed."""
    accepted = [one.verdict.version for one in book.history(dataset) if one.verdict.accepted]
    if not accepted:
        return None, None, False
    last = accepted[-1]
    try:
        manifest = build_manifest(Pointer(last.name, last.oid, ""), repository.cache)
    except (UsageError, IntegrityError):
        return None, None, True
    if manifest.root != last.root:
        return None, None, True
    return data_files(manifest, repository.cache), last.root, False
