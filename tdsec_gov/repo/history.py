"""Everything that ever lay below a folder, on any branch, tag, stash, work tree or reflog entry."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence

from tdsec_gov.errors import ConfigurationError, Unverified
from tdsec_gov.repo.git import _CLEAN, Git

_ALL = ("--all", "--reflog", "--full-history")


def require_whole(git: Git) -> None:
    """Raises Unverified where this clone does not hold its whole history."""
    if git.ask("rev-parse", "--is-shallow-repository").strip() == b"true":
        raise Unverified(
            "this is a shallow clone: most of its history is not here",
            where=git.root,
            hint="run: git fetch --unshallow --all --tags",
        )
    grafts = git.root / os.fsdecode(git.ask("rev-parse", "--git-path", "info/grafts").rstrip(b"\n"))
    if grafts.is_file():
        raise Unverified("grafts hide a part of the history", where=grafts, hint="remove that file")


def remote_tips(git: Git) -> list[str]:
    """Ids of all branches and tags that the git remotes have right now.

    Raises:
        Unverified: a remote does not answer, or has something that was not fetched.
    """
    tips: list[str] = []
    for remote in git.ask("remote").decode(errors="surrogateescape").split():
        try:
            answer = git.ask("ls-remote", "--quiet", "--heads", "--tags", remote)
        except ConfigurationError as exc:
            raise Unverified(
                "a git remote does not answer, so its evidence is not known",
                where=f"git remote '{remote}'",
                found=exc.found,
                hint="try again when it can be reached, or remove it: git remote remove",
            ) from None
        found = [line.split("\t", 1)[0] for line in answer.decode(errors="surrogateescape").splitlines()]
        if len(_existing(git, found)) < len(set(found)):
            raise Unverified(
                "a git remote has commits that are not here, and evidence with them",
                where=f"git remote '{remote}'",
                hint="run: git fetch --all --tags",
            )
        tips += found
    return tips


def blobs_below(git: Git, folder: str, tips: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """``(path, bytes)`` of every file that any commit within reach, or the index, has below ``folder``.

    Each content once, under one of its paths. ``tips``: further commits to start from.

    Raises:
        ConfigurationError: git said no. Unverified: a blob is missing from the object store.
    """
    paths: dict[str, str] = {}
    if git.has_commit() or tips:
        listed = git.ask("rev-list", "--objects", *_ALL, *tips, "--", folder)
        for line in listed.decode(errors="surrogateescape").splitlines():
            number, _, path = line.partition(" ")
            if path:
                paths.setdefault(number, path)
    for entry in git.ask("ls-files", "-s", "-z", "--", folder).decode(errors="surrogateescape").split("\0"):
        mode, _, path = entry.partition("\t")
        if path:
            paths.setdefault(mode.split()[1], path)
    for number, kind, data in _batch(git, list(paths)):
        if kind == "missing":
            raise Unverified("git's object store lacks a file of the history", where=paths[number])
        if kind == "blob":
            yield paths[number], data


def ever_named(git: Git, folder: str) -> set[str]:
    """Paths below ``folder`` of all files that a commit reachable from HEAD ever added."""
    if not git.has_commit():
        return set()
    options = ("-m", "--full-history", "--no-renames", "--diff-filter=A", "--name-only", "-z", "--format=")
    answer = git.ask("-c", "log.showSignature=false", "log", *options, "HEAD", "--", folder)
    return {name.strip("\n") for name in answer.decode(errors="surrogateescape").split("\0")} - {""}


def _existing(git: Git, ids: Sequence[str]) -> set[str]:
    return {number for number, kind, _ in _batch(git, sorted(set(ids)), "--batch-check") if kind != "missing"}


def _batch(git: Git, ids: Sequence[str], mode: str = "--batch") -> Iterator[tuple[str, str, bytes]]:
    """``(id, type, bytes)`` of git objects, in order; type ``missing`` where there is none."""
    if not ids:
        return
    done = subprocess.run(
        ["git", "cat-file", mode],
        cwd=git.root,
        input="".join(f"{one}\n" for one in ids).encode(),
        capture_output=True,
        env={**os.environ, **_CLEAN},
        check=False,
    )
    if done.returncode != 0:
        raise ConfigurationError("git cat-file failed", where=git.root)
    out, at = done.stdout, 0
    for one in ids:
        end = out.index(b"\n", at)
        words = out[at:end].decode().split()
        at = end + 1
        if words[1] == "missing":
            yield one, "missing", b""
            continue
        size = int(words[2])
        yield one, words[1], out[at : at + size] if mode == "--batch" else b""
        at += size + 1 if mode == "--batch" else 0
