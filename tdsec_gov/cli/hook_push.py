"""The pre-push stage: evidence for every commit that a push shares."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tdsec_gov.cli.hook_submodules import tell_submodules
from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.gate.evidence import Evidence
    from tdsec_gov.gate.pushed import PushedRange
    from tdsec_gov.repo.git import Git
    from tdsec_gov.repo.repository import Repository


def examine_push(shell: Shell, repository: Repository, told: tuple[str, ...]) -> int:
    """Refuse a push that brings a version without a verdict. ``told``: the remote's name and address, as git
    gives them to the hook; pre-commit has the name in the environment."""
    from tdsec_gov.cli.verify import answer_evidence
    from tdsec_gov.gate.pushed import known_refs, pushed_ranges

    stdin = "" if sys.stdin.isatty() else sys.stdin.read()
    git, remote = repository.git, told[0] if told else os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    known = known_refs(git, remote)
    found: list[Evidence] = []
    for pushed in pushed_ranges(git, stdin, remote):
        found += _examined(shell, git, pushed, known, remote)
        tell_submodules(shell, git, pushed.old, pushed.new, known)
    return answer_evidence(shell, found, "pushed")


def _examined(shell: Shell, git: Git, pushed: PushedRange, known: str | None, remote: str) -> list[Evidence]:
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.gate.evidence import examine_range

    try:
        found = examine_range(git, pushed.old, pushed.new, shell.now(), known, awaiting=True)
    except TdsecError:
        _tell_guess(shell, pushed, remote)
        raise
    if any(one.error is not None for one in found):
        _tell_guess(shell, pushed, remote)
    return found


def _tell_guess(shell: Shell, pushed: PushedRange, remote: str) -> None:
    if pushed.guessed:
        shell.warn(
            f"tdsec: {pushed.guessed}: pre-commit names only one of the pushed refs, so all that '{remote}' "
            "has not were examined - run: tdsec init (then the hook hears what git really pushes)"
        )
