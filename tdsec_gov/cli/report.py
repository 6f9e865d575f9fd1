"""``tdsec report``: the compliance report of one dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tdsec_gov import __version__
from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.errors import UsageError

if TYPE_CHECKING:
    from tdsec_gov.compliance.values import ReportFacts
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.repo.repository import Repository


@click.command()
@click.argument("target")
@click.option("--from", "since", metavar="DATE", help="First day (UTC) or time; the beginning by default.")
@click.option("--to", "until", metavar="DATE", help="Last day (UTC), included, or time; now by default.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
@pass_shell
def report(
    shell: Shell, target: str, since: str | None, until: str | None, kind: str, out: Path | None
) -> int:
    """Compliance report of TARGET, a dataset or its pointer.

    Events, unique users, purposes, models trained, what was checked and by whom, and the checks
    purpose_documented, legal_basis_documented and retention_policy. The audit log is verified first,
    and the report's SHA-256 is recorded in it. A check that says FAIL does not change the exit code.
    """
    from tdsec_gov.compliance.report import facts_of, record, render
    from tdsec_gov.compliance.window import Window
    from tdsec_gov.files import write_atomic

    now = shell.now()
    window = Window.of(since, until, now)
    repository = shell.unlocked()
    repository.require_initialised()
    dataset, pointer = _dataset(shell, repository, target)
    facts = facts_of(repository, dataset, pointer, window, now, f"tdsec-gov {__version__}")
    if shell.json and out is None:
        kind = "json"
    data = render(facts, kind)
    if out is not None:
        write_atomic(shell.folder / out, data)
    digest = record(repository, facts, kind, data)
    if shell.json:
        body = {"report": json.loads(data)} if out is None else {"out": str(out)}
        return shell.answer(_summary(facts), sha256=digest, format=kind, checks=_results(facts), **body)
    if out is None:
        click.echo(data.decode(), nl=False)
    else:
        shell.say(f"{out}: {_summary(facts)}")
    shell.warn(f"sha256 {digest} recorded in the audit log")
    return 0


def _dataset(shell: Shell, repository: Repository, target: str) -> tuple[str, Pointer | None]:
    """The dataset's name and its pointer; a dataset that DVC no longer tracks is known by its verdicts."""
    try:
        found = repository.select([target], shell.folder)
    except UsageError:
        if not (repository.evidence / "verdicts" / target).is_dir():
            raise
        return target.strip("/"), None
    if len(found) != 1:
        names = ", ".join(one.name for one in found[:5])
        raise UsageError("more than one dataset", where=target, expected="one dataset", found=names)
    return found[0].name, found[0]


def _results(facts: ReportFacts) -> dict[str, str]:
    return {one.name: "PASS" if one.passed else "FAIL" for one in facts.checks}


def _summary(facts: ReportFacts) -> str:
    answers = ", ".join(f"{name} {result}" for name, result in _results(facts).items())
    return (
        f"{facts.span.events} events, {len(facts.users)} unique users, {len(facts.runs)} runs, "
        f"{len(facts.findings)} findings; {answers}"
    )
