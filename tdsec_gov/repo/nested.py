"""Git repositories inside the work tree: git lists none of their files, DVC reads their pointers.

Measured with DVC 3.67: ``dvc push`` walks into a git repository or submodule below the root and takes its
``*.dvc`` and ``dvc.yaml`` as its own. It stops at ``.git``, ``.hg`` and ``.dvc``, at every folder that holds
something called ``.dvc`` (a DVC repository of its own) and at links.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.errors import ConfigurationError
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.pointers import is_pointer_file

_CLOSED = {".git", ".hg", ".dvc"}
_LINK_TO_COMMIT = "160000 "


def pointer_files_below(root: Path, folder: str = "") -> Iterator[str]:
    """Names, from ``root``, of the pointer files that DVC finds on disk below ``folder``. No ignore rule is
    asked, so there can be more of them than DVC has, never fewer.

    Raises:
        ConfigurationError: a folder cannot be read, so nobody knows what is in it.
    """
    if folder and is_dvc_repository(root, folder):
        return
    for place, folders, files in os.walk(root / folder, onerror=_unreadable):
        here = os.path.relpath(place, root)
        prefix = "" if here == "." else here.replace(os.sep, "/") + "/"
        folders[:] = [
            one for one in sorted(folders) if one not in _CLOSED and not is_dvc_repository(root, prefix + one)
        ]
        yield from (prefix + one for one in sorted(files) if is_pointer_file(one))


def _unreadable(error: OSError) -> None:
    raise ConfigurationError(
        "a folder cannot be read, and DVC pointers may lie in it",
        where=error.filename,
        found=error.strerror,
        hint="check owner and mode",
    ) from error


def is_dvc_repository(root: Path, folder: str) -> bool:
    """Whether ``folder`` is a DVC repository of its own (``dvc init --subdir``): DVC passes over it."""
    return (root / folder / ".dvc").exists()


def submodules(git: Git, revision: str = "", names: list[str] | None = None) -> list[str]:
    """Folders that stand for a commit of another repository, at a revision (``""`` is the index); with
    ``names`` only those among them."""
    return git.of_mode(_LINK_TO_COMMIT, revision, names)


def nested_repositories(git: Git, others: list[str] | None = None) -> list[str]:
    """Folders that git does not look into, because they are git repositories. ``others``: what
    ``git ls-files --others`` says, where the caller has asked already."""
    listed = git.others() if others is None else others
    strangers = {name.rstrip("/") for name in listed if name.endswith("/")}
    return sorted(strangers | {name for name in submodules(git) if (git.root / name).is_dir()})


def pointer_files_in(git: Git, folders: list[str]) -> list[str]:
    """Pointer files on disk below nested repositories: what DVC would push is what lies there, not what the
    submodule's commit says."""
    return [name for folder in folders for name in pointer_files_below(git.root, folder)]


def submodules_brought(git: Git, commits: list[str], tip: str) -> list[str]:
    """Submodules that stand at ``tip`` and that one of ``commits`` added or moved: what their pointers name
    lies in another repository, and no commit here shows it."""
    standing, brought = submodules(git, tip) if commits else [], set(commits)
    last = {name: git.ask("--literal-pathspecs", "rev-list", "-n", "1", tip, "--", name) for name in standing}
    return [name for name, commit in last.items() if commit.decode().strip() in brought]


def dvc_repositories(git: Git) -> list[str]:
    """Folders of the index that are DVC repositories of their own, which nothing here guards."""
    found = git.tracked(":(glob)**/.dvc/config")
    return sorted({name.removesuffix("/.dvc/config") for name in found} - {".dvc/config"})
