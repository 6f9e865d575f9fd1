"""What a range of commits cannot show: pointers in submodules. Said, never passed over in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.repo.git import Git

NOT_EXAMINED = "DVC pointers in it were not examined - run, in a checkout with it: tdsec verify --all"


def tell_submodules(shell: Shell, git: Git, old: str | None, new: str, known: str | None) -> None:
    """One line for each submodule that the commits add or move."""
    from tdsec_gov.repo.nested import submodules_brought

    tip = git.resolve(new)
    for name in submodules_brought(git, git.commits(old, tip, known), tip):
        shell.warn(f"tdsec: submodule {name}: {NOT_EXAMINED}")
