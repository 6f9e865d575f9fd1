"""git as we ask it: by its own command, with a clean answer or one clear error."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.errors import ConfigurationError, DependencyMissing
from tdsec_gov.repo.blobs import Blobs

_DIFF_TREE = ("diff-tree", "--root", "-m", "-r", "-z", "--no-commit-id", "--name-only")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_CLEAN = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
"""Without the last, whoever pushes ``refs/replace/…`` shows a server other commits than its clients get."""


def _run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, **_CLEAN}
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, env=env, check=False)
    except FileNotFoundError:
        if not folder.is_dir():
            raise ConfigurationError("no such folder", where=folder) from None
        raise DependencyMissing("git is not installed", hint="install git") from None
    except NotADirectoryError:
        raise ConfigurationError("not a folder", where=folder) from None


def git_folder(root: Path) -> Path:
    """Git's own folder of the work tree at ``root``, found without starting git.

    What lies in it is private to the clone and dies with it. For a linked work tree or a submodule it is
    the folder that the file ``.git`` names.
    """
    git = root / ".git"
    if git.is_file():
        text = git.read_text(encoding="utf-8", errors="replace")
        git = (root / text.partition("gitdir:")[2].strip()).resolve()
    return git


def shared_folder(root: Path) -> Path:
    """The folder of git that all work trees of one clone share (that of the clone itself)."""
    git = git_folder(root)
    common = git / "commondir"
    if not common.is_file():
        return git
    return (git / common.read_text(encoding="utf-8", errors="replace").strip()).resolve()


@dataclass(frozen=True, slots=True)
class Git:
    """One git work tree. All paths are relative to its root, with ``/``."""

    root: Path
    git_dir: Path

    @classmethod
    def discover(cls, folder: Path) -> Git:
        """The work tree that holds ``folder``.

        Raises:
            ConfigurationError: not inside a work tree (none, or a bare repository).
            DependencyMissing: git is not installed.
        """
        answer = _run(["rev-parse", "--is-bare-repository", "--absolute-git-dir"], folder)
        if answer.returncode != 0:
            text = answer.stderr.decode(errors="replace")
            if "dubious ownership" in text:
                raise ConfigurationError(
                    "git refuses this repository: it belongs to another user",
                    where=folder,
                    hint=f"run: git config --global --add safe.directory {folder}",
                )
            raise ConfigurationError("not a git repository", where=folder, hint="run: git init && dvc init")
        bare, git_dir = os.fsdecode(answer.stdout).split("\n", 1)
        top = _run(["rev-parse", "--show-toplevel"], folder)
        if bare == "true" or top.returncode != 0:
            raise ConfigurationError(
                "this is a bare repository (no work tree)", where=folder, hint="run tdsec in a clone of it"
            )
        return cls(Path(os.fsdecode(top.stdout).removesuffix("\n")), Path(git_dir.removesuffix("\n")))

    @classmethod
    def server(cls, folder: Path) -> Git:
        """The repository whose hook runs in ``folder``, with or without a work tree; for reading commits.

        Raises:
            ConfigurationError: no git repository.
        """
        answer = _run(["rev-parse", "--absolute-git-dir"], folder)
        if answer.returncode != 0:
            raise ConfigurationError("not a git repository", where=folder)
        git_dir = Path(answer.stdout.decode().rstrip("\n"))
        return cls(git_dir, git_dir)

    def ask(self, *arguments: str) -> bytes:
        """Standard output of ``git ARGUMENTS``.

        Raises:
            ConfigurationError: git said no; its first line is quoted.
        """
        answer = _run(list(arguments), self.root)
        if answer.returncode != 0:
            lines = answer.stderr.decode(errors="replace").strip().splitlines()
            raise ConfigurationError(
                f"git {arguments[0]} failed", where=self.root, found=lines[0] if lines else "no message"
            )
        return answer.stdout

    def _names(self, *arguments: str) -> list[str]:
        return [name for name in self.ask(*arguments).decode(errors="surrogateescape").split("\0") if name]

    def has_commit(self) -> bool:
        return _run(["rev-parse", "--verify", "-q", "HEAD"], self.root).returncode == 0

    def tracked(self, *patterns: str) -> list[str]:
        """Names in the index that fit the patterns."""
        return self._names("ls-files", "-z", "--", *patterns)

    def staged_changes(self) -> list[str]:
        """Names that the index adds or changes against HEAD (deletions left out)."""
        base = "HEAD" if self.has_commit() else EMPTY_TREE
        return self._names("diff", "--cached", "--name-only", "-z", "--diff-filter=d", base)

    def show(self, revision: str, name: str) -> bytes | None:
        """Bytes of a file at a revision (``""`` is the index), None where it is not there."""
        answer = _run(["cat-file", "blob", f"{revision or ':0'}:{name}"], self.root)
        return answer.stdout if answer.returncode == 0 else None

    def links(self, revision: str, names: list[str]) -> list[str]:
        """Those of ``names`` that are symbolic links at a revision (``""`` is the index)."""
        return self.of_mode("120000 ", revision, names)

    def of_mode(self, mode: str, revision: str = "", names: list[str] | None = None) -> list[str]:
        """Names that have a mode at a revision (``""`` is the index): all, or those among ``names``."""
        listing = ["ls-tree", "-r", "-z", revision] if revision else ["ls-files", "-s", "-z"]
        if names is None:
            found = self._names(*listing)
        else:
            parts = [names[start : start + 1000] for start in range(0, len(names), 1000)]
            found = [
                line for part in parts for line in self._names("--literal-pathspecs", *listing, "--", *part)
            ]
        return [line.partition("\t")[2] for line in found if line.startswith(mode)]

    def others(self) -> list[str]:
        """Names that git neither tracks nor ignores; a repository inside this one is one name, with ``/``."""
        return self._names("ls-files", "-z", "--others", "--exclude-standard")

    def blobs(self) -> Blobs:
        """Many files by one process. It asks about ``REVISION:PATH`` (``:0:PATH`` for the index)."""
        return Blobs(self.root, _CLEAN)

    def reader(self, revision: str) -> Callable[[str], bytes | None]:
        """As :meth:`show` with ``revision``, quick for many names."""
        blobs = self.blobs()

        def read(name: str) -> bytes | None:
            answered, data = blobs.read(f"{revision or ':0'}:{name}")
            return data if answered else self.show(revision, name)

        return read

    def resolve(self, revision: str) -> str:
        """The full id of a commit.

        Raises:
            ConfigurationError: there is none of that name here.
        """
        answer = _run(["rev-parse", "--verify", "-q", f"{revision}^{{commit}}"], self.root)
        if answer.returncode != 0:
            raise ConfigurationError(
                f"no commit '{revision}' here",
                where=self.root,
                hint="fetch it first (shallow clone?)",
            )
        return answer.stdout.decode().strip()

    def commits(self, old: str | None, new: str, known: str | None = None) -> list[str]:
        """Commits reachable from ``new`` but not from ``old``, oldest first.

        Without ``old`` all of them, less those that refs reach: ``known`` is ``--all`` on a server,
        ``--remotes`` before a push. An ``old`` that is not here (a forced push over commits that were
        never fetched) counts as none.
        """
        here = old is not None and _run(["cat-file", "-e", f"{old}^{{commit}}"], self.root).returncode == 0
        span = [f"{old}..{new}"] if here else [new]
        less = ["--not", known] if known and len(span[0]) == len(new) else []
        return self.ask("rev-list", "--reverse", *span, *less, "--").decode().split()

    def changed_in(self, commit: str) -> list[str]:
        """Names that a commit adds or changes against its parents (all of them for a root commit)."""
        return self._names(*_DIFF_TREE, "--diff-filter=d", commit)

    def removed_in(self, commit: str) -> list[str]:
        """Names that a commit removes against its parents."""
        return self._names(*_DIFF_TREE, "--diff-filter=D", commit)

    def head(self) -> str | None:
        """Id of HEAD's commit (also when detached), None before the first commit."""
        answer = _run(["rev-parse", "--verify", "-q", "HEAD"], self.root)
        return answer.stdout.decode().strip() if answer.returncode == 0 else None

    def contains(self, commit: str, tip: str = "HEAD") -> bool:
        """Whether ``tip`` is ``commit`` or descends from it; a commit that is not here is not contained."""
        return _run(["merge-base", "--is-ancestor", commit, tip], self.root).returncode == 0

    def merged_since(self, commit: str, tip: str = "HEAD") -> bool:
        """Whether ``tip`` has a merge that ``commit`` has not."""
        answer = _run(["rev-list", "--merges", "-n", "1", f"{commit}..{tip}", "--"], self.root)
        return answer.returncode == 0 and bool(answer.stdout.strip())

    def stage(self, *names: str) -> None:
        """Add files to the index.

        Raises:
            ConfigurationError: git refused (for example a locked index).
        """
        if names:
            self.ask("add", "--force", "--", *names)

    def ignores(self, name: str) -> bool:
        """Whether git would not take the untracked file ``name``."""
        return _run(["check-ignore", "-q", "--", name], self.root).returncode == 0

    def config(self, key: str) -> str | None:
        answer = _run(["config", "--get", key], self.root)
        return answer.stdout.decode().rstrip("\n") if answer.returncode == 0 else None


class Revision:
    """A :class:`~tdsec_gov.domain.tree.Tree` at a commit."""

    def __init__(self, git: Git, commit: str) -> None:
        self.git = git
        self.commit = commit
        self._read = git.reader(commit)

    def read(self, name: str) -> bytes | None:
        return self._read(name)

    def names(self, folder: str) -> Iterator[str]:
        within = ["--", f"{folder}/"] if folder else []
        listed = self.git.ask("ls-tree", "-r", "-z", "--name-only", self.commit, *within)
        yield from sorted(name for name in listed.decode(errors="surrogateescape").split("\0") if name)
