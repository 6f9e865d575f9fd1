"""Waivers as the gate uses them, and findings about those that nothing stands on any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from tdsec_gov.domain.findings import Finding, Severity
from tdsec_gov.domain.verdict import Verdict
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.gate.decide import decide
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.store import verdict_name
from tdsec_gov.verdicts.verify import parse_time
from tdsec_gov.verdicts.waivers.filed import Filed
from tdsec_gov.verdicts.waivers.rules import State, by_others


def usable(book: VerdictBook, policy: DatasetPolicy, root: str, committers: Collection[str]) -> list[Waiver]:
    """The waivers of one version that a verdict can stand on when ``committers`` (keyids) bring it."""
    return by_others(book.waivers.holding(policy.dataset, root), policy.waivers, committers)


def same_decision(policy: DatasetPolicy, verdict: Verdict, waivers: list[Waiver], now: dt.datetime) -> bool:
    """Whether a stored verdict is what its own results and these waivers lead to today."""
    if not waivers and not verdict.waivers:
        return True
    today = decide(policy, verdict.results, waivers, now)
    named = {one.digest for one in verdict.waivers}
    return today.status is verdict.result and {one.digest for one in today.waivers} == named


def expiry(now: dt.datetime, days: int, waivers: Collection[Waiver]) -> dt.datetime:
    """When a verdict ends: after so many days, and no later than any waiver that it stands on."""
    return min([now + dt.timedelta(days=days), *(parse_time(one.expires) for one in waivers)])


def waiver_findings(book: VerdictBook, filed: list[Filed]) -> list[Finding]:
    """TDS005 for each expired waiver, TDS006 for each orphaned one, TDS007 for each that does not count."""
    found = []
    for one in filed:
        orphan = _orphaned(book, one)
        what = "waiver" if one.waiver is None else f"waiver of {one.waiver.what}"
        if one.state is State.REVOKED:
            continue
        if orphan:
            found.append(Finding("TDS006", Severity.WARN, f"{what} is orphaned: {orphan}", one.name))
        elif one.state is State.EXPIRED:
            found.append(Finding("TDS005", Severity.WARN, f"{what} has expired: {one.why}", one.name))
        elif one.state is State.REFUSED:
            found.append(Finding("TDS007", Severity.WARN, f"{what} does not count: {one.why}", one.name))
    return found


def _orphaned(book: VerdictBook, one: Filed) -> str:
    """Why nothing can stand on a waiver: no verdict on its version, or its check is not asked for."""
    if book.evidence.read(verdict_name(one.dataset, one.root)) is None:
        return f"no verdict on version {one.root[:12]} of {one.dataset}"
    known = [rule for rule in (one.waiver,) if rule is not None]
    asked = book.policies.for_dataset(one.dataset).rule.checks
    return next(
        (f"the policy no longer asks for check '{w.check}'" for w in known if w.check not in asked), ""
    )
