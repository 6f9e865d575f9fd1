"""``tdsec explain``: every finding code and every error code, in plain words."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell
from tdsec_gov.errors import TdsecError, UsageError

if TYPE_CHECKING:
    from tdsec_gov.checks.explain import Explanation


@click.command()
@click.argument("code", required=False)
@pass_shell
def explain(shell: Shell, code: str | None) -> int:
    """What CODE means and how to fix it: a finding (TDS104) or an error (verdict-missing).

    Without CODE, all of them in a line each.
    """
    findings, errors = finding_codes(), error_codes()
    if code is None:
        for name, (title, _, _) in sorted(findings.items()):
            shell.say(f"{name:<18} {title}")
        for name, kind in sorted(errors.items()):
            shell.say(f"{name:<18} exit {kind.exit_code:<3} {_title(kind)}")
        message = f"{len(findings)} finding codes and {len(errors)} error codes"
        return shell.answer(message, findings=sorted(findings), errors=sorted(errors))
    if code.upper() in findings:
        title, meaning, fix = findings[code.upper()]
        return _say(shell, code.upper(), title, meaning, fix)
    kind_of = errors.get(code.lower())
    if kind_of is None:
        raise UsageError("no such code", found=repr(code)[:40], hint="run: tdsec explain")
    fix = kind_of.default_hint or "the error's own line says what was expected, what was found and what helps"
    return _say(shell, code.lower(), _title(kind_of), _meaning(kind_of), fix)


def _say(shell: Shell, code: str, title: str, meaning: str, fix: str) -> int:
    if shell.json:
        return shell.answer(title, explained=code, title=title, meaning=meaning, fix=fix)
    return shell.answer(f"{code}: {title}\n\n{meaning}\n\nFix: {fix}")


def finding_codes() -> dict[str, Explanation]:
    """Title, meaning and fix by finding code."""
    from tdsec_gov.checks.explain import EXPLANATIONS

    return EXPLANATIONS


def error_codes() -> dict[str, type[TdsecError]]:
    """The public classes of the error tree by code; where a class shares its parent's code, the parent."""
    from tdsec_gov.checks import contract

    found: dict[str, type[TdsecError]] = {}
    every: tuple[type[TdsecError], ...] = (*_below(TdsecError), contract.Unreadable)
    for kind in every:
        found.setdefault(kind.code, kind)
    return found


def _below(kind: type[TdsecError]) -> Iterator[type[TdsecError]]:
    level = kind.__subclasses__()
    yield from (one for one in level if not one.__name__.startswith("_"))
    for one in level:
        yield from _below(one)


def _title(kind: type[TdsecError]) -> str:
    return (inspect.getdoc(kind) or kind.__name__).split("\n")[0].rstrip(".")


def _meaning(kind: type[TdsecError]) -> str:
    parents = [name for name, one in error_codes().items() if one is not kind and issubclass(kind, one)]
    kin = "; a kind of " + ", ".join(parents) if parents else ""
    return f"{inspect.getdoc(kind)}\nCommands that end with it exit with {kind.exit_code}{kin}."
