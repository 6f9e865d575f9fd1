"""What a waiver can do under a policy. Pure: values in, values out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

from tdsec_gov.domain.findings import CheckResult, Severity, Status
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.policy.models import Waivers
from tdsec_gov.verdicts.verify import parse_time

SKEW = dt.timedelta(minutes=10)
"""By how much the clocks of two members may differ."""


class State(StrEnum):
    """Whether a waiver can be built on."""

    HOLDS = "holds"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REFUSED = "does not count"


def judged(waiver: Waiver, rules: Waivers, approvers: Collection[str], now: dt.datetime) -> tuple[State, str]:
    """The state of a waiver whose signature was verified, and in words why it does not hold.

    ``approvers``: keyids of those who may waive under ``rules``.
    """
    created, expires = parse_time(waiver.created), parse_time(waiver.expires)
    if waiver.check not in (*rules.checks, *rules.errors):
        return State.REFUSED, f"the policy lets nobody waive '{waiver.check}'"
    if waiver.approver not in approvers:
        return State.REFUSED, "who signed it may not waive under today's policy"
    if expires - created >= dt.timedelta(days=rules.max_days + 1):
        return State.REFUSED, f"it runs longer than {rules.max_days} days"
    if created > now + SKEW:
        return State.REFUSED, "it is dated in the future"
    if now >= expires:
        return State.EXPIRED, f"it ended {waiver.expires}"
    return State.HOLDS, ""


def by_others(waivers: Iterable[Waiver], rules: Waivers, committers: Collection[str]) -> list[Waiver]:
    """Those of ``waivers`` that nobody of ``committers`` (keyids) gave, where the policy asks for that."""
    return [one for one in waivers if not (rules.independent(one.check) and one.approver in committers)]


def covering(
    result: CheckResult, waivers: Iterable[Waiver], rules: Waivers, now: dt.datetime
) -> tuple[Waiver, ...] | None:
    """The waivers that together lift the denial of ``result``, None where they do not.

    Every denying finding needs ``rules.threshold`` people who waived its code, or the whole check. An ERROR
    needs the policy's consent by name. Those that last longest are taken.
    """
    consent = rules.errors if result.status is Status.ERROR else rules.checks
    if result.check not in consent:
        return None
    alive = [one for one in waivers if one.check == result.check and _alive(one, now)]
    codes = {one.code for one in result.findings if one.severity is Severity.DENY}
    used: dict[str, Waiver] = {}
    wanted: list[str | None] = [*sorted(codes)] or [None]
    for code in wanted:
        chosen = _people([one for one in alive if one.code in (None, code)], rules.threshold)
        if chosen is None:
            return None
        used |= {one.digest: one for one in chosen}
    return tuple(used[digest] for digest in sorted(used))


def _alive(waiver: Waiver, now: dt.datetime) -> bool:
    return parse_time(waiver.created) <= now + SKEW and now < parse_time(waiver.expires)


def _people(waivers: Sequence[Waiver], threshold: int) -> list[Waiver] | None:
    """The longest lasting waiver of each of ``threshold`` people, None where there are fewer."""
    lasting = sorted(waivers, key=lambda one: (parse_time(one.expires), one.digest), reverse=True)
    people: dict[str, Waiver] = {}
    for one in lasting:
        people.setdefault(one.approver, one)
    return list(people.values())[:threshold] if len(people) >= threshold else None
