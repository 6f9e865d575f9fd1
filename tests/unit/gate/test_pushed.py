"""What a push is about: git's own words, or what pre-commit puts into the environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.gate.pushed import KEPT, PushedRange, known_refs, pushed_ranges
from tdsec_gov.repo.git import Git

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Git:
    for name in ("FROM_REF", "TO_REF", "LOCAL_BRANCH", "REMOTE_BRANCH", "REMOTE_NAME"):
        monkeypatch.delenv(f"PRE_COMMIT_{name}", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    found = Git.discover(tmp_path)
    commit(found, "first")
    return found


def commit(git: Git, message: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.hooksPath=/dev/null")
    git.ask(*who, "commit", "-q", "--allow-empty", "-m", message)
    return git.resolve("HEAD")


@pytest.mark.parametrize(
    ("stdin", "ranges"),
    [
        ("", []),
        ("\n", []),
        (f"refs/heads/m {A} refs/heads/m {B}\n", [PushedRange(B, A)]),
        (f"refs/heads/m {A} refs/heads/m {ZERO}\n", [PushedRange(None, A)]),
        (f"(delete) {ZERO} refs/heads/m {B}\n", []),
        (f"m {A} m {B}\nn {B} n {ZERO}\n", [PushedRange(B, A), PushedRange(None, B)]),
        (f"HEAD@{{1 day ago}} {A} refs/heads/m {B}\n", [PushedRange(B, A)]),
    ],
)
def test_from_git(git: Git, stdin: str, ranges: list[PushedRange]) -> None:
    assert pushed_ranges(git, stdin) == ranges


def test_what_cannot_be_read_is_refused(git: Git) -> None:
    with pytest.raises(ConfigurationError):
        pushed_ranges(git, f"refs/heads/m {A}\n")


def test_from_pre_commit(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    head = git.resolve("HEAD")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")
    assert pushed_ranges(git, "") == [PushedRange(None, "refs/heads/main")], "the whole history is new"
    monkeypatch.setenv("PRE_COMMIT_TO_REF", head)
    assert pushed_ranges(git, "") == [PushedRange(None, head)]
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", B)
    assert pushed_ranges(git, "") == [PushedRange(B, head)]
    assert pushed_ranges(git, f"m {B} m {A}\n") == [PushedRange(A, B)], "git's own words win"


def test_every_branch_and_tag_that_the_remote_has_not_may_be_pushed_with_it(
    git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, monkey = git.resolve("HEAD"), monkeypatch.setenv
    git.ask("remote", "add", "origin", "nowhere")
    git.ask("update-ref", "refs/remotes/origin/main", first)
    git.ask("branch", "old")
    other = commit(git, "other")
    git.ask("branch", "side")
    git.ask("-c", "user.name=a", "-c", "user.email=a@b.c", "tag", "-a", "v1", "-m", "v1")
    git.ask("reset", "-q", "--hard", first)
    git.ask("tag", "of-a-file", git.ask("hash-object", "-w", ".git/HEAD").decode().strip())
    told = commit(git, "told")
    monkey("PRE_COMMIT_TO_REF", told)
    monkey("PRE_COMMIT_FROM_REF", first)
    assert pushed_ranges(git, "", "origin") == [
        PushedRange(first, told),
        PushedRange(None, other, "refs/heads/side"),
    ], "neither 'old', which the remote has, nor the same commit again as a tag"


def test_what_was_kept_of_this_push_counts(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = git.git_dir / KEPT
    lines = f"refs/heads/a {A} refs/heads/a {ZERO}\nrefs/heads/b {B} refs/heads/b {A}\n"
    kept.write_text(f"{os.getppid()}\n{lines}")
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/a")
    monkeypatch.setenv("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/a")
    assert pushed_ranges(git, "") == [PushedRange(None, A), PushedRange(A, B)]
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")
    assert pushed_ranges(git, "")[0].new == "refs/heads/main", "kept of a push of something else"
    kept.write_text(f"1\n{lines.replace('heads/a', 'heads/main')}")
    assert pushed_ranges(git, "")[0].new == "refs/heads/main", "kept by another process"


def test_what_another_remote_has_is_new_to_this_one(git: Git) -> None:
    assert known_refs(git, "origin") is None
    git.ask("remote", "add", "origin", "https://example.org/x")
    git.ask("remote", "add", "fork", "https://example.org/y")
    assert known_refs(git, "origin") == "--remotes=origin"
    assert known_refs(git, "https://example.org/y") == "--remotes=fork"
    assert known_refs(git, "https://example.org/*") is None
    git.ask("config", "remote.origin/deep.url", "z")
    assert known_refs(git, "origin") is None, "its refs lie among those of origin"
