"""What a git hook is about: the staged pointers before a commit, and what a checkout brought."""

from __future__ import annotations

import datetime as dt

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.gate.evidence import Evidence, awaiting_others, examine, under_policy
from tdsec_gov.repo.git import Revision
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.repo.staging import Index
from tdsec_gov.verdicts.book import VerdictBook


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


def examine_staged(repository: Repository, now: dt.datetime) -> list[Evidence]:
    """Whether the next commit holds an accepted verdict for each dataset that it touches.

    No check runs and nothing is written: evidence and policy are those of the index. This is what stands
    when git skips the pre-commit stage (``--no-verify``).

    Raises:
        PolicyInvalid: the staged policies/ are missing or broken.
    """
    pointers = repository.staged_changes()
    if any(name.startswith("policies/") for name in repository.git.staged_changes()):
        pointers = repository.staged()
    if not pointers:
        return []
    book = VerdictBook.open(Index(repository.git), now)
    found = [under_policy(one, book) for one in examine(book, pointers)]
    return [awaiting_others(one, book) for one in found]


def examine_checkout(repository: Repository, old: str, new: str, now: dt.datetime) -> list[Evidence]:
    """Of the datasets that differ between two commits: whether ``new`` holds a verdict that counts."""
    git = repository.git
    if old == new or git.head() is None:
        return []
    names = git.ask("diff", "--name-only", "-z", "--diff-filter=d", old, new).decode(errors="surrogateescape")
    pointers = repository.pointers_in([name for name in names.split("\0") if name], new)
    if not pointers:
        return []
    book = VerdictBook.open(Revision(git, new), now)
    return [under_policy(one, book) for one in examine(book, pointers)]
