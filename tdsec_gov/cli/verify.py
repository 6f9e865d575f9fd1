"""``tdsec verify``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.hook_submodules import tell_submodules
from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.gate.evidence import Evidence
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.keyrings.seen import Seen
    from tdsec_gov.verdicts.book import VerdictBook


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dataset that DVC tracks here.")
@click.option("--range", "span", metavar="A..B", help="Every version that a commit in A..B introduces.")
@pass_shell
def verify(shell: Shell, targets: tuple[str, ...], everything: bool, span: str | None) -> int:
    """Check evidence, never data quality: signatures, expiry, and the bytes that are here. Works offline."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import WorkTree
    from tdsec_gov.gate.evidence import examine, examine_range, rehash
    from tdsec_gov.repo.ranges import CommitRange
    from tdsec_gov.vault.keyrings.seen import Seen
    from tdsec_gov.verdicts.book import VerdictBook

    repository = shell.repository()
    repository.require_initialised()
    if span is not None:
        asked = CommitRange.parse(span)
        base, new = asked.base(repository.git), asked.new
        tell_submodules(shell, repository.git, base, new, None)
        return answer_evidence(shell, examine_range(repository.git, base, new, shell.now()), span)
    if not everything and not targets:
        raise UsageError("verify what?", expected="TARGET…, --all or --range A..B")
    pointers = repository.work_tree() if everything else repository.select(list(targets), shell.folder)
    book = VerdictBook.open(WorkTree(repository.root), shell.now())
    seen = Seen(repository.root)
    examined = [_current(one, book, seen) for one in examine(book, pointers)]
    found = [_checked_out(rehash(one, repository), repository) for one in examined]
    return answer_evidence(shell, found, "verified")


def answer_evidence(shell: Shell, found: list[Evidence], what: str) -> int:
    """Print one line per version, and the exit code over all of them."""
    from tdsec_gov.gate.evidence import worst

    rows = []
    for one in found:
        at = f" (commit {one.commit[:10]})" if one.commit else ""
        if one.error is None and one.verified is not None:
            verdict = one.verified.verdict
            waived = [f"{used.check} waived until {used.expires[:10]}" for used in verdict.waivers]
            notes = "".join(f"; {note}" for note in (one.note, *waived) if note)
            shell.say(f"OK      {verdict.version.short}{at}{notes}")
        elif one.error is not None:
            shell.warn(f"REFUSED {one.pointer.name}{at}: {one.error.line()}")
        rows.append(
            {
                "dataset": one.pointer.name,
                "md5": one.pointer.oid,
                "commit": one.commit,
                "ok": one.holds,
                "sha256": one.verified.verdict.version.root if one.verified else None,
                "note": one.note,
                "waivers": [used.as_json() for used in one.verified.verdict.waivers] if one.verified else [],
                "error": one.error.as_dict() if one.error else None,
            }
        )
    code = worst(found)
    if not found:
        return shell.answer(f"no dataset version in {what}", evidence=[])
    text = f"{sum(one.holds for one in found)} of {len(found)} versions verified"
    return shell.answer(text, code=_code(found, code), exit_code=code, evidence=rows)


def _code(found: list[Evidence], exit_code: int) -> str:
    """The code of the error that decided the exit code."""
    errors = [one.error for one in found if one.error is not None]
    return next((error.code for error in errors if error.exit_code == exit_code), "ok")


def _current(found: Evidence, book: VerdictBook, seen: Seen) -> Evidence:
    """``found``, refused when it is an older version put back over one that was accepted later."""
    from dataclasses import replace

    from tdsec_gov.errors import TdsecError
    from tdsec_gov.vault.keyrings.seen import require_current

    if found.verified is None:
        return found
    try:
        require_current(book, found.pointer.name, found.pointer.oid, seen)
    except TdsecError as exc:
        return replace(found, error=exc)
    return found


def _checked_out(found: Evidence, repository: Repository) -> Evidence:
    """``found``, refused when the files in the work tree are not the signed ones."""
    from dataclasses import replace

    from tdsec_gov.errors import DataTampered, TdsecError
    from tdsec_gov.lineage.workspace import workspace_manifest

    name = found.pointer.name
    if found.verified is None or found.error is not None or not (repository.root / name).exists():
        return found
    try:
        root = workspace_manifest(repository.root, name).root
    except TdsecError as exc:
        return replace(found, error=exc)
    signed = found.verified.verdict.version
    if root == signed.root:
        return replace(found, note="bytes hashed again")
    error = DataTampered(
        "what lies in the work tree is not the version that was approved",
        where=name,
        expected=f"SHA-256 root {signed.root[:12]}",
        found=root[:12],
        hint=f"run: dvc checkout {name} (or dvc add {name} and tdsec check, if the change is meant)",
    )
    return replace(found, error=error)
