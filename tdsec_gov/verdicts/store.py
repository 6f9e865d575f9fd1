"""Where verdicts lie: ``.tdsec/verdicts/<dataset>/<root>.intoto.jsonl``, one envelope a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.domain.dataset import DatasetVersion, is_sha256
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError
from tdsec_gov.files import write_atomic

FOLDER = ".tdsec/verdicts"
SUFFIX = ".intoto.jsonl"


def verdict_name(dataset: str, root: str) -> str:
    """Path of a verdict from the repository's root."""
    return f"{FOLDER}/{dataset}/{root}{SUFFIX}"


def version_of(name: str) -> tuple[str, str] | None:
    """``(dataset, root)`` of the verdict at this path, None for any other path."""
    folder, _, base = name.rpartition("/")
    dataset, root = folder.removeprefix(f"{FOLDER}/"), base.removesuffix(SUFFIX)
    stored = folder.startswith(f"{FOLDER}/") and base.endswith(SUFFIX) and is_sha256(root)
    return (dataset, root) if stored and dataset else None


def verdict_names(evidence: Tree, dataset: str | None = None) -> Iterator[str]:
    """Paths of all stored verdicts, or of those of one dataset."""
    for name in evidence.names(FOLDER if dataset is None else f"{FOLDER}/{dataset}"):
        found = version_of(name)
        if found is not None and dataset in (None, found[0]):
            yield name


def write_verdict(root: Path, version: DatasetVersion, envelope: bytes) -> str:
    """Store an envelope atomically; returns its path from the repository's root.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be written; the old one is kept.
    """
    name = verdict_name(version.name, version.root)
    write_atomic(root / name, envelope)
    return name


def shortened_history(dataset: str, lost: str) -> IntegrityError:
    """The error for a dataset one of whose verdicts is gone: without them it would look new."""
    return IntegrityError(
        f"the history of verdicts of '{dataset}' was shortened",
        where=lost,
        expected="every verdict that was committed",
        hint=f"run: git checkout HEAD -- {FOLDER}/{dataset} (or restore it from an older commit)",
    )
