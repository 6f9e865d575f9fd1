"""``tdsec check``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.answers import STYLES, answer, print_outcome
from tdsec_gov.cli.hook_push import examine_push
from tdsec_gov.cli.opened import open_gate
from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell
from tdsec_gov.cli.stages import guard_commit, remind
from tdsec_gov.repo.stages import STAGES

if TYPE_CHECKING:
    from tdsec_gov.cli.answers import Judged
    from tdsec_gov.gate.evaluate import Gate, Outcome
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
@click.option(
    "--html", "page", metavar="FILE", help="Also write the version's page: findings, charts, drift."
)
@click.option("--reveal", is_flag=True, help="With --html: show the names of classes, which are values.")
@click.option("--format", "style", type=click.Choice(STYLES), default="text", show_default=True)
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
    page: str | None,
    reveal: bool,
    style: str,
) -> int:
    """Run the gate on TARGETs (paths that DVC tracks, or their pointers) and write the verdict."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.gate.staged import staged_datasets

    shell.speaks(style)
    repository = shell.repository()
    repository.require_initialised()
    if sign and span is None:
        raise UsageError(
            "--sign needs a range", hint="tdsec check --range A..B --sign, or: tdsec cosign TARGET"
        )
    if span is not None:
        from tdsec_gov.cli.cosign import check_range

        return check_range(shell, repository, span, sign, verbose, style)
    if stage == "pre-push":
        return examine_push(shell, repository, targets)
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
    gate = open_gate(shell, repository, force) if pointers else None
    judged = _run(shell, gate, pointers, force, verbose) if gate else []
    if page is not None and gate is not None:
        from tdsec_gov.cli.pages import write_page

        write_page(shell, gate, judged, page, reveal)
    if committing:
        written = [name for _, one in judged for name in _evidence(one)]
        beside = [*_existing(repository, ".tdsec/checkpoint"), *_examinations(repository, judged)]
        repository.git.stage(*written, *beside)
    return answer(shell, judged, style)


def _evidence(outcome: Outcome) -> list[str]:
    """The files that a commit with this version must hold: its verdict, and the waivers that it stands on."""
    from tdsec_gov.verdicts.waivers.store import waiver_name

    version = outcome.verdict.version
    names = [waiver_name(version.name, version.root, one.digest) for one in outcome.verdict.waivers]
    return [outcome.path, *names] if outcome.path else []


def _examinations(repository: Repository, judged: list[Judged]) -> list[str]:
    """The folders of what people said of versions of these datasets: later verdicts are judged by it."""
    from tdsec_gov.verdicts.examinations.filed import FOLDER

    folders = dict.fromkeys(f"{FOLDER}/{pointer.name}" for pointer, _ in judged)
    return [one for one in folders if (repository.root / one).is_dir()]


def _existing(repository: Repository, name: str) -> list[str]:
    return [name] if (repository.root / name).is_file() else []


def _run(shell: Shell, gate: Gate, pointers: list[Pointer], force: bool, verbose: bool) -> list[Judged]:
    """Answer from verdicts where they still hold; load identity, log and checks only for the rest."""
    judged: list[Judged] = []
    for pointer in dict.fromkeys(pointers):
        outcome = None if force else gate.known(pointer)
        if outcome is None:
            outcome = _evaluate(shell, gate, pointer)
        print_outcome(shell, outcome, verbose)
        judged.append((pointer, outcome))
    _print_waivers(shell, gate, list(dict.fromkeys(pointer.name for pointer in pointers)))
    return judged


def _print_waivers(shell: Shell, gate: Gate, datasets: list[str]) -> None:
    """Findings about waivers of these datasets that have expired, are orphaned, or do not count."""
    if not (gate.repository.root / ".tdsec" / "waivers").is_dir():
        return
    from tdsec_gov.cli.waive import print_findings
    from tdsec_gov.gate.waived import waiver_findings

    filed = [one for one in gate.book.waivers.filed() if one.dataset in datasets]
    print_findings(shell, waiver_findings(gate.book, filed))


def _evaluate(shell: Shell, gate: Gate, pointer: Pointer) -> Outcome:
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.keys.committed import identity_of

    identity = identity_of(gate.repository.root, ask_passphrase)
    with Checking(pointer.name, quiet=shell.json) as watching:
        return gate.evaluate(pointer, identity, watching)
