"""Which versions of a dataset git has ever seen, and whether a verdict covers each: was the gate bypassed?"""

from __future__ import annotations

from collections.abc import Mapping

from tdsec_gov.compliance.values import Seen
from tdsec_gov.errors import ConfigurationError
from tdsec_gov.repo.pointers import read_pointers
from tdsec_gov.repo.repository import Repository

_FIELDS = "--format=%H%x1f%cI%x1f%an"


def seen_versions(
    repository: Repository, dataset: str, files: set[str], cover: Mapping[str, str]
) -> tuple[Seen, ...]:
    """Every version that a commit of any branch or tag introduced, oldest first, each once.

    ``files`` are the pointer files to walk; ``cover`` says ``accepted`` or ``denied`` by oid. A
    pointer that cannot be read at some commit is listed as ``unreadable``, never passed over.

    Raises:
        ConfigurationError: git cannot walk the history.
    """
    git = repository.git
    if git.head() is None:
        return ()
    log = git.ask("log", "--all", "--reverse", "--full-history", _FIELDS, "--", *sorted(files))
    found: dict[str, Seen] = {}
    for line in log.decode(errors="replace").splitlines():
        commit, when, author = line.split("\x1f")
        for file in sorted(files):
            for oid, state in _at(repository, commit, file, dataset, cover):
                found.setdefault(oid or f"{commit}:{file}", Seen(oid, commit, when, author, state))
    return tuple(found.values())


def _at(
    repository: Repository, commit: str, file: str, dataset: str, cover: Mapping[str, str]
) -> list[tuple[str, str]]:
    try:
        pointers = read_pointers([file], lambda name: repository.git.show(commit, name))
    except ConfigurationError:
        return [("", "unreadable")]
    return [(one.oid, cover.get(one.oid, "none")) for one in pointers if one.name == dataset and one.cached]


def is_shallow(repository: Repository) -> bool:
    """Whether this clone holds only a part of the history."""
    return repository.git.ask("rev-parse", "--is-shallow-repository").strip() == b"true"
