"""Kinds of settings: which of two values of a check's setting lets through no more than the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

NO_LIMIT = float("inf")


@dataclass(frozen=True, slots=True)
class Direction:
    """``stricter(mine, org)``: whether ``mine`` lets through no more; ``default`` where none is set;
    ``free`` where the org may leave the setting to the repository."""

    default: JsonValue
    words: str
    stricter: Callable[[JsonValue, JsonValue], bool]
    free: bool = False


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


def fewer_ignored() -> Direction:
    """A list of ``{column, kind, reason}`` to pass over: each one covered by one of the org's (the same
    column, the same kind or the org's ``*``). The reason is the repository's own."""

    def stricter(mine: JsonValue, org: JsonValue) -> bool:
        if not isinstance(mine, list):
            return False
        given = {_ignored(one) for one in org} if isinstance(org, list) else set()
        asked = {_ignored(one) for one in mine}
        return None not in asked and all(one in given or (one and (one[0], "*") in given) for one in asked)

    return Direction([], "nothing beyond", stricter)


def more(*default: str) -> Direction:
    """A list of demands: all of the org's."""
    return Direction(
        list(default), "all of", lambda mine, org: isinstance(mine, list) and _words(mine) >= _words(org)
    )


def local() -> Direction:
    """The repository's own affair, unless the org has set it."""
    return Direction(None, "exactly", lambda mine, org: org is None or mine == org, free=True)


def equal(*default: str) -> Direction:
    """What the org has, or what holds where nobody sets it: never the repository's choice."""
    return Direction(list(default), "exactly", lambda mine, org: mine == org)


def _ignored(item: JsonValue) -> tuple[str, str] | None:
    if not isinstance(item, Mapping) or set(item) != {"column", "kind", "reason"}:
        return None
    return str(item["column"]), str(item["kind"])


def _words(value: JsonValue) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list) else set()
