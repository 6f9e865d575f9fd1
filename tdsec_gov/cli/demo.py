"""``tdsec demo``"""

from __future__ import annotations

from pathlib import Path

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Folder to play in (kept).")
@pass_shell
def demo(shell: Shell, out: Path | None) -> int:
    """Play the main job and six attacks in a folder that is left for you to look at. Works offline."""
    import tempfile

    from tdsec_gov.demo.play import play
    from tdsec_gov.errors import UsageError

    folder = out.absolute() if out else Path(tempfile.mkdtemp(prefix="tdsec-demo-"))
    if folder.exists() and any(folder.iterdir()):
        raise UsageError("the folder is not empty", where=folder, hint="name another one with --out")
    code = play(folder, shell.say)
    message = "" if not shell.json else f"played in {folder}"
    return shell.answer(message, code="ok" if code == 0 else "internal", exit_code=3 if code else 0)
