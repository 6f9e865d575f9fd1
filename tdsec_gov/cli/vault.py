"""``tdsec vault``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.cli.vault_import import import_fernet
from tdsec_gov.cli.vault_objects import gc, verify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.opened import OpenedVault


@click.group()
def vault() -> None:
    """The encrypted remote of this repository: who can read it, and whether all in it holds."""


def _name(repository: Repository) -> str:
    from tdsec_gov.errors import ConfigurationError
    from tdsec_gov.setup.remotes import vault_remote

    found = vault_remote(repository)
    if found is None:
        raise ConfigurationError(
            "there is no vault here", where=".dvc/config", hint="run: tdsec init --vault …"
        )
    return found[1]


def _opened(repository: Repository) -> OpenedVault:
    from tdsec_gov.files import WorkTree
    from tdsec_gov.vault.opened import OpenedVault

    return OpenedVault(_name(repository), WorkTree(repository.root), repository.root)


@vault.command()
@pass_shell
def status(shell: Shell) -> int:
    """Name, epochs, and whether I may read and write."""
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.vault.keyring import epochs

    opened = _opened(shell.repository())
    rights = {}
    for act in ("read", "write"):
        try:
            opened.require(act)
            rights[act] = True
        except TdsecError:
            rights[act] = False
    found = epochs(opened.tree, opened.name)
    words = " and ".join(act for act, allowed in rights.items() if allowed) or "do nothing"
    text = f"vault {opened.name}: epoch {max(found, default=0)}; {opened.identity.name} may {words}"
    return shell.answer(text, vault=opened.name, epochs=found, may=rights)


@vault.command()
@pass_shell
def readers(shell: Shell) -> int:
    """Who should be able to open the vault, and who can."""
    from tdsec_gov.vault.readers import readers as look

    found = look(_opened(shell.repository()))
    for one in found:
        shell.say(f"{one.label}")
        shell.say(f"  by policy: {_people(one.readers, one.writers, one.recovery)}")
        for said in one.statements:
            shell.say(f"  epoch {said.epoch}:   {_people(said.readers, said.writers, said.recovery)}")
    if not all(one.agree for one in found):
        shell.say("they differ: tdsec vault rewrap seals the keyrings to the people of the policy")
    rows = {
        one.label: {
            "policy": list(one.readers),
            "write_only": list(one.writers),
            "recovery": one.recovery,
            "keyrings": {said.epoch: sorted(said.readers) for said in one.statements},
        }
        for one in found
    }
    return shell.answer("", labels=rows)


def _people(readers: Iterable[str], writers: Iterable[str], recovery: str | None) -> str:
    more = [f"{who} (writes only)" for who in sorted(writers)] + ["the recovery key"] * bool(recovery)
    return ", ".join([*sorted(readers), *more]) or "nobody"


@vault.command("add-reader")
@click.argument("name")
@click.option("--age", required=True, help="The person's age recipient (tdsec key show).")
@click.option("--signing", required=True, help="The person's signing key (tdsec key show).")
@click.option("--age-pq", default="", help="Their post-quantum age recipient, if they have one.")
@click.option("--signing-pq", default="", help="Their post-quantum signing key, if they have one.")
@click.option("--role", default="reader", show_default=True)
@pass_shell
def add_reader(
    shell: Shell, name: str, age: str, signing: str, age_pq: str, signing_pq: str, role: str
) -> int:
    """Add a member to policies/access.yaml and seal the keyrings to them as well."""
    from tdsec_gov.setup.members import ACCESS, add_member
    from tdsec_gov.vault.readers import reseal

    repository = shell.repository()
    add_member(repository.root, name, age, signing, role, age_pq=age_pq, signing_pq=signing_pq)
    written = reseal(repository.root, _name(repository))
    repository.git.stage(ACCESS, *written)
    return shell.answer(f"'{name}' can open the vault; now commit and push", files=[ACCESS, *written])


@vault.command()
@pass_shell
def rewrap(shell: Shell) -> int:
    """Seal the keyrings to exactly the readers that policies/access.yaml names."""
    from tdsec_gov.vault.readers import reseal

    repository = shell.repository()
    written = reseal(repository.root, _name(repository))
    repository.git.stage(*written)
    return shell.answer(
        "keyrings sealed anew. Who could open them before may have kept what they read.", files=written
    )


vault.add_command(verify)
vault.add_command(gc)
vault.add_command(import_fernet)
