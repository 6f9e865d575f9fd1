"""The decision: check results, policy and waivers in; verdict status, reasons and waivers used out. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.verdicts.waivers.rules import covering


class Decision(NamedTuple):
    """PASSED, WARNED or FAILED; in a line each why it is not PASSED; the waivers that lifted a denial."""

    status: Status
    reasons: tuple[str, ...]
    waivers: tuple[Waiver, ...] = ()


def decide(
    policy: DatasetPolicy, results: Sequence[CheckResult], waivers: Sequence[Waiver], now: dt.datetime
) -> Decision:
    """Deny unless proven: a policy that requires nothing, a required check without a result, a check that
    ended in ERROR, all deny. An exempt dataset is WARNED with the policy's reason.

    ``waivers``: those of this version whose signatures were verified, by people who may waive. One lifts the
    denial of its own check only, only while it lasts, and never to better than WARNED.
    """
    if policy.rule.exempt is not None and not policy.rule.checks:
        return Decision(Status.WARNED, (f"exempt by policy: {policy.rule.exempt}",))
    denied: list[str] = []
    answered = {result.check for result in results}
    if not policy.rule.checks:
        denied.append("the policy requires no check of this dataset")
    if policy.legal_basis_required and "source" not in policy.rule.checks:
        denied.append("legal_basis_required is set, and the rule has no 'source' check")
    denied += [f"{name}: did not run" for name in policy.rule.checks if name not in answered]
    warned: list[str] = []
    used: dict[str, Waiver] = {}
    for one in results:
        cover = covering(one, waivers, policy.waivers, now) if one.status.denies else None
        if one.status.denies and cover is None:
            denied.append(f"{one.check}: {_why(one)}")
        elif one.status is not Status.PASSED:
            warned.append(f"{one.check}: {_why(one)}")
        for waiver in cover or ():
            used[waiver.digest] = waiver
    for waiver in used.values():
        warned.append(
            f"{waiver.what}: waived until {waiver.expires[:10]} ({waiver.digest[:12]}): {waiver.reason}"
        )
    status = Status.FAILED if denied else Status.WARNED if warned else Status.PASSED
    return Decision(status, tuple(denied or warned), tuple(used[digest] for digest in sorted(used)))


def _why(result: CheckResult) -> str:
    order = {Severity.DENY: 0, Severity.WARN: 1, Severity.NOTE: 2}
    worst = sorted(result.findings, key=lambda finding: order[finding.severity])
    if not worst:
        return result.status.value
    more = f" (+{len(worst) - 1} more)" if len(worst) > 1 else ""
    return f"{worst[0].code} {worst[0].message}{more}"
