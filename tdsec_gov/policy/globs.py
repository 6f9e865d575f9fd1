"""Dataset globs: ``*`` within a path segment, ``**`` across segments, ``?`` one character."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

from tdsec_gov.errors import PolicyInvalid

_TOKEN = re.compile(r"\*\*/|\*\*|.", re.DOTALL)


def matches(glob: str, path: str) -> bool:
    """Whether the whole ``path`` (``/`` separated, relative) fits ``glob``.

    All ways to fit are followed at once, one character after the other: the time is at most the
    product of both lengths, whatever the glob (a regular expression would try one after the other).
    """
    tokens: list[str] = _TOKEN.findall(glob)
    reached = _skipping(tokens, {(0, False)})
    for char in path:
        reached = _skipping(tokens, {one for state in reached for one in _step(tokens, state, char)})
        if not reached:
            return False
    return (len(tokens), False) in reached


def _skipping(tokens: list[str], states: set[tuple[int, bool]]) -> set[tuple[int, bool]]:
    """``states``, and those after wildcards that stand for nothing. (token, inside a ``**/``)"""
    found = set(states)
    for at, inside in states:
        here = at
        while not inside and here < len(tokens) and tokens[here] in ("*", "**", "**/"):
            here += 1
            found.add((here, False))
    return found


def _step(tokens: list[str], state: tuple[int, bool], char: str) -> list[tuple[int, bool]]:
    at, _ = state
    part = tokens[at] if at < len(tokens) else ""
    if part == "**/":
        return [(at, True), (at + 1, False)] if char == "/" else [(at, True)]
    if part == "**" or (part == "*" and char != "/"):
        return [(at, False)]
    return [(at + 1, False)] if part and (part == char or (part == "?" and char != "/")) else []


def specificity(glob: str) -> tuple[int, int]:
    """Sort key: more literal characters first, then fewer wildcards; larger is more specific."""
    wildcards = sum(glob.count(char) for char in "*?")
    return (len(glob) - wildcards, -wildcards)


class _Matching(Protocol):
    @property
    def match(self) -> str: ...


Rule = TypeVar("Rule", bound=_Matching)


def most_specific(rules: Sequence[Rule], name: str, where: str) -> Rule | None:
    """The rule whose glob fits ``name`` most specifically, None where none fits.

    Raises:
        PolicyInvalid: two fit equally well: the order of lines in a file decides nothing.
    """
    fitting = [rule for rule in rules if matches(rule.match, name)]
    fitting.sort(key=lambda rule: specificity(rule.match), reverse=True)
    if len(fitting) > 1 and specificity(fitting[1].match) == specificity(fitting[0].match):
        raise PolicyInvalid(
            f"two rules match dataset '{name}' equally well",
            where=where,
            found=f"{fitting[0].match} and {fitting[1].match}",
            hint="make one of them more specific",
        )
    return fitting[0] if fitting else None
