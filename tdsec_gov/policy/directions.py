"""Which way a check's setting is stricter: what a repository may do to a setting that its org policy has.

A setting that is not in the table may not differ from the org policy's: who adds a setting to a check
declares its direction here, and until then the org decides it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

NO_LIMIT = float("inf")


@dataclass(frozen=True, slots=True)
class Direction:
    """``stricter(mine, org)``: whether ``mine`` lets through no more; ``default`` where none is set."""

    default: JsonValue
    words: str
    stricter: Callable[[JsonValue, JsonValue], bool]


def _number(value: JsonValue, absent: float) -> float:
    if value is None:
        return absent
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("nan")


def at_most(default: JsonValue) -> Direction:
    """Smaller is stricter; none means no limit."""
    return Direction(default, "at most", lambda mine, org: _number(mine, NO_LIMIT) <= _number(org, NO_LIMIT))


def at_least(default: JsonValue) -> Direction:
    """Larger is stricter; none means nothing is asked."""
    return Direction(
        default, "at least", lambda mine, org: _number(mine, -NO_LIMIT) >= _number(org, -NO_LIMIT)
    )


def one_of(*loosest_first: str, default: str) -> Direction:
    """Words, each stricter than those before it."""

    def stricter(mine: JsonValue, org: JsonValue) -> bool:
        known = mine in loosest_first and org in loosest_first
        return known and loosest_first.index(str(mine)) >= loosest_first.index(str(org))

    return Direction(default, "as strict as", stricter)


def flag(default: bool) -> Direction:
    """True is stricter."""
    return Direction(
        default, "as strict as", lambda mine, org: mine is True or (mine is False and org is False)
    )


def exception(default: bool = False) -> Direction:
    """Something that is allowed: false is stricter."""
    return Direction(
        default, "as strict as", lambda mine, org: mine is False or (mine is True and org is True)
    )


def fewer() -> Direction:
    """A list of exceptions: none beyond the org's."""
    return Direction(
        [], "nothing beyond", lambda mine, org: isinstance(mine, list) and _words(mine) <= _words(org)
    )


def more(*default: str) -> Direction:
    """A list of demands: all of the org's."""
    return Direction(
        list(default), "all of", lambda mine, org: isinstance(mine, list) and _words(mine) >= _words(org)
    )


def local() -> Direction:
    """The repository's own affair, unless the org has set it."""
    return Direction(None, "exactly", lambda mine, org: org is None or mine == org)


def _words(value: JsonValue) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list) else set()


_POISONING = {
    "label": local(),
    "seed": local(),
    "alpha": at_least(0.01),
    "max_rows": at_least(50_000),
    "allow": fewer(),
    "ignore": fewer(),
    "max_label_changes": at_most(0.001),
    "max_issue_share": at_most(0.1),
    "max_conflict_share": at_most(0.01),
    "first_version": one_of("warn", "deny", default="warn"),
    "new_labels": one_of("warn", "deny", default="deny"),
    "drift": one_of("warn", "deny", default="deny"),
}
DIRECTIONS: Mapping[str, Mapping[str, Direction]] = {
    "source": {
        "min_trust": one_of("unknown", "raw", "curated", "partner", "internal", default="curated"),
        "review_grace_days": at_most(30),
        "legal_basis_required": flag(True),
        "collected_only": flag(False),
        "required_internal": more(),
        "required_partner": more("contact", "retention"),
        "required_curated": more("contact", "retention"),
    },
    "schema": {
        "schema": local(),
        "max_failure_share": at_most(0.0),
        "min_rows": at_least(1),
        "max_row_change": at_most(None),
        "sha256": local(),
        "one_table": local(),
        "date_columns": local(),
        "max_null_change": at_most(0.1),
        "max_category_change": at_most(0.1),
        "drift": one_of("off", "warn", "deny", default="warn"),
        "max_age_days": at_most(None),
    },
    "pii": {"mode": one_of("warn", "block_undeclared", "block", default="warn"), "regions": local()},
    "files": {
        "allow": fewer(),
        "hidden_characters": one_of("warn", "deny", default="deny"),
        "second_opinion": one_of("none", "picklescan", default="none"),
    },
    "malware": {
        "clamd": local(),
        "transfer": local(),
        "timeout": local(),
        "max_decoded_mib": local(),
        "unsafe_plain_network": exception(),
        "optional": exception(),
        "max_database_age_days": at_most(7),
        "old_database": one_of("warn", "deny", default="warn"),
        "unreported_limits": one_of("warn", "deny", default="deny"),
        "decoded": flag(False),
        "rules": more(),
    },
    "label_issues": _POISONING,
    "triggers": _POISONING,
}


def loosened(check: str, mine: Mapping[str, JsonValue], org: Mapping[str, JsonValue]) -> list[str]:
    """A line for each setting of ``check`` that ``mine`` has looser than ``org``, or not comparable."""
    known = DIRECTIONS.get(check, {})
    lines = []
    for name, value in sorted(mine.items()):
        way = known.get(name)
        wanted = org.get(name, way.default if way else None)
        if value == wanted and type(value) is type(wanted):
            continue
        if way is None or not way.stricter(value, wanted):
            least = "what the org policy has" if wanted is None else wanted
            lines.append(f"checks.{check}.{name}: expected {way.words if way else 'exactly'} {least}")
    return lines
