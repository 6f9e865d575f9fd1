"""``tdsec vault verify`` and ``tdsec vault gc``: look at every object on the storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.repo.repository import Repository


def vault_name(repository: Repository) -> str:
    """Name of this repository's vault. Raises ConfigurationError: it has none."""
    from tdsec_gov.errors import ConfigurationError
    from tdsec_gov.setup.remotes import vault_remote

    found = vault_remote(repository)
    if found is None:
        raise ConfigurationError(
            "there is no vault here", where=".dvc/config", hint="run: tdsec init --vault …"
        )
    return found[1]


@click.command()
@pass_shell
def verify(shell: Shell) -> int:
    """Fetch, decrypt and hash every object on the storage, and name each one that does not hold."""
    from tdsec_gov.vault.inspect import inspect
    from tdsec_gov.vault.wiring import open_storage

    repository = shell.repository()
    storage = open_storage(repository.root, vault_name(repository))
    access = storage.vault.book.policies.access
    good, bad, integrity = 0, [], False
    for one in inspect(storage):
        if one.error is None:
            good += 1
            continue
        signer = f", last approved by {', '.join(map(access.name_of, one.signers))}" if one.signers else ""
        shell.warn(f"REFUSED {one.oid} ({one.dataset or 'no dataset'}{signer}): {one.error.line()}")
        integrity = integrity or one.error.exit_code == 10
        bad.append({"oid": one.oid, "dataset": one.dataset, "error": one.error.as_dict()})
    code = 0 if not bad else 10 if integrity else 11
    text = f"{good} objects hold, {len(bad)} do not"
    return shell.answer(text, code="ok" if not bad else "integrity", exit_code=code, good=good, bad=bad)
