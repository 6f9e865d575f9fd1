"""``tdsec run [--purpose P] [--data TARGET…] -- COMMAND…``."""

from __future__ import annotations

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.command(
    short_help="Verify the data, then run a training command with lineage.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("--purpose", default="", help="What the data is used for; goes into the audit log.")
@click.option("--data", "targets", multiple=True, metavar="TARGET", help="Dataset to verify; repeatable.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_shell
def run(shell: Shell, purpose: str, targets: tuple[str, ...], command: tuple[str, ...]) -> int:
    """Verify the data, then run COMMAND with lineage.

    Without --data: the datasets named among the command's arguments, or else every dataset that is
    checked out. The command's exit code is returned; it is not started on unverified data.
    """
    from tdsec_gov.lineage.run import verify_and_run

    exit_code = verify_and_run(
        shell.unlocked(),
        targets,
        purpose,
        command,
        shell.now(),
        folder=shell.folder,
        say=shell.warn,
        to_stderr=shell.json,
    )
    if not shell.json:
        return exit_code
    done = exit_code == 0
    message = "the command ended well" if done else f"the command ended with {exit_code}"
    return shell.answer(message, code="ok" if done else "command-failed", exit_code=exit_code)
