"""What the check poisoning found, for people: detectors, findings, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tdsec_gov.cli.shell import Shell
from tdsec_gov.domain.findings import Severity

if TYPE_CHECKING:
    from tdsec_gov.domain.findings import CheckResult, Finding
    from tdsec_gov.gate.detect import Look

_ORDER = {Severity.DENY: 0, Severity.WARN: 1, Severity.NOTE: 2}
_MEANING = {
    "exact": "counts, no statistics",
    "test": "counts towards the verdict",
    "drift": "data of another kind, no attack",
    "advice": "for a person to look at",
}


def print_look(shell: Shell, look: Look, result: CheckResult, explain: bool) -> None:
    """All of it, in lines of at most some 110 characters where the texts allow."""
    other = f"against {look.against.words}" if look.against else "by itself (nothing to compare with)"
    shell.say(f"{result.status.value:7} {look.now.words} {other} ({result.seconds:.1f} s)")
    for line in (*_summary(result), *_table(result), *_findings(result, explain), *_unseen(result, explain)):
        shell.say(f"  {line}" if line else "")


def _summary(result: CheckResult) -> Iterator[str]:
    told = result.facts.get("summary")
    if isinstance(told, dict):
        rate = float(str(told["suspicious_rate"]))
        yield (
            f"risk {told['risk']}; {told['rows_flagged']} of {told['rows_examined']} rows under examination "
            f"flagged ({rate:.2%})"
        )
    if result.metric is not None:
        yield f"smallest adjusted p {result.metric:.2g}; denied at {result.threshold:g} or below"


def _detectors(result: CheckResult) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, said in result.facts.items():
        if isinstance(said, dict) and "role" in said:
            yield name, said


def _table(result: CheckResult) -> Iterator[str]:
    rows = [(name, *_cells(said)) for name, said in _detectors(result)]
    if not rows:
        return
    head = ("detector", "role", "p", "adjusted", "found")
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    yield ""
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""


def _cells(said: dict[str, Any]) -> tuple[str, str, str, str]:
    p, adjusted = ("-" if said.get(key) is None else f"{said[key]:.2g}" for key in ("p", "p_adjusted"))
    found = ", ".join(dict.fromkeys(said.get("alarms", ()))) or "nothing"
    return said["role"], p, adjusted, "not run" if said.get("not_run") else found


def _findings(result: CheckResult, explain: bool) -> Iterator[str]:
    for one in sorted(result.findings, key=lambda one: _ORDER[one.severity]):
        yield f"{one.code} {one.severity.value}: {one.words}"
        if one.rows:
            shown = ", ".join(map(str, one.rows))
            more = " …" if one.count and one.count > len(one.rows) else ""
            yield f"  {one.file} rows {shown}{more}"
        if explain:
            yield from _explained(one)


def _explained(one: Finding) -> Iterator[str]:
    from tdsec_gov.checks.explain import EXPLANATIONS

    known = EXPLANATIONS.get(one.code)
    if known is not None:
        yield f"  means: {known.meaning}"
        yield f"  do: {known.fix}"


def _unseen(result: CheckResult, explain: bool) -> Iterator[str]:
    found = ((name, key, said[key]) for name, said in _detectors(result) for key in said)
    seen = [
        f"{name} {count}"
        for name, key, count in found
        if key.startswith("least_") and key != "least_rows_per_item" and isinstance(count, int)
    ]
    if seen:
        yield f"fewest rows that could be seen: {', '.join(seen)}"
    if not explain:
        if result.not_checked:
            yield f"not checked: {len(result.not_checked)} things; --explain lists them"
        return
    roles = dict.fromkeys(said["role"] for _, said in _detectors(result))
    for role in roles:
        yield f"role {role}: {_MEANING[role]}"
    for note in result.not_checked:
        yield f"not checked: {note}"
