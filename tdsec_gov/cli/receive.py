"""``tdsec-receive``: the pre-receive hook of a git server. Catches ``--no-verify``.

Git hands ``<old> <new> <ref>`` lines on standard input. Every dataset version that the pushed commits
introduce needs a verdict that holds under the evidence and policy of the pushed tip. For a new branch
the commits that no existing ref has are examined.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from tdsec_gov.errors import TdsecError
from tdsec_gov.gate.evidence import Evidence, examine_range, worst
from tdsec_gov.repo.git import Git


def receive(git: Git, lines: list[str], now: dt.datetime) -> list[Evidence]:
    """What the pushed refs bring. Raises ConfigurationError, PolicyInvalid: a commit cannot be examined."""
    found: list[Evidence] = []
    for line in lines:
        words = line.split()
        if len(words) == 3 and set(words[1]) != {"0"}:
            found += examine_range(git, None if set(words[0]) == {"0"} else words[0], words[1], now, "--all")
    return found


def main() -> int:
    """Exit code 0, or the one of the worst answer: git refuses the push on anything but 0."""
    try:
        found = receive(Git.server(Path.cwd()), sys.stdin.read().splitlines(), dt.datetime.now(dt.UTC))
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
