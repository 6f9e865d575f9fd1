"""One git+DVC repository: its datasets as staged, as committed, as pushed; and where our files lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tdsec_gov.errors import ConfigurationError, UsageError
from tdsec_gov.files import WorkTree
from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.git import Git
from tdsec_gov.repo.nested import nested_repositories, pointer_files_in, submodules
from tdsec_gov.repo.pointers import Pointer, is_pointer_file, read_pointers

POINTER_PATTERNS = ("*.dvc", "dvc.lock", "**/dvc.lock")


@dataclass(frozen=True, slots=True)
class Repository:
    """A work tree that git and DVC share."""

    git: Git
    cache: Cache

    @classmethod
    def discover(cls, folder: Path) -> Repository:
        """The repository that holds ``folder``.

        Raises:
            ConfigurationError: no git work tree, or no DVC in it.
        """
        git = Git.discover(folder)
        return cls(git, Cache.of(git.root))

    @property
    def root(self) -> Path:
        return self.git.root

    @property
    def evidence(self) -> Path:
        """The folder of committed evidence, ``.tdsec``."""
        return self.root / ".tdsec"

    def require_initialised(self) -> None:
        """Raises ConfigurationError unless ``tdsec init`` ran here."""
        if not (self.root / "policies" / "policy.yaml").is_file():
            raise ConfigurationError(
                "tdsec is not set up in this repository", where=self.root, hint="run: tdsec init"
            )

    def pointers_in(self, names: list[str], revision: str = "") -> list[Pointer]:
        """The cached outputs that the pointer files among ``names`` hold at ``revision`` ("" = index)."""
        links = partial(self.git.links, revision)
        found = read_pointers(names, self.git.reader(revision), links)
        return [pointer for pointer in found if pointer.cached]

    def staged(self) -> list[Pointer]:
        """Every dataset in the index, and what lies in its submodules."""
        return self.pointers_in(self.git.tracked(*POINTER_PATTERNS)) + self._on_disk(submodules(self.git))

    def staged_changes(self) -> list[Pointer]:
        """Datasets whose pointer the next commit would add or change. Where it changes a submodule, those
        that lie in it, too: DVC pushes them with ours."""
        names = self.git.staged_changes()
        return self.pointers_in(names) + self._on_disk(submodules(self.git, "", names))

    def work_tree(self) -> list[Pointer]:
        """Datasets in the index, with the pointer files' current bytes on disk where they exist; also those
        of git repositories and submodules inside this one, which DVC reads as its own."""
        others = self.git.others()
        names = {*self.git.tracked(*POINTER_PATTERNS), *filter(is_pointer_file, others)}
        names |= {*pointer_files_in(self.git, nested_repositories(self.git, others))}
        return self._read(sorted(names))

    def _on_disk(self, folders: list[str]) -> list[Pointer]:
        return self._read(pointer_files_in(self.git, folders))

    def _read(self, names: list[str]) -> list[Pointer]:
        tree = WorkTree(self.root)
        return [pointer for pointer in read_pointers(names, tree.read) if pointer.cached]

    def select(self, targets: list[str], folder: Path) -> list[Pointer]:
        """The datasets that ``targets`` (paths from ``folder``, data or pointer) name on disk.

        Raises:
            UsageError: a target is not tracked by DVC.
        """
        known = self.work_tree()
        chosen: list[Pointer] = []
        for target in targets:
            name = self._name(target, folder)
            hits = [p for p in known if name in (p.name, p.file) or p.name.startswith(f"{name}/")]
            if not hits:
                raise UsageError(
                    f"'{target}' is not tracked by DVC",
                    where=self.root,
                    hint=f"run: dvc add {target} && git add {target}.dvc",
                )
            chosen += [hit for hit in hits if hit not in chosen]
        return chosen

    def _name(self, target: str, folder: Path) -> str:
        path = Path(target) if Path(target).is_absolute() else folder / target
        try:
            return path.parent.resolve().joinpath(path.name).relative_to(self.root.resolve()).as_posix()
        except ValueError:
            raise UsageError(f"'{target}' lies outside the repository", where=self.root) from None
