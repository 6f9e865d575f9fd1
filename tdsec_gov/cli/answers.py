"""How verdicts are told: lines for people, one JSON document, SARIF, or JUnit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tdsec_gov.cli.shell import Shell
from tdsec_gov.gate.cited import citation

if TYPE_CHECKING:
    from tdsec_gov.domain.findings import CheckResult, Finding
    from tdsec_gov.gate.evaluate import Outcome
    from tdsec_gov.repo.pointers import Pointer

    Judged = tuple[Pointer, Outcome]

STYLES = ("text", "json", "sarif", "junit")


def print_outcome(shell: Shell, outcome: Outcome, verbose: bool) -> None:
    """The verdict in a line, its findings below it, and what is still missing."""
    verdict = outcome.verdict
    known = ", unchanged since " + verdict.evaluated_at if outcome.cached else ""
    shell.say(f"{verdict.result.value:7} {verdict.version.short}, rule '{verdict.rule}'{known}")
    if outcome.awaits:
        shell.say(f"  awaits a signature of {', and one of '.join(outcome.awaits)} (tdsec cosign)")
    for reason in verdict.reasons if verdict.waivers else ():
        if ": waived until " in reason:
            shell.say(f"  {reason}")
    if outcome.cached and verdict.accepted and not verbose:
        return
    for result in verdict.results:
        _print_result(shell, result, verbose)
    if not any(result.findings for result in verdict.results):
        for reason in verdict.reasons:
            shell.say(f"  {reason}")
    blind = sum(len(result.not_checked) for result in verdict.results)
    if blind and not verbose:
        shell.say(f"  not checked: {blind} things; --verbose lists them, the verdict holds them")


def _print_result(shell: Shell, result: CheckResult, verbose: bool) -> None:
    shell.say(f"  {result.status.value:7} {result.check} ({result.seconds:.1f} s)")
    alike: dict[tuple[str, str, str | None], list[Finding]] = {}
    for finding in result.findings:
        alike.setdefault((finding.code, finding.message, finding.column), []).append(finding)
    for (code, message, column), found in alike.items():
        count = sum(one.count for one in found if one.count is not None) or None
        facts = ", ".join(str(part) for part in (column, count) if part is not None)
        text = f"{code} {message}" + (f" ({facts})" if facts else "")
        place = _place(found)
        shell.say(f"    {place}: {text}" if place else f"    {text}")
    for note in result.not_checked if verbose else ():
        shell.say(f"    not checked: {note}")
    for note in citation(result) if verbose else ():
        shell.say(f"    {note}")


def _place(found: list[Finding]) -> str:
    """``file:row`` of a finding; of many alike ones the first two files and how many more."""
    files = [f"{one.file}:{one.rows[0]}" if one.rows else one.file for one in found if one.file]
    more = f" and {len(files) - 2} more files" if len(files) > 2 else ""
    return ", ".join(files[:2]) + more


def answer(
    shell: Shell, judged: list[Judged], style: str = "text", nothing: str = "no dataset to check"
) -> int:
    """The exit code over all verdicts, and in ``style`` what they say."""
    denied = [pointer.name for pointer, one in judged if not one.verdict.accepted]
    code = 1 if denied else 0
    if denied:
        hint = "tdsec explain CODE says what a finding means and how to fix it"
        shell.warn(f"tdsec: denied: {', '.join(denied)} - {hint}")
    if style in ("sarif", "junit"):
        return shell.document(_document(judged, style), code)
    rows = [_row(one) for _, one in judged]
    if denied:
        message = f"denied: {', '.join(denied)}" if shell.json else ""
        return shell.answer(message, code="gate-denied", exit_code=code, verdicts=rows)
    message = "" if judged and not shell.json else "passed" if judged else nothing
    return shell.answer(message, verdicts=rows)


def _document(judged: list[Judged], style: str) -> str:
    verdicts = [(pointer.file, one.verdict) for pointer, one in judged]
    if style == "junit":
        from tdsec_gov.cli.formats.junit import junit

        return junit(verdicts)
    from tdsec_gov.cli.formats.sarif import sarif

    return json.dumps(sarif(verdicts), indent=2) + "\n"


def _row(one: Outcome) -> dict[str, Any]:
    return {
        "dataset": one.verdict.version.as_json(),
        "result": one.verdict.result.value,
        "cached": one.cached,
        "verdict": one.path,
        "reasons": list(one.verdict.reasons),
        "waivers": [used.as_json() for used in one.verdict.waivers],
        "awaits": list(one.awaits),
        "checks": [result.as_json() for result in one.verdict.results],
    }
