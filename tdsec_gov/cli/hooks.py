"""``tdsec-check``: the gate as git and pre-commit call it."""

from __future__ import annotations

import sys

from tdsec_gov.cli.main import main


def check_main(argv: list[str] | None = None) -> int:
    """Run ``tdsec check`` for a hook stage; of what git passes, a checkout's and a push's words are needed.

    The stage is ``--stage``, or what pre-commit says in the environment, or pre-commit.
    """
    import os

    arguments = sys.argv[1:] if argv is None else argv
    stage = os.environ.get("PRE_COMMIT_HOOK_STAGE") or (
        "pre-push"
        if any(map(os.environ.get, ("PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_NAME")))
        else "pre-commit"
    )
    if "--stage" in arguments[:-1]:
        stage = arguments[arguments.index("--stage") + 1]
    words = {"post-checkout": 3, "pre-push": 2}.get(stage, 0)
    told = arguments[max(2, len(arguments) - words) :] if words and "--stage" in arguments[:1] else []
    return main(["check", "--stage", stage, *(["--", *told] if told else [])])


def script() -> None:
    """The console script."""
    sys.exit(check_main())


if __name__ == "__main__":
    script()
