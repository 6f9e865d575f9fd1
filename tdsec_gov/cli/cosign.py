"""``tdsec cosign``, and ``tdsec check --range A..B`` which does the same for a range of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.opened import open_gate
from tdsec_gov.cli.shell import Shell, ask_passphrase, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.cli.answers import Judged
    from tdsec_gov.gate.evaluate import Gate, Outcome
    from tdsec_gov.repo.pointers import Pointer
    from tdsec_gov.repo.repository import Repository


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--review", metavar="ID", help="The version of this review request, which I have taken.")
@click.option("--verbose", "-v", is_flag=True, help="List what each check did not look at.")
@pass_shell
def cosign(shell: Shell, targets: tuple[str, ...], review: str | None, verbose: bool) -> int:
    """Run the gate again on TARGETs and, where it says the same, add your signature to the verdict.

    For rules whose signers ask for more than one person. The bytes must be here: dvc fetch them from where
    their author put them; or have them sent (tdsec review send), take them (tdsec review take ID), and give
    --review ID: the signature then goes back beside the request.
    """
    from tdsec_gov.cli.answers import answer, print_outcome
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.errors import UsageError
    from tdsec_gov.gate.cosign import co_sign
    from tdsec_gov.keys.committed import identity_of

    if not targets and review is None:
        raise UsageError("nothing to co-sign", expected="TARGET, or --review ID")
    if review is not None:
        return _cosign_taken(shell, review, targets, verbose)
    repository = shell.repository()
    repository.require_initialised()
    pointers = repository.select(list(targets), shell.folder)
    gate, identity = open_gate(shell, repository, fresh=True), identity_of(repository.root, ask_passphrase)
    judged: list[Judged] = []
    for pointer in pointers:
        with Checking(pointer.name, quiet=shell.json) as watching:
            outcome = co_sign(gate, pointer, identity, watching)
        print_outcome(shell, outcome, verbose)
        judged.append((pointer, outcome))
    return answer(shell, judged)


def _cosign_taken(shell: Shell, id: str, targets: tuple[str, ...], verbose: bool) -> int:
    """Co-sign the version of request ``id``, and send the signature back."""
    from tdsec_gov.cli.answers import answer, print_outcome
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.cli.reviewed import open_review, require_target, send_answer
    from tdsec_gov.gate.cosign import co_sign
    from tdsec_gov.gate.reviewed import require_begun

    taken = open_review(shell, id)
    for target in targets:
        require_target(shell, taken, target)
    pointer, identity = taken.taken.pointer, taken.reviews.vault.identity
    require_begun(taken.gate, pointer, taken.root)
    with Checking(pointer.name, quiet=shell.json) as watching:
        outcome = co_sign(taken.gate, pointer, identity, watching)
    print_outcome(shell, outcome, verbose)
    send_answer(shell, taken, True)
    return answer(shell, [(pointer, outcome)])


def check_range(
    shell: Shell, repository: Repository, span: str, sign: bool, verbose: bool, style: str = "text"
) -> int:
    """Run the gate on every version that ``span`` (A..B) introduces; with ``sign`` sign what it says.

    The policy and the evidence are those of the work tree, so B must be what is checked out.
    """
    from tdsec_gov.cli.answers import answer, print_outcome
    from tdsec_gov.errors import UsageError
    from tdsec_gov.gate.evidence import versions_in
    from tdsec_gov.repo.ranges import CommitRange

    asked, git = CommitRange.parse(span), repository.git
    tip, head = git.resolve(asked.new), git.head()
    if tip != head:
        raise UsageError(
            "the end of the range is not what is checked out",
            expected=f"HEAD, {(head or 'no commit')[:12]}",
            found=f"{asked.new}, {tip[:12]}",
            hint=f"run: git checkout {asked.new}",
        )
    pointers = versions_in(git, asked.base(git), asked.new)
    gate = open_gate(shell, repository, fresh=True)
    judged: list[Judged] = []
    for pointer in pointers:
        outcome = _one(shell, gate, pointer, sign)
        print_outcome(shell, outcome, verbose)
        judged.append((pointer, outcome))
    if sign and any(not one.cached for _, one in judged):
        shell.say("next: git add .tdsec && git commit, so that the signatures are shared")
    return answer(shell, judged, style, f"no dataset version in {span}")


def _one(shell: Shell, gate: Gate, pointer: Pointer, sign: bool) -> Outcome:
    """A version of the range: only looked at, co-signed, or (no verdict yet) signed as the first."""
    from tdsec_gov.cli.progress import Checking
    from tdsec_gov.gate.cosign import begun_for, co_sign
    from tdsec_gov.gate.evaluate import Outcome
    from tdsec_gov.keys.committed import identity_of

    with Checking(pointer.name, quiet=shell.json) as watching:
        if not sign:
            verdict, _ = gate.draft(pointer, (), watching)
            return Outcome(verdict, "", False)
        identity = identity_of(gate.repository.root, ask_passphrase)
        if begun_for(gate, pointer) is None:
            return gate.evaluate(pointer, identity, watching)
        return co_sign(gate, pointer, identity, watching)
