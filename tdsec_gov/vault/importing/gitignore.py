"""Plaintext that is about to be written must not be committed: git ignores it first."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.repo.git import Git


def keep_out_of_git(out: Path, targets: Sequence[Path]) -> list[Path]:
    """Have git ignore ``targets`` (in or at ``out``), as ``dvc add`` does.

    Returns the .gitignore files that were changed; none outside of a git work tree.

    Raises:
        UsageError: git tracks something there, or a target is the work tree itself.
        ConfigurationError: git does not answer, or does not ignore it in spite of the lines.
    """
    place = out.resolve()
    if not any((folder / ".git").exists() for folder in (place, *place.parents)):
        return []
    near = next(folder for folder in (place, *place.parents) if folder.is_dir())
    git = Git.discover(near)
    root = git.root.resolve()
    names = [(place / path.relative_to(out)).relative_to(root).as_posix() for path in targets]
    if "." in names:
        raise UsageError("a folder would fill the whole work tree", where=out, hint="name another: --out DIR")
    tracked = git.tracked(*(f":(literal,top){name}" for name in names))
    if tracked:
        raise UsageError(
            "git tracks files there, so the plaintext could be committed",
            where=tracked[0],
            hint="name another folder: --out DIR",
        )
    changed = _add_lines(root, [name for name in names if name not in _ignored(root, names)])
    left = sorted(set(names) - _ignored(root, names))
    if left:
        raise ConfigurationError("git does not ignore this place", where=left[0], hint="look at .gitignore")
    return changed


def _add_lines(root: Path, names: Sequence[str]) -> list[Path]:
    changed: dict[Path, None] = {}
    for name in names:
        folder, _, base = name.rpartition("/")
        path = root / folder / ".gitignore"
        with naming_os_errors(path, "cannot be written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_bytes() if path.exists() else b""
            gap = b"" if not text or text.endswith(b"\n") else b"\n"
            with path.open("ab") as stream:
                stream.write(gap + b"/" + _literal(os.fsencode(base)) + b"\n")
        changed[path] = None
    return list(changed)


def _literal(name: bytes) -> bytes:
    r"""``name`` for a .gitignore line: what means something there gets a ``\`` before it."""
    name = name.replace(b"\n", b"?").replace(b"\r", b"?")
    return b"".join(b"\\" + bytes([one]) if one in b"\\*[ " else bytes([one]) for one in name)


def _ignored(root: Path, names: Sequence[str]) -> set[str]:
    given = b"\0".join(map(os.fsencode, names))
    command = ["git", "check-ignore", "-z", "--stdin"]
    answer = subprocess.run(command, cwd=root, input=given, capture_output=True, check=False)
    if answer.returncode > 1:
        said = answer.stderr.decode(errors="replace").strip()[:200]
        raise ConfigurationError("git check-ignore failed", where=root, found=said)
    return {os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
