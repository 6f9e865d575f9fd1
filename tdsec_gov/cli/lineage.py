"""``tdsec lineage RUN_ID|TARGET``: from a run to its data and sources, and back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.lineage.reading import ReadRun, RunOfVersion

_RUN_ID = re.compile(r"[0-9a-f]{32}\Z")


@click.command()
@click.argument("what", metavar="RUN_ID|TARGET")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "html", "openlineage"]), default="text",
    help="How to print it.",
)  # fmt: skip
@pass_shell
def lineage(shell: Shell, what: str, form: str) -> int:
    """From a run to its dataset versions and sources, or from a dataset to the runs that used it.

    MLflow is asked where MLFLOW_TRACKING_URI says. A run's record must be signed by a member of
    policies/access.yaml.
    """
    from tdsec_gov.errors import UsageError

    if form == "openlineage" or what.startswith("models:/"):
        raise UsageError(
            "not available yet",
            where="openlineage" if form == "openlineage" else what,
            hint="use a run id or a dataset, with --format text, json or html",
        )
    form = "json" if shell.json else form
    if _RUN_ID.match(what):
        return _run(shell, what, form)
    if form == "html":
        raise UsageError("only a run has an HTML report", where=what, hint="give a run id")
    return _dataset(shell, what, form)


def _run(shell: Shell, run_id: str, form: str) -> int:
    from tdsec_gov.files import WorkTree
    from tdsec_gov.lineage.html import report
    from tdsec_gov.lineage.reading import Runs
    from tdsec_gov.policy.load import policies_from

    repository = shell.repository()
    access = policies_from(WorkTree(repository.root)).access
    found = Runs().read(run_id, access, repository)
    if form == "html":
        return shell.answer(report(found.record, ", ".join(found.signers), found.audit).rstrip("\n"))
    if form == "json":
        return _json(shell, f"run {run_id} is {found.record.state}", found.as_json())
    return shell.answer("\n".join(_run_lines(found)))


def _run_lines(found: ReadRun) -> list[str]:
    record = found.record
    lines = [
        f"run {record.run_id}  {record.state.value.upper()}  {record.status}",
        f"  record signed by {', '.join(found.signers)}",
        f"  purpose: {record.purpose or 'not stated'}; legal basis: {record.legal_basis or 'not stated'}",
        f"  code: {record.commit[:12] or 'no commit'}; {record.started_at} to {record.ended_at}",
    ]
    if record.dp_epsilon is not None:
        lines.append(f"  privacy: epsilon {record.dp_epsilon:.4g} at delta {record.dp_delta:.3g}")
    for one in record.datasets:
        lines.append(f"  <- {one.name}@{one.root[:12] or '?'}  {one.result or 'unverified'}  ({one.origin})")
        if one.verified:
            lines.append(f"     sha256 {one.root}, signed by {', '.join(one.signers)}")
            lines.append(f"     <- source {one.source or 'not recorded'}")
        else:
            lines.append(f"     {one.reason}")
    lines += [f"  ! {reason}" for reason in record.reasons]
    return lines + [f"  note: {text}" for text in found.notes]


def _dataset(shell: Shell, target: str, form: str) -> int:
    from tdsec_gov.files import WorkTree
    from tdsec_gov.lineage.reading import Runs
    from tdsec_gov.verdicts.book import VerdictBook

    repository = shell.repository()
    chosen = repository.select([target], shell.folder)
    book, runs = VerdictBook.open(WorkTree(repository.root), shell.now()), Runs()
    items: list[dict[str, Any]] = []
    lines: list[str] = []
    for pointer in chosen:
        versions = {one.verdict.version.oid: one.verdict for one in book.history(pointer.name)}
        for oid in dict.fromkeys([*versions, pointer.oid]):
            verdict = versions.get(oid)
            used = runs.using(verdict.version if verdict else None, pointer.name, oid)
            root = verdict.version.root if verdict else ""
            source = (verdict.source if verdict else None) or "not recorded"
            result = verdict.result.value if verdict else "no trusted verdict"
            here = " (checked out)" if oid == pointer.oid else ""
            lines.append(f"{pointer.name}@{root[:12] or oid}  {result}  source {source}{here}")
            lines += _used_lines(used)
            items.append(
                {
                    "name": pointer.name,
                    "sha256": root,
                    "oid": oid,
                    "result": result,
                    "source": source,
                    "current": oid == pointer.oid,
                    "runs": [one.as_json() for one in used],
                }
            )
    if form == "json":
        return _json(shell, f"{sum(len(one['runs']) for one in items)} runs", {"versions": items})
    return shell.answer("\n".join(lines))


def _used_lines(used: list[RunOfVersion]) -> list[str]:
    if not used:
        return ["  -> no run used it"]
    return [f"  -> run {one.run_id}  {one.state}  {one.status}  as {one.context or 'input'}" for one in used]


def _json(shell: Shell, message: str, body: dict[str, Any]) -> int:
    if shell.json:
        return shell.answer(message, **body)
    return shell.answer(json.dumps(body, indent=2))
