"""``tdsec-receive``: the pre-receive hook of a git server. Catches ``--no-verify``.

Git hands ``<old> <new> <ref>`` lines on standard input. Every dataset version that the pushed commits
introduce needs a verdict that holds under the evidence and policy of the pushed tip. For a new branch
the commits that no existing ref has are examined.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.cli.hook_submodules import NOT_EXAMINED
from tdsec_gov.errors import ConfigurationError, TdsecError
from tdsec_gov.gate.evidence import Evidence, examine_range, worst
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.nested import submodules_brought


def receive(git: Git, lines: list[str], now: dt.datetime) -> list[Evidence]:
    """What the pushed refs bring. Raises ConfigurationError, PolicyInvalid: a commit cannot be examined."""
    return [one for old, new in _pushed(git, lines) for one in examine_range(git, old, new, now, "--all")]


def unexamined(git: Git, lines: list[str]) -> list[str]:
    """Submodules that the pushed refs add or move: their pointers lie in other repositories."""
    found: dict[str, None] = {}
    for old, new in _pushed(git, lines):
        tip = git.resolve(new)
        found |= dict.fromkeys(submodules_brought(git, git.commits(old, tip, "--all"), tip))
    return list(found)


def _pushed(git: Git, lines: list[str]) -> Iterator[tuple[str | None, str]]:
    """``(old, new)`` of every ref that is not deleted. Raises ConfigurationError: git spoke otherwise."""
    for line in filter(None, lines):
        words = line.split()
        if len(words) != 3:
            raise ConfigurationError(
                "git's list of pushed refs cannot be read", expected="three words a line"
            )
        if set(words[1]) != {"0"}:
            yield None if set(words[0]) == {"0"} else words[0], words[1]


def main() -> int:
    """Exit code 0, or the one of the worst answer: git refuses the push on anything but 0."""
    try:
        git, lines = Git.server(Path.cwd()), sys.stdin.read().splitlines()
        found = receive(git, lines, dt.datetime.now(dt.UTC))
        for name in unexamined(git, lines):
            print(f"tdsec: submodule {name}: {NOT_EXAMINED}", file=sys.stderr)
    except TdsecError as exc:
        print(f"tdsec: {exc.line()}", file=sys.stderr)
        return exc.exit_code
    for one in found:
        if one.error is not None:
            print(
                f"tdsec: {one.pointer.name} (commit {(one.commit or '')[:10]}): {one.error.line()}",
                file=sys.stderr,
            )
    return worst(found)


def script() -> None:
    """The console script."""
    sys.exit(main())


if __name__ == "__main__":
    script()
