"""What a git hook is about: the staged pointers before a commit, the pushed range before a push."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository

_ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class PushedRange:
    """Commits that a push would share: ``old`` None when the remote has nothing of it."""

    old: str | None
    new: str


def staged_datasets(repository: Repository) -> list[Pointer]:
    """Datasets that the next commit touches; all of them when it changes policies/."""
    if any(name.startswith("policies/") for name in repository.git.staged_changes()):
        return repository.staged()
    return repository.staged_changes()


def pushed_ranges(stdin: str) -> list[PushedRange]:
    """From git's pre-push standard input, or from what pre-commit puts into the environment.

    pre-commit names no commits when the whole history is new to the remote, only the branch.
    """
    lines = [line.split() for line in stdin.splitlines() if line.strip()]
    pairs = [(words[3], words[1]) for words in lines if len(words) == 4]
    if not pairs and os.environ.get("PRE_COMMIT_TO_REF"):
        pairs = [(os.environ.get("PRE_COMMIT_FROM_REF", _ZERO), os.environ["PRE_COMMIT_TO_REF"])]
    elif not pairs and os.environ.get("PRE_COMMIT_LOCAL_BRANCH"):
        pairs = [(_ZERO, os.environ["PRE_COMMIT_LOCAL_BRANCH"])]
    return [PushedRange(None if set(old) == {"0"} else old, new) for old, new in pairs if set(new) != {"0"}]
