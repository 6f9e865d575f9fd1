"""The gate of a work tree, opened for the commands that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.gate.evaluate import Gate
    from tdsec_gov.repo.repository import Repository


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


def journal_of(repository: Repository) -> Journal:
    """Where this clone's events are recorded."""
    from tdsec_gov.audit.journal import Journal

    return Journal.open(repository.root)
