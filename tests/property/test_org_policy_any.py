"""Any org policy under any repository's: what the two let through together, the org's alone lets through.

The oracles say in their own way what a setting lets through: a thing that a check may *see* (a number, a
word, a format, an address) is let through or it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, permutations
from typing import Any

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tdsec_gov.errors import PolicyInvalid
from tdsec_gov.policy.directions import DIRECTIONS
from tdsec_gov.policy.load import DatasetPolicy, policies_from
from tdsec_gov.policy.models import Signers, Waivers

NAMES = ("a", "b", "c")
FORMATS = st.lists(st.sampled_from(NAMES), max_size=3)
Lets = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Oracle:
    """Values of a setting, what a check may see, and ``lets(value, seen)``; ``default`` where unset."""

    values: st.SearchStrategy[Any]
    seen: st.SearchStrategy[Any]
    lets: Lets
    default: Any


def ceiling(default: float | None) -> Oracle:
    numbers = st.integers(0, 6).map(lambda n: n / 2)
    values = numbers | st.none() if default is None else numbers
    return Oracle(values, numbers, lambda value, seen: value is None or seen <= value, default)


def floor(default: float) -> Oracle:
    numbers = st.integers(0, 6)
    return Oracle(numbers, numbers, lambda value, seen: seen >= value, default)


def grades(*loosest_first: str, default: str) -> Oracle:
    grade = st.sampled_from(loosest_first)
    place = loosest_first.index
    return Oracle(grade, grade, lambda value, seen: place(seen) >= place(value), default)


def lever(default: bool, strict: bool) -> Oracle:
    """``strict``: the value that refuses what is seen as bad (True)."""
    return Oracle(st.booleans(), st.booleans(), lambda value, seen: not (seen and value is strict), default)


def excused(words: st.SearchStrategy[list[Any]], one: st.SearchStrategy[Any], fits: Lets) -> Oracle:
    return Oracle(words, one, lambda value, seen: any(fits(item, seen) for item in value), [])


def demanded(*default: str) -> Oracle:
    pool = sorted({*default, *NAMES})
    values = st.lists(st.sampled_from(pool), max_size=4) | st.permutations(pool)
    return Oracle(values, values, lambda value, seen: set(value) <= set(seen), list(default))


def pinned(default: list[str]) -> Oracle:
    """Something that answers at ``seen`` is believed where it is named."""
    return Oracle(
        FORMATS | st.just(default), st.sampled_from(NAMES), lambda value, seen: seen in value, default
    )


WARN = grades("warn", "deny", default="warn")
DENY = grades("warn", "deny", default="deny")
WORDS = excused(FORMATS, st.sampled_from(NAMES), lambda item, seen: item == seen)
SIGHT = st.tuples(st.sampled_from(NAMES), st.sampled_from(["email", "phone"]))
IGNORED = excused(
    st.lists(
        st.fixed_dictionaries(
            {
                "column": st.sampled_from(NAMES),
                "kind": st.sampled_from(["*", "email", "phone"]),
                "reason": st.sampled_from(["one", "another"]),
            }
        ),
        max_size=3,
    ),
    SIGHT,
    lambda item, seen: item["column"] == seen[0] and item["kind"] in ("*", seen[1]),
)
CLAMD = ["unix:/run/clamav/clamd.ctl", "unix:/run/clamd.scan/clamd.sock", "tcp:127.0.0.1:3310"]
RAW = [
    "description",
    "supplier",
    "license",
    "acquired",
    "allowed_locations",
    "personal_data",
    "retention",
    "contact",
    "review",
]
POISONING = {
    "alpha": floor(0.01),
    "max_rows": floor(50_000),
    "allow": WORDS,
    "ignore": WORDS,
    "skip": WORDS,
    "max_label_changes": ceiling(0.001),
    "max_issue_share": ceiling(0.1),
    "max_conflict_share": ceiling(0.01),
    "first_version": WARN,
    "new_labels": DENY,
    "drift": DENY,
    "shift": WARN,
    "second_opinion": lever(False, True),
}
ORACLES: dict[str, dict[str, Oracle]] = {
    "source": {
        "min_trust": grades("raw", "curated", "partner", "internal", default="curated"),
        "review_grace_days": ceiling(30),
        "legal_basis_required": lever(True, True),
        "collected_only": lever(False, True),
        "required_internal": demanded(),
        "required_partner": demanded("contact", "retention"),
        "required_curated": demanded("contact", "retention"),
        "required_raw": demanded(*RAW),
    },
    "schema": {
        "max_failure_share": ceiling(0.0),
        "min_rows": floor(1),
        "max_row_change": ceiling(None),
        "max_null_change": ceiling(0.1),
        "max_category_change": ceiling(0.1),
        "drift": grades("off", "warn", "deny", default="warn"),
        "max_age_days": ceiling(None),
    },
    "pii": {
        "mode": grades("warn", "block_undeclared", "block", default="warn"),
        "regions": demanded("US", "GB", "DE", "FR", "ES", "IT"),
        "ignore": IGNORED,
        "engine": grades("builtin", "presidio", default="builtin"),
    },
    "files": {
        "allow": WORDS,
        "hidden_characters": DENY,
        "second_opinion": grades("none", "picklescan", default="none"),
    },
    "malware": {
        "clamd": pinned(CLAMD),
        "unsafe_plain_network": lever(False, False),
        "optional": lever(False, False),
        "max_database_age_days": ceiling(7),
        "old_database": WARN,
        "unreported_limits": DENY,
        "decoded": lever(False, True),
        "rules": demanded(),
    },
    "media": {
        "max_megapixels": ceiling(89),
        "max_frames": ceiling(1000),
        "max_decoded_mib": ceiling(2048),
        "max_seconds": ceiling(30),
        "trailing": WARN,
        "max_duplicate_share": ceiling(0.05),
        "across_folders": grades("note", "warn", "deny", default="warn"),
    },
    "poisoning": POISONING,
}
PAIRS = [(check, name) for check, ways in sorted(DIRECTIONS.items()) for name in sorted(ways)]


class Memory:
    """policies/ in memory."""

    def __init__(self, **bodies: Any) -> None:
        self.files = {f"policies/{name}.yaml": yaml.safe_dump(body).encode() for name, body in bodies.items()}
        self.files |= {f"policies/schemas/{name}": b"{}" for name in NAMES}

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def names(self, folder: str) -> Iterator[str]:
        return iter(sorted(name for name in self.files if name.startswith(f"{folder}/")))


def together(org: dict[str, Any], repository: dict[str, Any]) -> DatasetPolicy | None:
    """What holds for a dataset under both; None: the repository's is refused."""
    rule = {"match": "**", "checks": {}, **repository}
    tree = Memory(
        org={"format": 1, "datasets": [{"match": "**", **org}]},
        policy={"format": 1, "extends": "policies/org.yaml", "datasets": [rule]},
        sources={"format": 1},
        access={"format": 1},
    )
    try:
        return policies_from(tree, ()).for_dataset("x")
    except PolicyInvalid as exc:
        assert "looser than the org policy" in exc.message
        return None


def test_every_setting_that_is_not_free_has_an_oracle() -> None:
    ordered = {(check, name) for check, name in PAIRS if not DIRECTIONS[check][name].free}
    assert ordered == {(check, name) for check, ways in ORACLES.items() for name in ways}


@pytest.mark.parametrize(("check", "name"), PAIRS)
@settings(max_examples=25)
@given(data=st.data())
def test_no_setting_lets_through_more(check: str, name: str, data: st.DataObject) -> None:
    oracle = ORACLES[check].get(name)
    values = oracle.values if oracle else st.sampled_from(NAMES)
    one = data.draw(values, label="org")
    ours, theirs = data.draw(st.sampled_from(["mine", "same", "silent"])), data.draw(st.booleans())
    org = {name: one} if theirs else {}
    mine = {} if ours == "silent" else {name: one if ours == "same" else data.draw(values, label="mine")}
    found = together({"checks": {check: org}}, {"checks": {check: mine}})
    event("refused" if found is None else "taken")
    if found is None:
        assert ours == "mine" or not theirs, "what is left out or repeated is never looser"
        return
    merged = found.rule.checks[check] or {}
    if oracle is None:
        assert not theirs or merged[name] == one
        return
    seen = data.draw(st.lists(oracle.seen, min_size=1, max_size=8), label="seen")
    for thing in seen:
        if oracle.lets(merged.get(name, oracle.default), thing):
            assert oracle.lets(org.get(name, oracle.default), thing)


PEOPLE = {"dana": {"a"}, "eve": {"a", "b"}, "fay": {"b", "c"}, "gil": set()}
ROLES = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)
PART = st.fixed_dictionaries({"roles": ROLES, "threshold": st.integers(1, 3)})
SIGNERS = (
    PART
    | st.fixed_dictionaries({"all": st.lists(PART, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"any": st.lists(PART, min_size=1, max_size=2)})
)


def enough(signers: Signers, people: tuple[str, ...]) -> bool:
    """By trying: everybody in some order fills every place of an alternative."""
    for parts in signers.alternatives:
        places = [set(part.roles) for part in parts for _ in range(part.threshold)]
        for order in permutations(people, len(places)):
            if all(not roles or PEOPLE[who] & roles for who, roles in zip(order, places, strict=True)):
                return True
    return False


def groups() -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(PEOPLE, size) for size in range(len(PEOPLE) + 1))


@settings(max_examples=150)
@given(SIGNERS, SIGNERS)
def test_no_signature_is_saved(theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    found = together({"signers": theirs}, {"signers": ours})
    event("refused" if found is None else "taken")
    if found is not None:
        org = Signers.model_validate(theirs)
        assert [one for one in groups() if enough(found.rule.signers, one) and not enough(org, one)] == []


WAIVERS = st.fixed_dictionaries(
    {},
    optional={
        "checks": st.lists(st.sampled_from(["pii", "files"]), max_size=2),
        "errors": st.lists(st.sampled_from(["pii", "files"]), max_size=2),
        "roles": ROLES,
        "threshold": st.integers(1, 2),
        "max_days": st.integers(1, 3),
        "not_by_committer": st.booleans(),
    },
)


@dataclass(frozen=True)
class Waived:
    """``check`` (its ERROR, where ``error``) waived by ``people`` for ``days``, one of them the committer."""

    check: str
    error: bool
    people: tuple[str, ...]
    days: int
    committer: str

    def under(self, rules: Waivers) -> bool:
        named = rules.errors if self.error else rules.checks
        counted = [one for one in self.people if not rules.roles or PEOPLE[one] & set(rules.roles)]
        if rules.independent(self.check):
            counted = [one for one in counted if one != self.committer]
        return self.check in named and len(counted) >= rules.threshold and self.days <= rules.max_days


CASES = [
    Waived(check, error, people, days, committer)
    for check in ("pii", "files")
    for error in (False, True)
    for people in groups()
    for days in (1, 2, 3)
    for committer in PEOPLE
]


@settings(max_examples=150)
@given(WAIVERS, WAIVERS | st.none(), st.booleans())
def test_nothing_more_can_be_waived(theirs: dict[str, Any], ours: dict[str, Any] | None, near: bool) -> None:
    """``near``: the repository's differ from the org's in a key or two only."""
    if near and ours:
        ours = {**theirs, **dict(list(ours.items())[-2:])}
    found = together({"waivers": theirs}, {} if ours is None else {"waivers": ours})
    event("refused" if found is None else "taken")
    if found is not None:
        org = Waivers.model_validate(theirs)
        assert [one for one in CASES if one.under(found.waivers) and not one.under(org)] == []


LIMITS = ("time_limit", "memory_limit", "verdict_days")
NUMBERS = st.fixed_dictionaries({}, optional={name: st.integers(300, 304) for name in LIMITS})
BUDGET = st.fixed_dictionaries({"epsilon": st.sampled_from([1.0, 2.0]), "delta": st.sampled_from([0.1, 0.2])})
RULE = st.builds(
    lambda numbers, more: {**numbers, **more},
    NUMBERS,
    st.fixed_dictionaries(
        {},
        optional={
            "privacy": BUDGET,
            "source": st.sampled_from(NAMES),
            "checks": st.dictionaries(st.sampled_from(sorted(ORACLES)), st.just({}), max_size=3),
            "exempt": st.just("because we say so"),
        },
    ),
)


@settings(max_examples=200)
@given(RULE, RULE, st.booleans())
def test_no_rule_asks_for_less(theirs: dict[str, Any], ours: dict[str, Any], may: bool) -> None:
    found = together({**theirs, "may_exempt": may}, ours)
    event("refused" if found is None else "taken")
    if found is None:
        return
    rule = found.rule
    left = may or "exempt" in theirs
    if left and rule.exempt is not None:
        return
    assert rule.exempt is None
    assert set(rule.checks) >= set(theirs.get("checks", ()))
    assert all(getattr(rule, name) <= most for name, most in theirs.items() if name in LIMITS)
    assert theirs.get("source", rule.source) == rule.source
    if "privacy" in theirs:
        assert rule.privacy is not None
        assert rule.privacy.epsilon <= theirs["privacy"]["epsilon"]
        assert rule.privacy.delta <= theirs["privacy"]["delta"]
