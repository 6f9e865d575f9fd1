"""The vault remote in DVC's settings, written by DVC itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.repo.cache import dvc_config
from tdsec_gov.repo.repository import Repository

DEFAULT_STORE = "store"


def remotes(repository: Repository) -> dict[str, str]:
    """URL by name of every DVC remote of the repository."""
    found = {}
    for section, values in dvc_config(repository.root / ".dvc").items():
        match = re.fullmatch(r"'?\"?remote \"(.+?)\"\"?'?", section)
        if match and "url" in values:
            found[match[1]] = values["url"]
    return found


def vault_remote(repository: Repository) -> tuple[str, str] | None:
    """``(remote name, vault name)`` of the first remote that is a vault."""
    for name, url in remotes(repository).items():
        if url.startswith("tdsec://"):
            return name, url.removeprefix("tdsec://").split("/")[0]
    return None


def ensure_vault(repository: Repository, storage: str | None, folder: Path) -> tuple[str, list[str]]:
    """Name of the vault, and what was done. ``storage`` is a folder, a URL or an existing DVC remote.

    Raises:
        UsageError: there is no vault yet and no storage was given, or it is a vault itself.
        ConfigurationError: DVC refused.
    """
    existing = vault_remote(repository)
    known = remotes(repository)
    if existing is not None:
        return existing[1], []
    if storage is None:
        raise UsageError(
            "where should the encrypted data lie?",
            expected="--vault FOLDER, URL or name of a DVC remote",
            found=f"DVC remotes: {', '.join(known) or 'none'}",
            hint="for example: tdsec init --vault ../storage",
        )
    if storage.startswith("tdsec:"):
        raise UsageError("name the storage under the vault, not a vault", found=storage)
    done = []
    inner = storage
    if storage not in known:
        inner = DEFAULT_STORE if DEFAULT_STORE not in known else "tdsec-store"
        url = storage if "://" in storage else _outside(repository, (folder / storage).expanduser().resolve())
        dvc(repository, "remote", "add", inner, url)
        done.append(f"DVC remote '{inner}' at the storage you gave")
    name = "vault" if "vault" not in known else "tdsec-vault"
    dvc(repository, "remote", "add", "-d", "-f", name, f"tdsec://{inner}")
    done.append(f"DVC remote '{name}' = tdsec://{inner}, the default")
    return inner, done


def _outside(repository: Repository, storage: Path) -> str:
    """``storage``, unless the repository with its plaintext would lie inside it. Raises UsageError."""
    root = repository.root.resolve()
    if storage == root or storage in root.parents:
        raise UsageError(
            "the repository lies inside this storage, so its plaintext would too",
            found=storage,
            hint="name another folder: tdsec init --vault ../storage",
        )
    return str(storage)


def dvc(repository: Repository, *arguments: str) -> str:
    """Standard output of ``dvc ARGUMENTS``. Raises ConfigurationError with DVC's own last line."""
    command = [sys.executable, "-P", "-m", "dvc", *arguments]
    answer = subprocess.run(command, cwd=repository.root, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        lines = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")]
        raise ConfigurationError(
            f"dvc {' '.join(arguments[:2])} failed", found=(lines or [answer.stderr.strip()])[-1][:300]
        )
    return answer.stdout
