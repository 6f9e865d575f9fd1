"""``tdsec detect look``, which is what ``tdsec detect TARGET`` does"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from pathlib import Path

    from tdsec_gov.domain.findings import CheckResult
    from tdsec_gov.gate.detect import Look
    from tdsec_gov.gate.reports import Report
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.repo.repository import Repository


@click.command()
@click.argument("target")
@click.option("--label", metavar="COLUMN", help="The column of class labels (else the policy's).")
@click.option(
    "--labels-from", type=click.Choice(["column", "folder"]), help="folder: images lie in a folder per class."
)
@click.option(
    "--against", metavar="VERSION",
    help="A git revision, an accepted version's SHA-256, a path, or none (else the last accepted version).",
)  # fmt: skip
@click.option("--alpha", type=float, help="Rate of false alarms to allow (else the policy's, or 0.01).")
@click.option("--second-opinion", is_flag=True, help="Have a small neural network look, too: it warns only.")
@click.option("--explain", is_flag=True, help="Say of each finding what it means and what to do.")
@click.option(
    "--reveal", metavar="FOLDER",
    help="Write the rows and images that findings name to a new FOLDER; the audit log keeps that you did.",
)  # fmt: skip
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
@pass_shell
def look(
    shell: Shell,
    target: str,
    label: str | None,
    labels_from: str | None,
    against: str | None,
    alpha: float | None,
    second_opinion: bool,
    explain: bool,
    reveal: str | None,
    style: str,
) -> int:
    """Look at TARGET for poisoning: each detector, what it tested and what it saw.

    TARGET is a dataset that DVC tracks, or any file or folder of data. It is compared with its last accepted
    version, or with VERSION; with nothing to compare, only what stands out in itself can be seen. No verdict
    is written: that is for tdsec check.
    """
    from tdsec_gov.cli.detect_words import print_look
    from tdsec_gov.cli.progress import Checking

    shell.speaks(style)
    repository = _repository(shell)
    if reveal is not None:
        _require_place(shell, repository, reveal)
    with Checking(target, quiet=shell.json) as watching:
        view = _look(shell, repository, target, against, watching)
        given = {
            "label": label,
            "labels_from": labels_from,
            "alpha": alpha,
            "second_opinion": second_opinion or None,
        }
        view.params.update({name: value for name, value in given.items() if value is not None})
        _require_labels(view)
        result = view.run(repository.root if repository else None, shell.now(), watching)
    code = 1 if result.status.denies else 0
    print_look(shell, view, result, explain)
    if reveal is not None and repository is not None:
        _reveal(shell, repository, view, result, shell.folder / reveal)
    other = view.against.words if view.against else None
    told = {"target": view.now.words, "against": other, "settings": view.params, "check": result.as_json()}
    return shell.answer("", code="gate-denied" if code else "ok", exit_code=code, **told)


def _repository(shell: Shell) -> Repository | None:
    """The repository, where tdsec is set up in one."""
    from tdsec_gov.errors import ConfigurationError

    try:
        repository = shell.repository()
        repository.require_initialised()
    except ConfigurationError:
        return None
    return repository


def _look(
    shell: Shell, repository: Repository | None, target: str, against: str | None, report: Report
) -> Look:
    from tdsec_gov.gate.detect import NOTHING, Look, governed, on_disk
    from tdsec_gov.gate.process import Limits

    pointer = _tracked(shell, repository, target) if repository else None
    if repository is not None and pointer is not None:
        from tdsec_gov.cli.opened import open_gate

        return governed(open_gate(shell, repository), pointer, against, report)
    path = shell.folder / target
    other = None if against in (None, NOTHING) else on_disk(shell.folder / str(against))
    return Look(path.name, on_disk(path), other, {}, Limits(3600))


def _tracked(shell: Shell, repository: Repository, target: str) -> Pointer | None:
    """The dataset that ``target`` names; None for a path that DVC does not track."""
    from tdsec_gov.errors import UsageError

    try:
        found = repository.select([target], shell.folder)
    except UsageError:
        if (shell.folder / target).exists():
            return None
        raise
    if len(found) != 1:
        raise UsageError("one dataset at a time", expected="one TARGET", found=f"{len(found)} datasets")
    return found[0]


def _require_labels(look: Look) -> None:
    """Raises UsageError where nobody says what the labels are: most detectors need them."""
    from tdsec_gov.errors import UsageError

    if not look.params.get("label") and look.params.get("labels_from") != "folder":
        raise UsageError(
            "which column holds the class labels?",
            where=look.dataset,
            expected="--label COLUMN, or --labels-from folder for images in a folder per class",
        )


def _require_place(shell: Shell, repository: Repository | None, reveal: str) -> None:
    """Raises UsageError, or ConfigurationError: rows may not lie there, or nobody could record it."""
    from tdsec_gov.errors import ConfigurationError, UsageError

    if repository is None:
        raise ConfigurationError(
            "--reveal is recorded in the audit log, and there is none here", hint="run: tdsec init"
        )
    if (shell.folder / reveal).exists():
        raise UsageError("--reveal wants a new folder", where=reveal, found="one that exists")
    place = (shell.folder / reveal).resolve()
    root = repository.root.resolve()
    inside = place == root or place.is_relative_to(root)
    if inside and not repository.git.ignores(place.relative_to(root).as_posix()):
        raise UsageError(
            "what is revealed would lie in the repository",
            where=reveal,
            hint="name a new folder outside it, or one that git ignores",
        )


def _reveal(shell: Shell, repository: Repository, look: Look, result: CheckResult, folder: Path) -> None:
    from tdsec_gov.cli.opened import journal_of
    from tdsec_gov.gate.reveal import new_folder, reveal

    new_folder(folder)
    codes = sorted({one.code for one in result.findings})
    journal = journal_of(repository)
    journal.record(
        "reveal", "success", look.dataset, details={"version": look.now.words, "codes": list(codes)}
    )
    journal.publish()
    rows, images = reveal(result, look.now.files, folder)
    shell.say(f"revealed {rows} rows and {images} images in {folder} (recorded in the audit log)")
    shell.warn("tdsec: they are values of the data: delete them when you have looked")
