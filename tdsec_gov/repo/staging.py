"""The index of git as a tree: what the next commit will hold."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.repo.git import Git


class Index:
    """A :class:`~tdsec_gov.domain.tree.Tree` of what is staged (git's ``GIT_INDEX_FILE`` is obeyed)."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._read = git.reader("")

    def read(self, name: str) -> bytes | None:
        return self._read(name)

    def names(self, folder: str) -> Iterator[str]:
        yield from sorted(self._git.tracked(*([f"{folder}/"] if folder else [])))
