"""A repository's rule on top of its org's: what is not said is inherited, what is said may only tighten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from tdsec_gov.policy.directions import loosened
from tdsec_gov.policy.models import Budget, DatasetRule, OrgRule, Signatures, Signers, Waivers


def tightened(
    rule: DatasetRule, org: OrgRule, waivers: Waivers, said: frozenset[str]
) -> tuple[DatasetRule, list[str]]:
    """The rule that holds, and a line for each place where ``rule`` is looser than ``org``.

    ``waivers``: the org's rules on waivers where its own rule for the dataset has none; ``said``: keys that
    the repository itself gives (others may come from another org policy: there the stricter one holds).
    """
    faults = _exemption(rule, org)
    changes: dict[str, Any] = {
        "checks": rule.checks if rule.exempt and not rule.checks else _checks(rule, org)
    }
    for name, settings in rule.checks.items():
        if name in org.checks:
            faults += loosened(name, settings or {}, org.checks[name] or {})
    if org.source is not None and "source" in said and rule.source != org.source:
        faults.append(f"source: expected {org.source}")
    if rule.verdict_days > org.verdict_days and "verdict_days" in said:
        faults.append(f"verdict_days: expected at most {org.verdict_days}")
    faults += _limits(rule, org, said)
    if "signers" in said and not implies(rule.signers, org.signers):
        faults.append("signers: weaker than the org policy's")
    theirs = org.waivers or waivers
    looser = [] if rule.waivers is None else _waivers(rule.waivers, theirs)
    if "waivers" in said and rule.waivers is not None:
        faults += looser
    elif rule.waivers is None or looser:
        changes["waivers"] = theirs
    if "privacy" in said:
        faults += _budget(rule.privacy, org.privacy)
    changes |= {name: getattr(org, name) for name in _inherited(rule, org) if name not in said}
    return rule.model_copy(update=changes), faults


def _inherited(rule: DatasetRule, org: OrgRule) -> list[str]:
    """Keys of ``org`` that hold where the repository says nothing."""
    settings = ("source", "time_limit", "memory_limit", "privacy")
    names: list[str] = [name for name in settings if name in org.model_fields_set]
    names += ["verdict_days"] if org.verdict_days < rule.verdict_days else []
    return names + (["signers"] if not implies(rule.signers, org.signers) else [])


def _checks(rule: DatasetRule, org: OrgRule) -> dict[str, dict[str, JsonValue] | None]:
    """The org's checks first, each with the repository's settings over the org's."""
    merged: dict[str, dict[str, JsonValue] | None] = {
        name: {**(settings or {}), **(rule.checks.get(name) or {})} for name, settings in org.checks.items()
    }
    return merged | {name: settings for name, settings in rule.checks.items() if name not in merged}


def _exemption(rule: DatasetRule, org: OrgRule) -> list[str]:
    allowed = org.may_exempt or org.exempt is not None
    return (
        [] if rule.exempt is None or allowed else ["exempt: the org policy lets nobody exempt this dataset"]
    )


def _limits(mine: DatasetRule, org: OrgRule, said: frozenset[str]) -> list[str]:
    """Limits that the org has set itself (its defaults bind nobody): not longer, not more."""
    both = [name for name in ("time_limit", "memory_limit") if name in said & org.model_fields_set]
    over = [name for name in both if getattr(mine, name) > getattr(org, name)]
    return [f"{name}: expected at most {getattr(org, name)}" for name in over]


def _budget(mine: Budget | None, org: Budget | None) -> list[str]:
    if org is None:
        return []
    if mine is None:
        return ["privacy: the org policy sets a budget"]
    over = [name for name in ("epsilon", "delta") if getattr(mine, name) > getattr(org, name)]
    return [f"privacy.{name}: expected at most {getattr(org, name):g}" for name in over]


def _waivers(mine: Waivers, org: Waivers) -> list[str]:
    faults = []
    for name, allowed in (("checks", org.checks), ("errors", org.errors)):
        extra = sorted(set(getattr(mine, name)) - set(allowed))
        faults += [f"waivers.{name}: the org policy lets nobody waive {one}" for one in extra]
    named = (*mine.checks, *mine.errors)
    if not named:
        return faults
    if org.roles and not (mine.roles and set(mine.roles) <= set(org.roles)):
        faults.append(f"waivers.roles: expected only {', '.join(org.roles)}")
    if mine.threshold < org.threshold:
        faults.append(f"waivers.threshold: expected at least {org.threshold}")
    if mine.max_days > org.max_days:
        faults.append(f"waivers.max_days: expected at most {org.max_days}")
    if any(org.independent(check) and not mine.independent(check) for check in named):
        faults.append("waivers.not_by_committer: expected true")
    return faults


def implies(mine: Signers, org: Signers) -> bool:
    """Whether signatures that satisfy ``mine`` always satisfy ``org``: each alternative of mine has, for
    every person that some alternative of the org's asks for, one of its own from the same roles."""
    return all(any(_covers(have, want) for want in org.alternatives) for have in mine.alternatives)


def _covers(have: Sequence[Signatures], want: Sequence[Signatures]) -> bool:
    offered = [part.roles for part in have for _ in range(part.threshold)]
    asked = [part.roles for part in want for _ in range(part.threshold)]
    fits = [
        [n for n, roles in enumerate(offered) if not one or (roles and set(roles) <= set(one))]
        for one in asked
    ]
    return len(matched(fits)) == len(asked)


def matched(fits: Sequence[Sequence[int]]) -> dict[int, int]:
    """The most places that can be filled when each takes one of the numbers it fits, and none is taken
    twice (augmenting paths; number -> place)."""
    taken: dict[int, int] = {}

    def place(slot: int, tried: set[int]) -> bool:
        for number in fits[slot]:
            if number not in tried:
                tried.add(number)
                if number not in taken or place(taken[number], tried):
                    taken[number] = slot
                    return True
        return False

    for slot in range(len(fits)):
        place(slot, set())
    return taken
