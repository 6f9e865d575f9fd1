"""The gate of a work tree, opened for the commands that run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.keys.identity import Identity
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.verdicts.book import VerdictBook


def open_gate(shell: Shell, repository: Repository, fresh: bool = False) -> Gate:
    """The gate of this work tree, now; ``fresh``: it believes nothing remembered of single files.

    Raises:
        PolicyInvalid: policies/ is missing or broken.
    """
    from tdsec_gov.files import WorkTree
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.verdicts.book import VerdictBook

    now = shell.now()
    book = VerdictBook.open(WorkTree(repository.root), now)
    return Gate(repository, book, lambda: journal_of(repository), now, fresh)


@dataclass(frozen=True, slots=True)
class Signing:
    """What a command needs that signs something about the one dataset that its TARGET names."""

    repository: Repository
    book: VerdictBook
    journal: Journal
    identity: Identity
    pointer: Pointer


def open_signing(shell: Shell, target: str) -> Signing:
    """Raises UsageError: TARGET is not one dataset. ConfigurationError, PolicyInvalid, KeyUnavailable."""
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.cli.shell import ask_passphrase
    from tdsec_gov.files import WorkTree
    from tdsec_gov.keys.committed import identity_of
    from tdsec_gov.verdicts.book import VerdictBook

    repository = shell.repository()
    repository.require_initialised()
    pointer = one_dataset(shell, repository, target)
    identity = identity_of(repository.root, ask_passphrase)
    book = VerdictBook.open(WorkTree(repository.root), shell.now())
    return Signing(repository, book, Journal.open(repository.root, identity), identity, pointer)


def one_dataset(shell: Shell, repository: Repository, target: str) -> Pointer:
    """The dataset that ``target`` names. Raises UsageError: none, or more than one."""
    from tdsec_gov.errors import UsageError

    pointers = repository.select([target], shell.folder)
    if len(pointers) != 1:
        raise UsageError("one dataset at a time", expected="one TARGET", found=f"{len(pointers)} datasets")
    return pointers[0]


def journal_of(repository: Repository) -> Journal:
    """Where this clone's events are recorded."""
    from tdsec_gov.audit.journal import Journal

    return Journal.open(repository.root)
