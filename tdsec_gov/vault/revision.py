"""Evidence of a git revision that DVC looks into, judged by what is checked out."""

from __future__ import annotations

from collections.abc import Iterator

from tdsec_gov.domain.tree import Tree


class UnderPolicies:
    """Evidence of a revision under the policies and keyrings that are checked out: a branch of its own that
    DVC looks into (``dvc push --all-branches``) does not decide who is trusted and who can read."""

    _OURS = ("policies/", ".tdsec/vaults/")

    def __init__(self, revision: Tree, checked_out: Tree) -> None:
        self._revision = revision
        self._checked_out = checked_out

    def read(self, name: str) -> bytes | None:
        tree = self._checked_out if name.startswith(self._OURS) else self._revision
        return tree.read(name)

    def names(self, folder: str) -> Iterator[str]:
        if f"{folder}/".startswith(self._OURS):
            yield from self._checked_out.names(folder)
            return
        yield from (name for name in self._revision.names(folder) if not name.startswith(self._OURS))
