"""``tdsec init``"""

from __future__ import annotations

import getpass
import re

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.command()
@click.option("--vault", "storage", metavar="STORAGE", help="Folder, URL or DVC remote to keep the data in.")
@click.option("--name", default=None, help="Name of a new identity (default: your git or login name).")
@click.option("--password", is_flag=True, help="A passphrase opens the vault from any clone (team of one).")
@click.option("--recovery", metavar="RECIPIENT", help="Recipient whose secret lies offline: it opens all.")
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), help="Write a job that asks for evidence, too."
)
@click.option("--yes", is_flag=True, help="Ask nothing.")
@pass_shell
def init(
    shell: Shell,
    storage: str | None,
    name: str | None,
    password: bool,
    recovery: str | None,
    ci: str | None,
    yes: bool,
) -> int:
    """Set tdsec up in this git+DVC repository. Running it twice changes nothing.

    With --password the identity lies in the repository, sealed with a passphrase: asked for twice, or
    taken from TDSEC_PASSPHRASE. A clone and the passphrase are then all that is needed.
    """
    import sys

    from tdsec_gov.setup.init import initialise
    from tdsec_gov.setup.remotes import vault_remote

    repository = shell.repository()
    if storage is None and not yes and vault_remote(repository) is None and sys.stdin.isatty():
        storage = click.prompt("Where should the encrypted data lie (folder, URL or DVC remote)?")
    wanted = name or repository.git.config("user.name") or getpass.getuser()
    usable = re.sub(r"[^A-Za-z0-9._@+-]+", "-", wanted).strip("-._@+")
    if password:
        from tdsec_gov.cli.passphrase import chosen, known
        from tdsec_gov.setup.password import initialise_with_passphrase

        done = initialise_with_passphrase(
            repository, storage, usable, shell.folder, lambda: chosen(shell, "TDSEC_PASSPHRASE"), known
        )
        if recovery is not None:
            done.lines += initialise(repository, storage, usable, shell.folder, recovery).lines
    else:
        done = initialise(repository, storage, usable, shell.folder, recovery)
    if ci is not None:
        from tdsec_gov.setup.ci import write_job

        done.lines += write_job(repository, ci)
    for line in done.lines:
        shell.say(f"  + {line}")
    if not done.lines:
        return shell.answer("Nothing to do: tdsec is set up here.", done=[])
    shell.say("\nNext:")
    shell.say("  tdsec source add --id my-source     # say where the data is from and why you may use it")
    shell.say("  tdsec check --all                   # run the gate on what DVC tracks")
    shell.say("  git commit -m 'Set up tdsec' && dvc push")
    return shell.answer("", done=done.lines)
