"""``tdsec vault import-fernet``: files of before tdsec, encrypted with ``cryptography.fernet``."""

from __future__ import annotations

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tdsec_gov.cli.shell import Shell, pass_shell

if TYPE_CHECKING:
    from tdsec_gov.repo.repository import Repository
    from tdsec_gov.vault.importing.fernet_import import Imported
    from tdsec_gov.vault.importing.fernet_key import FernetKey

_ENVIRONMENT = "TDSEC_FERNET_PASSPHRASE"
_READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("import-fernet")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER...", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default="imported", show_default=True, metavar="DIR")
@click.option("--match", "pattern", default="*", help="Of a FOLDER, only files with such names ('*.enc').")
@click.option("--key-file", "key_files", multiple=True, type=_READABLE, help="A Fernet key; may be repeated.")
@click.option("--passphrase", is_flag=True, help=f"Derive the key; asked for, or {_ENVIRONMENT}.")
@click.option("--salt-file", type=_READABLE, help="The salt of the passphrase, its bytes as they are.")
@click.option("--salt-hex", metavar="HEX", help="The salt in hexadecimal.")
@click.option("--iterations", type=int, default=480_000, show_default=True, help="Of PBKDF2-HMAC-SHA256.")
@pass_shell
def import_fernet(
    shell: Shell,
    sources: tuple[Path, ...],
    out: Path,
    pattern: str,
    key_files: tuple[Path, ...],
    passphrase: bool,
    salt_file: Path | None,
    salt_hex: str | None,
    iterations: int,
) -> int:
    """Decrypt Fernet files into plaintext ones that git ignores and `dvc add` takes.

    Every file is authenticated before anything of it is written, nothing is overwritten, and running
    it again goes on where it stopped. The old files stay: remove them when `dvc push` is done.
    """
    from tdsec_gov.vault.importing.fernet_import import import_files, plan
    from tdsec_gov.vault.importing.gitignore import keep_out_of_git

    repository = shell.unlocked()
    items = plan([shell.folder / source for source in sources], pattern)
    keys = [_key_of(path) for path in key_files]
    if passphrase or salt_file or salt_hex:
        keys.append(_derived(salt_file, salt_hex, iterations))
    _require_keys(keys)
    target = shell.folder / out
    whole = any((shell.folder / source).is_dir() for source in sources)
    targets = [target] if whole else [target / item.name for item in items]
    keep_out_of_git(target, targets)
    done = list(_watched(shell, import_files(items, target, keys), len(items)))
    _record(repository, target, done)
    good = [one for one in done if one.error is None]
    if good:
        _next(shell, [target] if whole else [target / one.item.name for one in good])
    return _answer(shell, target, done)


def _require_keys(keys: list[FernetKey]) -> None:
    from tdsec_gov.errors import UsageError

    if not keys:
        raise UsageError(
            "which key are the files under?", expected="--key-file F, or --passphrase with its salt"
        )


def _key_of(path: Path) -> FernetKey:
    from tdsec_gov.files import naming_os_errors
    from tdsec_gov.vault.importing.fernet_key import FernetKey

    with naming_os_errors(path, "cannot be read"), path.open("rb") as stream:
        return FernetKey.parse(stream.read(4096), path)


def _derived(salt_file: Path | None, salt_hex: str | None, iterations: int) -> FernetKey:
    """The key of a passphrase, derived once for all files."""
    from tdsec_gov.errors import UsageError
    from tdsec_gov.files import naming_os_errors
    from tdsec_gov.vault.importing.fernet_key import LARGEST_SALT, FernetKey

    if (salt_file is None) == (salt_hex is None):
        raise UsageError("a passphrase has one salt", expected="--salt-file FILE or --salt-hex HEX")
    if salt_file is not None:
        with naming_os_errors(salt_file, "cannot be read"), salt_file.open("rb") as stream:
            salt = stream.read(LARGEST_SALT + 1)
    else:
        try:
            salt = bytes.fromhex(salt_hex or "")
        except ValueError:
            raise UsageError("not hexadecimal", where="--salt-hex") from None
    secret = os.environ.get(_ENVIRONMENT) or _asked()
    return FernetKey.derive(secret, salt, iterations)


def _asked() -> str:
    from tdsec_gov.cli.shell import ask_passphrase
    from tdsec_gov.errors import KeyUnavailable

    answer = ask_passphrase()
    if not answer:
        raise KeyUnavailable("the old files need their passphrase", hint=f"set {_ENVIRONMENT}")
    return answer


def _watched(shell: Shell, results: Iterator[Imported], total: int) -> Iterator[Imported]:
    """The results, each refusal said at once, and how far it is on a terminal."""
    moving = not shell.json and sys.stderr.isatty()
    for number, one in enumerate(results, 1):
        if one.error is not None:
            shell.warn(f"REFUSED {one.error.line()}")
        if moving:
            print(f"\r{number} of {total} files", end="" if number < total else "\n", file=sys.stderr)
        yield one


def _record(repository: Repository, target: Path, done: list[Imported]) -> None:
    """One event with counts, where tdsec is set up."""
    from tdsec_gov.audit.journal import Journal

    if not (repository.root / "policies" / "policy.yaml").is_file():
        return
    refused = Counter(one.error.code for one in done if one.error is not None)
    Journal.open(repository.root).record(
        "vault.import",
        "failure" if refused else "success",
        target.name,
        reason=", ".join(f"{count} {code}" for code, count in sorted(refused.items())),
        details={
            "format": "fernet",
            "files": sum(one.error is None for one in done),
            "known": sum(one.known for one in done),
            "refused": refused.total(),
            "bytes": sum(one.size for one in done),
        },
    )


def _next(shell: Shell, outputs: list[Path]) -> None:
    names = [os.path.relpath(path, shell.folder) for path in outputs]
    pointers = [f"{name}.dvc" for name in names]
    ignores = sorted({str(Path(name).parent / ".gitignore") for name in names})
    shell.say("Next:")
    shell.say(f"  dvc add {shlex.join(names)}")
    shell.say(f"  git add {shlex.join([*pointers, *ignores])}")
    shell.say(f"  tdsec check {shlex.join(names)}")


def _answer(shell: Shell, target: Path, done: list[Imported]) -> int:
    errors = [one.error for one in done if one.error is not None]
    known = sum(one.known for one in done)
    size = sum(one.size for one in done)
    text = f"{len(done) - len(errors)} files, {size} bytes, in {os.path.relpath(target, shell.folder)}"
    text += f" ({known} lay there already)" if known else ""
    text += f"; {len(errors)} refused" if errors else ""
    codes = [(one.exit_code, one.code) for one in errors]
    exit_code, code = min(codes, key=lambda pair: (pair[0] != 10, pair)) if codes else (0, "ok")
    if len(errors) == len(done) and {one.code for one in errors} == {"signature"}:
        exit_code, code = 13, "key-unavailable"
        text += ": no file is under a key given (check key file, passphrase, salt and iterations)"
    rows = [
        {
            "file": str(one.item.source),
            "name": one.item.name,
            "bytes": one.size,
            "created": one.created,
            "known": one.known,
            "error": one.error.as_dict() if one.error else None,
        }
        for one in done
    ]
    return shell.answer(text, code=code, exit_code=exit_code, out=str(target), files=rows)
