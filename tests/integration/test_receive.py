"""The server hook: what --no-verify let through on the client is refused by a bare repository."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from workshops import Workshop, call

HOOK = Path(__file__).parents[2] / "hooks" / "pre-receive"


@pytest.fixture
def server(pushed: Workshop) -> Path:
    """A bare clone with hooks/pre-receive installed, the workshop's ``origin``."""
    bare = pushed.base / "server.git"
    assert call(["git", "clone", "-q", "--bare", pushed.root, bare], pushed.base).code == 0
    target = bare / "hooks" / "pre-receive"
    shutil.copy(HOOK, target)
    target.chmod(0o755)
    for words in (("remote", "add", "origin", str(bare)), ("fetch", "-q", "origin")):
        assert pushed.git(*words).code == 0
    return bare


def push(shop: Workshop, branch: str = "HEAD:main") -> tuple[int, str]:
    """git push past the client's own hooks, with this environment's scripts on the server's PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    answer = shop.git("push", "--no-verify", "origin", branch, env={**os.environ, "PATH": path})
    return answer.code, answer.err


def test_an_unchecked_version_is_refused(pushed: Workshop, server: Path) -> None:
    head = call(["git", "rev-parse", "main"], server).out
    pushed.track("data/rows.csv", b"id,word,label\n1,x,0\n2,y,1\n")
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "skip").code == 0
    code, text = push(pushed)
    assert code != 0
    assert "data/rows.csv" in text
    assert "tdsec check data/rows.csv" in text
    assert call(["git", "rev-parse", "main"], server).out == head


def test_a_checked_version_is_taken(pushed: Workshop, server: Path) -> None:
    pushed.track("data/rows.csv", b"id,word,label\n1,x,0\n2,y,1\n")
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "-m", "with the hook").code == 0
    code, text = push(pushed)
    assert code == 0, text


def test_a_new_branch_is_asked_for_its_own_commits_only(pushed: Workshop, server: Path) -> None:
    pushed.git("checkout", "-q", "-b", "topic")
    assert pushed.git("commit", "-q", "--no-verify", "--allow-empty", "-m", "nothing").code == 0
    code, text = push(pushed, "HEAD:topic")
    assert code == 0, text


def test_broken_policy_at_the_tip_is_refused(pushed: Workshop, server: Path) -> None:
    (pushed.root / "policies" / "policy.yaml").write_text("format: 1\nunknown: 1\n")
    pushed.track("data/rows.csv", b"id,word,label\n1,x,0\n2,y,1\n")
    pushed.git("add", "-A")
    assert pushed.git("commit", "-q", "--no-verify", "-m", "broken").code == 0
    code, text = push(pushed)
    assert code != 0
    assert "policies/policy.yaml" in text
