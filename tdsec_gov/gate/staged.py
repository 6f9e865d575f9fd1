"""What a git hook is about: the staged pointers before a commit, the pushed range before a push."""

from __future__ import annotations

import os
from dataclasses import dataclass

from tdsec_gov.errors import ConfigurationError
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
        pointers = repository.staged()
    else:
        pointers = repository.staged_changes()
    if pointers:
        _require_staged_policies(repository)
    return pointers


def _require_staged_policies(repository: Repository) -> None:
    """The policy that judges is the one that is committed.

    Raises:
        ConfigurationError: policies/ on disk differs from what the commit will hold.
    """
    changed = repository.git.ask("diff", "--name-only", "-z", "--", "policies").decode(errors="replace")
    new = repository.git.ask("ls-files", "-z", "--others", "--exclude-standard", "--", "policies").decode()
    names = [name for name in (changed + new).split("\0") if name]
    if names:
        raise ConfigurationError(
            "policies/ has changes that this commit leaves out",
            where=", ".join(names[:3]),
            expected="the policy that judges to be the one that is committed",
            hint="run: git add policies (or git stash them)",
        )


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
