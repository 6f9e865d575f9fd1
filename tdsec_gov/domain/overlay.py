"""A tree with a few files in front of it: evidence that came from elsewhere, as if it lay in the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tdsec_gov.domain.tree import Tree


class Overlay:
    """``files`` by path, then ``behind``. Nothing is written anywhere."""

    def __init__(self, files: Mapping[str, bytes], behind: Tree) -> None:
        self._files = files
        self._behind = behind

    def read(self, name: str) -> bytes | None:
        found = self._files.get(name)
        return self._behind.read(name) if found is None else found

    def names(self, folder: str) -> Iterator[str]:
        mine = {one for one in self._files if not folder or one.startswith(f"{folder}/")}
        yield from sorted(mine.union(self._behind.names(folder)))
