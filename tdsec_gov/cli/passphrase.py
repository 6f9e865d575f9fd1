"""Choosing a passphrase, and ``tdsec key change-passphrase``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell

NEW = "TDSEC_NEW_PASSPHRASE"


def chosen(shell: Shell, variable: str) -> str:
    """A new passphrase: from the environment, or typed twice; a word of warning in any case.

    Raises:
        UsageError: the two differ. KeyUnavailable: nobody to ask.
    """
    from tdsec_gov.errors import KeyUnavailable, UsageError
    from tdsec_gov.keys.terminal import at_terminal
    from tdsec_gov.setup.passphrase import WARNING

    shell.warn(WARNING)
    given = os.environ.get(variable)
    if given:
        return given
    first = at_terminal("New passphrase: ")
    if not first:
        raise KeyUnavailable("a passphrase has to be chosen", hint=f"at a terminal, or with {variable}")
    if at_terminal("Once more: ") != first:
        raise UsageError("the two passphrases differ; nothing was changed")
    return first


def known() -> str:
    """The passphrase that was chosen before; empty where there is nobody to ask."""
    return os.environ.get("TDSEC_PASSPHRASE") or ask_passphrase()


@click.command("change-passphrase")
@click.option("--private", is_flag=True, help="Of your own identity file, not of the repository's.")
@pass_shell
def change_passphrase(shell: Shell, private: bool) -> int:
    """Seal the repository's identity (.tdsec/identity.age), or your own, with another passphrase.

    Without a terminal TDSEC_PASSPHRASE holds the old one and TDSEC_NEW_PASSPHRASE the new one.
    """
    from tdsec_gov.setup.password import change_passphrase as change

    path, committed = _file(shell, private)
    shell.warn(f"passphrase of {path}")
    identity = change(path, known, lambda: chosen(shell, NEW))
    text = f"'{identity.name}' has another passphrase now"
    if committed:
        shell.repository().git.stage(committed)
        text += (
            "; now commit and push.\nThe old file stays in git's history, and whoever knows the old "
            "passphrase can open the vault with it.\nIf somebody does: make a new identity and take this "
            "one's access away (tdsec vault remove-reader)."
        )
    return shell.answer(text, name=identity.name, keyid=identity.keyid, path=str(path))


def _file(shell: Shell, private: bool) -> tuple[Path, str]:
    """The identity file that is meant, and its name in the repository where it lies there."""
    from tdsec_gov.keys.committed import COMMITTED
    from tdsec_gov.keys.loading import identity_path

    root = None if private else shell.root()
    if root is not None and (root / COMMITTED).is_file():
        return root / COMMITTED, COMMITTED
    return identity_path(), ""
