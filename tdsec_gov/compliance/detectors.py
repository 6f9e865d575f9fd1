"""What each detector of the check ``poisoning`` said, as a block of a version's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tdsec_gov.compliance.bars import Bar, bars
from tdsec_gov.compliance.htmlparts import Html, code, pairs, pill, section, table, tag
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.verdict import Verdict

_ROLES = {
    "exact": "counts, no statistics",
    "test": "counts towards the verdict",
    "drift": "data of another kind, no attack",
    "advice": "for a person to look at",
}
_RISKS = {"high": "bad", "medium": "warn", "low": "good"}


def detectors(verdict: Verdict) -> Iterator[Html]:
    """A table of detectors with their p-values; nothing where the check did not run."""
    for result in verdict.results:
        if result.check != "poisoning" or not result.facts:
            continue
        rows = [_row(name, said) for name, said in result.facts.items() if _ran(said)]
        parts = [*_summary(result.facts.get("summary"))]
        head = ("detector", "what it counts for", "p", "adjusted (Holm)", "found")
        parts.append(table(head, rows, "No detector ran."))
        if result.metric is not None:
            limit = f"A version is denied where an adjusted p of a test is {result.threshold:g} or below."
            parts.append(tag("p", limit, cls="soft"))
        yield section("Poisoning", "poisoning", tag("div", *parts))
        yield from _calibration(result.facts.get("calibration"))


def _ran(said: JsonValue) -> bool:
    return isinstance(said, dict) and "role" in said


def _summary(told: JsonValue) -> Iterator[Html]:
    if not isinstance(told, dict):
        return
    risk = str(told["risk"])
    share = f"{told['rows_flagged']} of {told['rows_examined']} ({float(str(told['suspicious_rate'])):.2%})"
    yield pairs([("overall risk", pill(risk, _RISKS.get(risk, "plain"))), ("rows flagged", share)])


def _calibration(told: JsonValue) -> Iterator[Html]:
    """A bar for each attack and rate: the share of trials that the gate would have denied."""
    if not isinstance(told, dict):
        return
    cells = [one for one in _list(told["attacks"]) if isinstance(one, dict)]
    rows = [
        Bar(
            f"{one['attack']}, {float(str(one['rate'])):.2%}".replace(".00%", "%"),
            float(str(one["caught"])) / max(1.0, float(str(one["trials"]))),
            None,
            f"{one['caught']} of {one['trials']} ({_percent(one['low'])} to {_percent(one['high'])})",
        )
        for one in cells
    ]
    denied, pushes = _list(told["clean"])
    said = (
        f"Attacks on the rows of version {str(told['version'])[:12]}, {str(told['created'])[:10]}: the share "
        f"that the gate would have denied, by the share of added rows poisoned, with a 95 % interval. "
        f"Clean pushes denied: {denied} of {pushes}."
    )
    note = "settings or detectors changed since" if told["stale"] else ""
    parts = [tag("p", said, cls="soft"), bars(rows, "denied", "")]
    yield section("What would have been caught", "calibration", tag("div", *parts), note=note)


def _percent(value: JsonValue) -> str:
    return f"{float(str(value)):.0%}"


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _row(name: str, said: Any) -> tuple[object, ...]:
    found = ", ".join(dict.fromkeys(map(str, said.get("alarms", ())))) or "nothing"
    return (
        code(name),
        _ROLES.get(str(said["role"]), str(said["role"])),
        _number(said.get("p")),
        _number(said.get("p_adjusted")),
        f"not run: {said['not_run']}" if said.get("not_run") else found,
    )


def _number(value: object) -> str:
    return f"{value:.2g}" if isinstance(value, int | float) else ""
