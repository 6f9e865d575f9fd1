"""``tdsec privacy budget [TARGET]``: epsilon spent and left, per dataset version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.policy.load import Policies
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.verdicts.book import VerdictBook


@click.group()
def privacy() -> None:
    """Epsilon spent and left."""


@privacy.command()
@click.argument("target", required=False)
@pass_shell
def budget(shell: Shell, target: str | None) -> int:
    """Print what training runs spent on each dataset version, against the policy's budget.

    The sum is an upper bound (basic sequential composition). Exit code 1 when a budget is spent.
    """
    from tdsec_gov.audit.journal import Journal
    from tdsec_gov.files import WorkTree
    from tdsec_gov.verdicts.book import VerdictBook

    repository = shell.repository()
    repository.require_initialised()
    pointers = repository.select([target], shell.folder) if target else repository.work_tree()
    book = VerdictBook.open(WorkTree(repository.root), shell.now())
    journal = Journal.open(repository.root)
    rows = [_row(one, book, book.policies, journal) for one in pointers]
    shown = rows if target else [row for row in rows if row["runs"] or row["budget"] is not None]
    over = any(row["spent"] for row in shown)
    lines = [_line(row) for row in shown] or ["no dataset has a privacy budget or a private run"]
    lines.append("epsilon is an upper bound: the sum over all runs (basic sequential composition)")
    code = "budget-exceeded" if over else "ok"
    return shell.answer("\n".join(lines), code=code, exit_code=1 if over else 0, datasets=shown)


def _row(pointer: Pointer, book: VerdictBook, policies: Policies, journal: Journal) -> dict[str, Any]:
    from tdsec_gov.errors import PolicyInvalid
    from tdsec_gov.privacy.ledger import balance_of

    roots = [
        one.verdict.version.root
        for one in _history(book, pointer.name)
        if one.verdict.version.oid == pointer.oid
    ]
    root = roots[-1] if roots else ""
    spent = balance_of(journal, root, pointer.oid)
    try:
        limit = policies.for_dataset(pointer.name).rule.privacy
    except PolicyInvalid:
        limit = None
    return {
        "name": pointer.name,
        "sha256": root,
        "oid": pointer.oid,
        "runs": spent.runs,
        "epsilon": spent.epsilon,
        "delta": spent.delta,
        "budget": limit.epsilon if limit else None,
        "left": spent.left(limit) if limit else None,
        "spent": bool(limit and spent.left(limit) <= 0),
    }


def _history(book: VerdictBook, name: str) -> list[Any]:
    from tdsec_gov.errors import PolicyInvalid

    try:
        return list(book.history(name))
    except PolicyInvalid:
        return []


def _line(row: dict[str, Any]) -> str:
    epsilon = "unbounded" if row["epsilon"] is None else f"{row['epsilon']:.4g}"
    text = f"{row['name']}@{row['sha256'][:12] or row['oid'][:12]}  epsilon {epsilon}"
    text += f" (delta {row['delta']:.3g}) over {row['runs']} run{'' if row['runs'] == 1 else 's'}"
    if row["budget"] is None:
        return f"{text}; no budget in policies/policy.yaml"
    return f"{text}; budget {row['budget']:g}, left {row['left']:.4g}" + (" - SPENT" if row["spent"] else "")
