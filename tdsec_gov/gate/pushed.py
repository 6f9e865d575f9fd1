"""Which commits a push shares: all refs that git names, or all that could be meant where only one is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.git import Git

KEPT = "gate-push"
"""The file in git's folder in which ``pre-push.legacy`` keeps what git said (see ``setup/hooks.py``)."""
_ZERO = "0" * 40


@dataclass(frozen=True, slots=True)
class PushedRange:
    """Commits that a push would share: ``old`` None when the remote has nothing of it. ``guessed``: a ref
    that may be a part of the push, where nobody tells."""

    old: str | None
    new: str
    guessed: str = ""


def pushed_ranges(git: Git, stdin: str, remote: str = "") -> list[PushedRange]:
    """From git's pre-push standard input; through pre-commit, which hands over only the first ref, from what
    was kept of it; else from the environment, and then every other branch or tag that ``remote`` has not.

    pre-commit names no commits when the whole history is new to the remote, only the branch.
    """
    pairs = [(old, new) for _, new, _, old in _lines(stdin.splitlines())]
    first = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_LOCAL_BRANCH")
    if pairs or not first:
        return list(_ranges(pairs))
    kept = _kept(git)
    if kept is not None:
        return list(_ranges(kept))
    known = _ranges([(os.environ.get("PRE_COMMIT_FROM_REF", _ZERO), first)])
    return [*known, *_guessed(git, remote, git.resolve(first))]


def known_refs(git: Git, remote: str) -> str | None:
    """What :meth:`Git.commits` takes for the commits that ``remote`` (a name or an address) has: its own
    remote-tracking refs, never those of another remote, which may hold what nobody examined."""
    names = git.ask("remote").decode(errors="surrogateescape").split()
    if remote not in names:
        remote = next((name for name in names if git.config(f"remote.{name}.url") == remote), "")
    shared = any(name.startswith(f"{remote}/") for name in names)
    return f"--remotes={remote}" if remote and not shared else None


def _lines(lines: list[str]) -> list[list[str]]:
    """``LOCAL-REF NEW REMOTE-REF OLD``; the first is what the user typed, like ``HEAD@{1 day ago}``.

    Raises:
        ConfigurationError: a line is something else.
    """
    words = [line.rsplit(maxsplit=3) for line in lines if line.strip()]
    if any(len(one) != 4 for one in words):
        raise ConfigurationError("git's list of pushed refs cannot be read", expected="four words a line")
    return words


def _ranges(pairs: list[tuple[str, str]]) -> Iterator[PushedRange]:
    for old, new in pairs:
        if set(new) != {"0"}:
            yield PushedRange(None if set(old) == {"0"} else old, new)


def _kept(git: Git) -> list[tuple[str, str]] | None:
    """``(old, new)`` of every ref of this very push, None where they were not kept: then another process
    wrote them, or the ref that pre-commit names is not among them."""
    place = git.git_dir / KEPT
    if not place.is_file():
        return None
    with naming_os_errors(place, "cannot be read"):
        head, *rest = place.read_text("utf-8", errors="surrogateescape").splitlines() or [""]
    lines = _lines(rest)
    named = os.environ.get("PRE_COMMIT_LOCAL_BRANCH"), os.environ.get("PRE_COMMIT_REMOTE_BRANCH")
    mine = head == str(os.getppid()) and named in [(words[0], words[2]) for words in lines]
    return [(words[3], words[1]) for words in lines] if mine else None


def _guessed(git: Git, remote: str, told: str) -> Iterator[PushedRange]:
    """Branches and tags with commits that ``remote`` has not: git may be pushing any of them."""
    form = "--format=%(objectname) %(*objectname) %(refname)"
    listed = git.ask("for-each-ref", form, "refs/heads", "refs/tags").decode(errors="surrogateescape")
    known, seen = known_refs(git, remote), {told}
    for line in listed.splitlines():
        tip, ref = line.split()[-2:]
        if tip in seen:
            continue
        seen.add(tip)
        try:
            new = bool(git.commits(None, git.resolve(tip), known))
        except ConfigurationError:  # a tag of a file: no commit, no pointer that DVC would find
            continue
        if new:
            yield PushedRange(None, tip, ref)
