"""The decision: check results and policy in, verdict status and reasons out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.policy.load import DatasetPolicy


def decide(policy: DatasetPolicy, results: Sequence[CheckResult]) -> tuple[Status, tuple[str, ...]]:
    """PASSED, WARNED or FAILED, and in a line each why it is not PASSED.

    Deny unless proven: a policy that requires nothing, a required check without a result, a check
    that ended in ERROR, all deny. An exempt dataset is WARNED with the policy's reason.
    """
    if policy.rule.exempt is not None and not policy.rule.checks:
        return Status.WARNED, (f"exempt by policy: {policy.rule.exempt}",)
    reasons: list[str] = []
    answered = {result.check for result in results}
    if not policy.rule.checks:
        reasons.append("the policy requires no check of this dataset")
    if policy.legal_basis_required and "source" not in policy.rule.checks:
        reasons.append("legal_basis_required is set, and the rule has no 'source' check")
    reasons += [f"{name}: did not run" for name in policy.rule.checks if name not in answered]
    reasons += [f"{one.check}: {_why(one)}" for one in results if one.status.denies]
    if reasons:
        return Status.FAILED, tuple(reasons)
    warned = [f"{one.check}: {_why(one)}" for one in results if one.status is Status.WARNED]
    return (Status.WARNED, tuple(warned)) if warned else (Status.PASSED, ())


def _why(result: CheckResult) -> str:
    order = {Severity.DENY: 0, Severity.WARN: 1, Severity.NOTE: 2}
    worst = sorted(result.findings, key=lambda finding: order[finding.severity])
    if not worst:
        return result.status.value
    more = f" (+{len(worst) - 1} more)" if len(worst) > 1 else ""
    return f"{worst[0].code} {worst[0].message}{more}"
