"""``tdsec check``"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell
from tdsec_gov.cli.stages import guard_commit, remind
from tdsec_gov.repo.stages import STAGES

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.domain.findings import CheckResult, Finding
    from tdsec_gov.gate.evaluate import Gate, Outcome
    from tdsec_gov.gate.evidence import Evidence
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.repo.repository import Repository


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dataset that DVC tracks here.")
@click.option("--stage", type=click.Choice([*STAGES, "manual"]), default="manual", help="The git hook.")
@click.option("--force", is_flag=True, help="Run the checks even where a verdict answers already.")
@click.option("--verbose", "-v", is_flag=True, help="List what each check did not look at.")
@click.option(
    "--range", "span", metavar="A..B", help="Every version that a commit in A..B introduces; writes nothing."
)
@click.option("--sign", is_flag=True, help="With --range: sign what the gate says, as CI does.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_shell
def check(
    shell: Shell,
    targets: tuple[str, ...],
    everything: bool,
    stage: str,
    force: bool,
    verbose: bool,
    span: str | None,
    sign: bool,
    style: str,
) -> int:
    """Run the gate on TARGETs (paths that DVC tracks, or their pointers) and write the verdict."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.gate.staged import staged_datasets

    shell.json = shell.json or style == "json"
    repository = shell.repository()
    repository.require_initialised()
    if sign and span is None:
        raise UsageError(
            "--sign needs a range", hint="tdsec check --range A..B --sign, or: tdsec cosign TARGET"
        )
    if span is not None:
        from tdsec_gov.cli.cosign import check_range

        return check_range(shell, repository, span, sign, verbose)
    if stage == "pre-push":
        return _pre_push(shell, repository)
    if stage == "prepare-commit-msg":
        return guard_commit(shell, repository)
    if stage == "post-checkout":
        return remind(shell, repository, targets)
    committing = stage in ("pre-commit", "pre-merge-commit")
    if committing:
        pointers = staged_datasets(repository)
    elif everything:
        pointers = repository.work_tree()
    elif targets:
        pointers = repository.select(list(targets), shell.folder)
    else:
        raise UsageError("which dataset?", expected="TARGET… or --all", hint="tdsec check --all")
    if not pointers:
        return shell.answer("no dataset to check", verdicts=[])
    outcomes = _run(shell, repository, pointers, force, verbose)
    if committing:
        written = [name for one in outcomes for name in _evidence(one)]
        repository.git.stage(*written, *_existing(repository, ".tdsec/checkpoint"))
    return answer_outcomes(shell, outcomes)


def _evidence(outcome: Outcome) -> list[str]:
    """The files that a commit with this version must hold: its verdict, and the waivers that it stands on."""
    from tdsec_gov.verdicts.waivers.store import waiver_name

    version = outcome.verdict.version
    names = [waiver_name(version.name, version.root, one.digest) for one in outcome.verdict.waivers]
    return [outcome.path, *names] if outcome.path else []


def _existing(repository: Repository, name: str) -> list[str]:
    return [name] if (repository.root / name).is_file() else []


def open_gate(shell: Shell, repository: Repository, fresh: bool = False) -> Gate:
    """The gate of this work tree, now; ``fresh``: it believes nothing remembered of single files."""
    from tdsec_gov.files import WorkTree
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.verdicts.book import VerdictBook

    now = shell.now()
    book = VerdictBook.open(WorkTree(repository.root), now)
    return Gate(repository, book, lambda: _journal(repository), now, fresh)


def _run(
    shell: Shell, repository: Repository, pointers: list[Pointer], force: bool, verbose: bool
) -> list[Outcome]:
    """Answer from verdicts where they still hold; load identity, log and checks only for the rest."""
    gate = open_gate(shell, repository, force)
    outcomes = []
    for pointer in dict.fromkeys(pointers):
        outcome = None if force else gate.known(pointer)
        if outcome is None:
            outcome = _evaluate(shell, gate, pointer)
        print_outcome(shell, outcome, verbose)
        outcomes.append(outcome)
    _print_waivers(shell, gate, list(dict.fromkeys(pointer.name for pointer in pointers)))
    return outcomes


def _print_waivers(shell: Shell, gate: Gate, datasets: list[str]) -> None:
    """Findings about waivers of these datasets that have expired, are orphaned, or do not count."""
    if not (gate.repository.root / ".tdsec" / "waivers").is_dir():
        return
    from tdsec_gov.cli.waive import print_findings
    from tdsec_gov.gate.waived import waiver_findings

    filed = [one for one in gate.book.waivers.filed() if one.dataset in datasets]
    print_findings(shell, waiver_findings(gate.book, filed))


def _journal(repository: Repository) -> Journal:
    from tdsec_gov.audit.journal import Journal

    return Journal.open(repository.root)


def _evaluate(shell: Shell, gate: Gate, pointer: Pointer) -> Outcome:
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.keys.committed import identity_of

    identity = identity_of(gate.repository.root, ask_passphrase)
    with Checking(pointer.name, quiet=shell.json) as watching:
        return gate.evaluate(pointer, identity, watching)


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


def _place(found: list[Finding]) -> str:
    """``file:row`` of a finding; of many alike ones the first two files and how many more."""
    files = [f"{one.file}:{one.rows[0]}" if one.rows else one.file for one in found if one.file]
    more = f" and {len(files) - 2} more files" if len(files) > 2 else ""
    return ", ".join(files[:2]) + more


def answer_outcomes(shell: Shell, outcomes: list[Outcome]) -> int:
    """The exit code over all verdicts, and under ``--json`` what they say."""
    rows = [
        {
            "dataset": one.verdict.version.as_json(),
            "result": one.verdict.result.value,
            "cached": one.cached,
            "verdict": one.path,
            "reasons": list(one.verdict.reasons),
            "waivers": [used.as_json() for used in one.verdict.waivers],
            "awaits": list(one.awaits),
            "checks": [result.as_json() for result in one.verdict.results],
        }
        for one in outcomes
    ]
    denied = [one for one in outcomes if not one.verdict.accepted]
    if denied:
        names = ", ".join(one.verdict.version.name for one in denied)
        hint = "tdsec explain CODE says what a finding means and how to fix it"
        shell.warn(f"tdsec: denied: {names} - {hint}")
        message = f"denied: {names}" if shell.json else ""
        return shell.answer(message, code="gate-denied", exit_code=1, verdicts=rows)
    return shell.answer("passed" if shell.json else "", verdicts=rows)


def _pre_push(shell: Shell, repository: Repository) -> int:
    from tdsec_gov.gate.evidence import examine_range
    from tdsec_gov.gate.staged import pushed_ranges

    stdin = "" if sys.stdin.isatty() else sys.stdin.read()
    found: list[Evidence] = []
    for pushed in pushed_ranges(stdin):
        found += examine_range(
            repository.git, pushed.old, pushed.new, shell.now(), "--remotes", awaiting=True
        )
    from tdsec_gov.cli.verify import answer_evidence

    return answer_evidence(shell, found, "pushed")
