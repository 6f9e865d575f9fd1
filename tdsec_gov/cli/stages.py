"""The hook stages that look at evidence only: the guard of a commit, the reminder after a checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tdsec_gov.cli.shell import Shell

if TYPE_CHECKING:
    from tdsec_gov.gate.evidence import Evidence
    from tdsec_gov.repo.repository import Repository


def guard_commit(shell: Shell, repository: Repository) -> int:
    """Refuse a commit whose datasets have no verdict: git runs this hook with ``--no-verify``, too."""
    from tdsec_gov.gate.evidence import worst
    from tdsec_gov.gate.staged import examine_staged

    refused = [one for one in examine_staged(repository, shell.now()) if one.error is not None]
    for one in refused:
        shell.warn(f"tdsec: {one.pointer.name}: {one.error.line() if one.error else ''}")
    if not refused:
        return 0
    names = _few(refused)
    shell.warn(f"tdsec: no commit without a verdict: {names} - run: tdsec check {refused[0].pointer.name}")
    return shell.answer("", code="unverified", exit_code=worst(refused))


def remind(shell: Shell, repository: Repository, told: tuple[str, ...]) -> int:
    """After a checkout say which datasets that came with it are not approved. Never fails.

    ``told`` is what git gives the hook: the old commit, the new one, 1 for a branch (0: files only).
    """
    from tdsec_gov.errors import TdsecError
    from tdsec_gov.gate.staged import examine_checkout

    names = ("PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_CHECKOUT_TYPE")
    words = told if len(told) == 3 else tuple(os.environ.get(name, "") for name in names)
    if not all(words) or words[2] != "1" or set(words[0]) == {"0"}:
        return 0
    try:
        found = examine_checkout(repository, words[0], words[1], shell.now())
    except TdsecError as exc:
        shell.warn(f"tdsec: the datasets of this checkout could not be looked at: {exc.line()}")
        return 0
    refused = [one for one in found if one.error is not None]
    if refused:
        shell.warn(
            f"tdsec: {len(refused)} of {len(found)} datasets that changed are not approved here: "
            f"{_few(refused)} - run: tdsec verify"
        )
    return 0


def _few(found: list[Evidence]) -> str:
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(one.pointer.name for one in found[:3]) + more
