"""Tree: read access to committed evidence, whether it lies in a work tree or in a git revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Tree(Protocol):
    """Files by path from the repository's root, with ``/``."""

    def read(self, name: str) -> bytes | None:
        """Bytes of ``name``, None where it is not there. Raises TdsecError when it cannot be read."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Paths of all files below ``folder``, sorted; none where the folder is not there."""
        ...
