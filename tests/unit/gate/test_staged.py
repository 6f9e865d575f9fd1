"""What a push is about: git's own words, or what pre-commit puts into the environment."""

from __future__ import annotations

import pytest

from tdsec_gov.gate.staged import PushedRange, pushed_ranges

A, B, ZERO = "a" * 40, "b" * 40, "0" * 40


@pytest.fixture(autouse=True)
def no_pre_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FROM_REF", "TO_REF", "LOCAL_BRANCH", "REMOTE_NAME"):
        monkeypatch.delenv(f"PRE_COMMIT_{name}", raising=False)


@pytest.mark.parametrize(
    ("stdin", "ranges"),
    [
        ("", []),
        ("\n", []),
        (f"refs/heads/m {A} refs/heads/m {B}\n", [PushedRange(B, A)]),
        (f"refs/heads/m {A} refs/heads/m {ZERO}\n", [PushedRange(None, A)]),
        (f"(delete) {ZERO} refs/heads/m {B}\n", []),
        (f"m {A} m {B}\nn {B} n {ZERO}\n", [PushedRange(B, A), PushedRange(None, B)]),
    ],
)
def test_from_git(stdin: str, ranges: list[PushedRange]) -> None:
    assert pushed_ranges(stdin) == ranges


def test_from_pre_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")
    assert pushed_ranges("") == [PushedRange(None, "refs/heads/main")], "the whole history is new"
    monkeypatch.setenv("PRE_COMMIT_TO_REF", A)
    assert pushed_ranges("") == [PushedRange(None, A)]
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", B)
    assert pushed_ranges("") == [PushedRange(B, A)]
    assert pushed_ranges(f"m {B} m {A}\n") == [PushedRange(A, B)], "git's own words win"
