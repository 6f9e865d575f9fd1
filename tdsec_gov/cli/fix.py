"""``tdsec fix``"""

from __future__ import annotations

import os
from pathlib import Path

import click

from tdsec_gov.cli.shell import Shell, pass_shell


@click.group()
def fix() -> None:
    """Mend what a check found; writes a new version, the old one stays in DVC's cache."""


@fix.command("pii")
@click.argument("target")
@click.option("--column", default=None, help="The table's column; without it texts are masked.")
@click.option(
    "--how",
    type=click.Choice(["drop", "mask", "hmac"]),
    required=True,
    help="drop: take the column out. mask: replace what is personal. hmac: a keyed digest (HMAC-SHA256) "
    "for each value, so that equal values stay equal.",
)
@click.option("--key-env", metavar="NAME", default=None, help="Variable that holds the key for hmac.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File that holds the key for hmac. Default: a private one, made when missing.",
)
@click.option("--force", is_flag=True, help="Write over changes that DVC or git does not know.")
@pass_shell
def pii(
    shell: Shell,
    target: str,
    column: str | None,
    how: str,
    key_env: str | None,
    key_file: Path | None,
    force: bool,
) -> int:
    """Take personal data out of TARGET: new files, dvc add, and a record of what they came from."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.setup.fix_pii import fix_pii
    from tdsec_gov.setup.rewriting.change import Change

    if how != "hmac" and (key_env or key_file):
        raise UsageError("a key is for --how hmac", found=f"--how {how}", hint="leave the key out")
    repository = shell.unlocked()
    repository.require_initialised()
    pointers = repository.select([target], shell.folder)
    if len(pointers) != 1:
        raise UsageError(
            "name one dataset", found=f"{len(pointers)} datasets", hint="see: dvc list . --dvc-only"
        )
    if column is None and how != "mask":
        raise UsageError("--column is missing", expected="the name of a column", hint="texts: --how mask")
    key = _key(key_env, key_file) if how == "hmac" else b""
    done = fix_pii(repository, pointers[0], Change(column, how, key=key), force=force)  # type: ignore[arg-type]
    shell.warn(
        f"next: tdsec check {done.dataset} && git add {pointers[0].file} && git commit; the old version "
        "stays in the DVC cache and on remotes until: dvc gc"
    )
    return shell.answer(
        f"{done.dataset}: {done.values} values in {done.files} files changed ({how}); "
        f"derived from {done.derived_from[:12]}",
        dataset=done.dataset,
        derived_from=done.derived_from,
        root=done.root,
        files=done.files,
        values=done.values,
    )


def _key(name: str | None, path: Path | None) -> bytes:
    from tdsec_gov.errors import KeyUnavailable, UsageError
    from tdsec_gov.files import naming_os_errors
    from tdsec_gov.keys.loading import config_home
    from tdsec_gov.setup.fix_pii import private_key, usable_key

    if name and path:
        raise UsageError("one key, please", found="--key-env and --key-file")
    if name:
        if name not in os.environ:
            raise KeyUnavailable(
                "the environment has no such variable", where=name, hint=f"export {name}=..."
            )
        return usable_key(os.environ[name].encode(), name)
    if path:
        with naming_os_errors(path, "cannot be read"):
            return usable_key(path.read_bytes().strip(), str(path))
    return private_key(config_home())
