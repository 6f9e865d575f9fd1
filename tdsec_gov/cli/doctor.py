"""``tdsec doctor``"""

from __future__ import annotations

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.command()
@pass_shell
def doctor(shell: Shell) -> int:
    """Find every wrong set-up and print the fix. Exit code 12 when something is wrong."""
    from tdsec_gov.setup.doctor import examine

    found = examine(shell.repository())
    for one in found:
        shell.say(f"{'ok ' if one.healthy else 'BAD'}  {one.name:18} {one.text}")
        if not one.healthy and one.fix:
            shell.say(f"     fix: {one.fix}")
    wrong = [one for one in found if not one.healthy]
    rows = [{"name": one.name, "ok": one.healthy, "text": one.text, "fix": one.fix} for one in found]
    text = "everything is in order" if not wrong else f"{len(wrong)} thing(s) to mend"
    code = 12 if wrong else 0
    return shell.answer(text, code="ok" if not wrong else "configuration", exit_code=code, symptoms=rows)
