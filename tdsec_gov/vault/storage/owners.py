"""Which datasets an oid belongs to, by the pointers of the work tree or revision."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import ConfigurationError, TdsecError
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.nested import pointer_files_below
from tdsec_gov.repo.pointers import Pointer, is_pointer_file, read_pointers
from tdsec_gov.repo.repository import Repository


class Owners:
    """Read once, on first need. ``root`` is the work tree, None for a revision; ``clone`` the repository
    whose cache holds listings of folders."""

    def __init__(self, tree: Tree, root: Path | None, clone: Path | None = None) -> None:
        self._tree = tree
        self._root = root
        self._clone = clone or root
        self._fault: TdsecError | None = None
        self._listed: set[Pointer] = set()
        self._members: dict[str, list[Pointer]] = {}

    @cached_property
    def _pointers(self) -> dict[str, list[Pointer]]:
        found: dict[str, list[Pointer]] = {}
        read: Callable[[], list[Pointer]] = self._on_disk if self._root else self._in_revision
        try:
            for pointer in read():
                found.setdefault(pointer.oid, []).append(pointer)
        except TdsecError as exc:
            self._fault = exc
        return found

    def require_readable(self) -> None:
        """Raises ConfigurationError: a pointer cannot be read, so that nobody knows what belongs to it."""
        self._pointers  # noqa: B018 - reads them
        if self._fault is not None:
            raise copy.copy(self._fault)

    def _on_disk(self) -> list[Pointer]:
        if self._root is None:
            return []
        try:
            Git.discover(self._root)
        except ConfigurationError:  # `dvc init --no-scm`: every pointer file counts
            names = list(pointer_files_below(self._root))
            return [one for one in read_pointers(names, self._tree.read) if one.cached]
        return Repository.discover(self._root).work_tree()

    def _in_revision(self) -> list[Pointer]:
        names = [name for name in self._tree.names("") if is_pointer_file(name)]
        return [one for one in read_pointers(names, self._tree.read) if one.cached]

    def outputs(self, oid: str) -> list[str]:
        """Names of the datasets whose whole version is ``oid``."""
        return [pointer.name for pointer in self._pointers.get(oid, ())]

    def pointer(self, oid: str) -> Pointer | None:
        """A dataset that is ``oid``, or a folder that lists it."""
        return next(iter(self._of(oid)), None)

    def names(self, oid: str) -> list[str]:
        """Names of the datasets that are ``oid`` or list it, as far as listings lie in DVC's cache."""
        return sorted({pointer.name for pointer in self._of(oid)})

    def _of(self, oid: str) -> list[Pointer]:
        if oid not in self._pointers and oid not in self._members and self._clone is not None:
            self._list(Cache.of(self._clone))
        return [*self._pointers.get(oid, ()), *self._members.get(oid, ())]

    def _list(self, cache: Cache) -> None:
        """Read the listings that have come into DVC's cache since the last look."""
        for pointers in self._pointers.values():
            for pointer in pointers:
                if (
                    pointer in self._listed
                    or not pointer.oid.endswith(".dir")
                    or not cache.holds(pointer.oid)
                ):
                    continue
                self._listed.add(pointer)
                with contextlib.suppress(TdsecError):
                    for _, oid in cache.members(pointer.oid, pointer.name):
                        self._members.setdefault(oid, []).append(pointer)
