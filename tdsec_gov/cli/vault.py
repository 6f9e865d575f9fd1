"""``tdsec vault``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.cli.vault_import import import_fernet
from tdsec_gov.cli.vault_objects import gc, vault_name, verify
from tdsec_gov.cli.vault_people import add_reader, remove_reader, rewrap, rotate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.keyrings.opened import OpenedVault


@click.group()
def vault() -> None:
    """The encrypted remote of this repository: who can read it, and whether all in it holds."""


def _opened(repository: Repository) -> OpenedVault:
    from tdsec_gov.files import WorkTree
    from tdsec_gov.vault.keyrings.opened import OpenedVault

    return OpenedVault(vault_name(repository), WorkTree(repository.root), repository.root)


@vault.command()
@pass_shell
def status(shell: Shell) -> int:
    """Name, epochs, recovery key, and whether I may read and write: the vault and each compartment."""
    from tdsec_gov.vault.keyrings.rotate import unfinished

    repository = shell.repository()
    opened = _opened(repository)
    rows = {}
    for label in opened.book.policies.access.labels(opened.name):
        row = _status_of(opened, label)
        words = " and ".join(act for act in ("read", "write") if row[act]) or "do nothing"
        shell.say(
            f"{label}: epoch {row['epoch']}, sequence {row['sequence']}, {row['algorithm']}; "
            f"{opened.identity.name} may {words}"
        )
        rows[label] = row
    if opened.book.policies.access.settings(opened.name).recovery is None:
        shell.say("no recovery key: if every reader loses their key, the data is lost (docs/policy.md)")
    if left := unfinished(repository.root):
        shell.say("a change of keys was interrupted: tdsec vault rotate --resume")
    return shell.answer("", vault=opened.name, labels=rows, unfinished=left)


def _status_of(opened: OpenedVault, label: str) -> dict[str, object]:
    from tdsec_gov.vault.keyrings.statement import ALGORITHMS

    access, signed = opened.book.policies.access, opened.statements_of(label)
    member = access.member(opened.identity.keyid)
    newest = signed[0] if signed else None
    return {
        "epoch": newest.epoch if newest else 0,
        "sequence": newest.sequence if newest else 0,
        "algorithm": newest.algorithm if newest else ALGORITHMS[access.settings(label).post_quantum],
        "epochs": [one.epoch for one in signed],
        "read": member is not None and access.may_read(member, label),
        "write": member is not None and access.may_write(member, label),
        "recovery": newest.recovery if newest else None,
    }


@vault.command()
@pass_shell
def readers(shell: Shell) -> int:
    """Who should be able to open the vault, and who can."""
    from tdsec_gov.vault.keyrings.readers import readers as look

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


for _command in (add_reader, remove_reader, rewrap, rotate):
    vault.add_command(_command)
vault.add_command(verify)
vault.add_command(gc)
vault.add_command(import_fernet)
