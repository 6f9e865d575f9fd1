"""``tdsec detect accept`` and ``tdsec detect accepted``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.gate.examination import ExaminationDesk
    from tdsec_gov.repo.pointers import Pointer


@click.command()
@click.argument("target")
@click.argument("items", nargs=-1, metavar="[ITEM]...")
@click.option(
    "--audited", is_flag=True, help="I looked the whole version through: compare later ones with it"
)
@click.option("--reason", required=True, help="Why, in ten characters or more; it stands in the report.")
@click.option("--revoke", is_flag=True, help="Take it back, instead.")
@pass_shell
def accept(
    shell: Shell, target: str, items: tuple[str, ...], audited: bool, reason: str, revoke: bool
) -> int:
    """Say of the version that TARGET names, signed by you, what you saw in it.

    ITEMs are ids from findings (item:…): natural there, so that later versions are not asked again. With
    --audited the check poisoning compares later versions with this one, too, so that poison in many small
    steps adds up. Who may is who may waive the check poisoning (policies/policy.yaml).
    """
    desk, pointer = _desk(shell, target)
    if revoke:
        names = desk.revoke(pointer, items, audited, reason)
        shell.say(f"took back {len(names)} examination{'s' if len(names) > 1 else ''} of {pointer.name}")
        shell.say(f"next: git add {' '.join(names)} .tdsec/checkpoint, and commit")
        return shell.answer("", revoked=names)
    one, name = desk.accept(pointer, items, audited, reason)
    words = [*one.items, *(["the whole version as audited"] if one.audited else [])]
    shell.say(f"accepted {', '.join(words)} in {pointer.name}@{one.root[:12]}")
    shell.say(f"next: git add {name} && tdsec check {pointer.name}")
    return shell.answer("", examination=name, digest=one.digest, sha256=one.root, items=list(one.items))


@click.command()
@click.argument("target")
@pass_shell
def accepted(shell: Shell, target: str) -> int:
    """List what people said of versions of TARGET, and whether it counts today."""
    desk, pointer = _desk(shell, target)
    access, rows = desk.book.policies.access, []
    for filed in desk.book.examinations.filed(pointer.name):
        one = filed.examination
        what = [*one.items, *(["audited"] if one.audited else [])] if one else ["unreadable"]
        by = access.name_of(one.by) if one else None
        state = filed.why or "counts"
        root, when = (one.root[:12], one.created[:10]) if one else ("?", "?")
        said = f", {when}, by {by}: {one.reason}" if one else ""
        shell.say(f"{pointer.name}@{root} {' '.join(what)} ({state}){said}")
        rows.append(
            {
                "file": filed.name,
                "counts": not filed.why,
                "why": filed.why,
                "sha256": one.root if one else None,
                "items": list(one.items) if one else [],
                "audited": bool(one and one.audited),
                "by": by,
                "created": one.created if one else None,
                "reason": one.reason if one else None,
            }
        )
    return shell.answer("" if rows else "nothing is accepted", examinations=rows)


def _desk(shell: Shell, target: str) -> tuple[ExaminationDesk, Pointer]:
    from tdsec_gov.cli.opened import open_signing
    from tdsec_gov.gate.examination import ExaminationDesk

    held = open_signing(shell, target)
    return ExaminationDesk(held.repository, held.book, held.journal, held.identity), held.pointer
