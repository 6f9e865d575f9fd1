"""Install the gate into git: through pre-commit where a repository uses it, as plain hooks otherwise."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.files import naming_os_errors, write_atomic
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.stages import STAGES
from tdsec_gov.setup.templates import KEEP_MARK, KEEP_REFS, PRE_COMMIT_BLOCK, PRE_COMMIT_TYPES

PRE_COMMIT_CONFIG = ".pre-commit-config.yaml"
_MARK = "# tdsec gate"


def install_hooks(git: Git) -> list[str]:
    """Install what is missing; returns what was done, one line each, empty when nothing was.

    Raises:
        ConfigurationError: the pre-commit configuration has no ``repos:`` list.
    """
    config = git.root / PRE_COMMIT_CONFIG
    if config.is_file():
        return _through_pre_commit(git, config)
    return [line for stage in STAGES for line in _plain_hook(git, stage)]


def hook_path(git: Git, stage: str) -> Path:
    """Where git looks for the hook (respects core.hooksPath)."""
    answer = git.ask("rev-parse", "--git-path", f"hooks/{stage}").decode().rstrip("\n")
    return (git.root / answer).absolute()


def _through_pre_commit(git: Git, config: Path) -> list[str]:
    done: list[str] = []
    with naming_os_errors(config, "cannot be read"):
        text = config.read_text(encoding="utf-8")
    if "tdsec-check" not in text:
        write_atomic(config, _insert(text, config).encode())
        done.append(f"added the tdsec-check hook at the top of {PRE_COMMIT_CONFIG}")
    missing = [stage for stage in STAGES if not _is_pre_commits(hook_path(git, stage))]
    if missing:
        types = [word for stage in missing for word in ("--hook-type", stage)]
        command = [sys.executable, "-P", "-m", "pre_commit", "install", *types]
        answer = subprocess.run(command, cwd=git.root, capture_output=True, text=True, check=False)
        line = f"pre-commit install {' '.join(types)}"
        done.append(line if answer.returncode == 0 else f"run this yourself: {line}")
    return done + _keep_refs(git)


def _keep_refs(git: Git) -> list[str]:
    """pre-commit tells its hooks of the first pushed ref only. What it calls ``pre-push.legacy`` hears all of
    them, so that one keeps them for the gate; without it the gate has to guess (``gate/pushed.py``)."""
    path = hook_path(git, "pre-push")
    if not _is_pre_commits(path) or not _ours_alone(git, path):
        return []
    return _insert_call(path.with_name("pre-push.legacy"), KEEP_REFS, KEEP_MARK, "refs of a push")


def _is_pre_commits(hook: Path) -> bool:
    return hook.is_file() and "pre-commit" in hook.read_text(encoding="utf-8", errors="replace")


def _insert(text: str, where: Path) -> str:
    """Our block as the first entry of ``repos:``, indented like the entries that are there."""
    found = re.search(r"^repos:[ \t]*(\[\s*\])?[ \t]*(#.*)?\n?", text, re.MULTILINE)
    if found is None:
        raise ConfigurationError("no 'repos:' list", where=where, hint="run: pre-commit sample-config")
    head, tail = text[: found.start()] + "repos:\n", text[found.end() :]
    item = re.search(r"^([ \t]*)- ", tail, re.MULTILINE)
    indent = item[1] if item else ""
    extended = head + "".join(f"{indent}{line}\n" for line in PRE_COMMIT_BLOCK.splitlines()) + tail
    if _repos(extended)[1:] != _repos(text):
        raise ConfigurationError(
            "'repos:' is not a list with an entry per line",
            where=where,
            hint="write it so, then run: tdsec init",
        )
    typed = re.search(r"^default_install_hook_types:", extended, re.MULTILINE) is not None
    return extended if typed else PRE_COMMIT_TYPES + extended


def _repos(text: str) -> list[Any]:
    """The entries, a lone None where the file cannot be read."""
    try:
        return list(yaml.safe_load(text)["repos"] or [])
    except (yaml.YAMLError, TypeError, KeyError):
        return [None]


def _plain_hook(git: Git, stage: str) -> list[str]:
    path = hook_path(git, stage)
    if not _ours_alone(git, path):
        return [
            f"{path.parent} serves other repositories, too: call `tdsec-check --stage {stage}` there yourself"
        ]
    return _insert_call(path, _call(stage), _MARK, stage)


def _insert_call(path: Path, lines: str, mark: str, what: str) -> list[str]:
    """Put ``lines`` first into the shell script ``path``; what was done, empty where they were there."""
    old = ""
    if path.is_file():
        with naming_os_errors(path, "cannot be read"):
            old = path.read_text(encoding="utf-8")
        if mark in old:
            return []
        if not re.match(r"#!\s*/(usr/)?bin/(env )?(ba|da|z)?sh\b", old):
            return [f"{path} is not a shell script: call `tdsec-check --stage {path.stem}` from it yourself"]
    first, _, rest = old.partition("\n") if old else ("#!/bin/sh", "", "")
    write_atomic(path, f"{first}\n{lines}{rest}".encode(), mode=0o755)
    return [f"installed the {what} hook" + (" before the one that was there" if old else "")]


def _ours_alone(git: Git, hook: Path) -> bool:
    """Whether the hook lies in this repository, and not in a folder that core.hooksPath shares."""
    common = git.ask("rev-parse", "--git-common-dir").decode().rstrip("\n")
    places = (git.root.resolve(), (git.root / common).resolve())
    return any(hook.resolve().is_relative_to(place) for place in places)


def _call(stage: str) -> str:
    """The lines that call the gate; what git says to pre-push is kept for the hooks after ours."""
    gate = (
        f'{shlex.quote(sys.executable)} -P -m tdsec_gov.cli.hooks --stage {stage} "$@" || exit $?  {_MARK}\n'
    )
    if stage != "pre-push":
        return gate
    return (
        f"tdsec_refs=$(cat)\nprintf '%s\\n' \"$tdsec_refs\" | {gate}"
        "exec <<TDSEC_REFS\n$tdsec_refs\nTDSEC_REFS\n"
    )
