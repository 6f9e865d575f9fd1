"""Where verdicts lie: ``.tdsec/verdicts/<dataset>/<root>.intoto.jsonl``, one envelope a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.domain.dataset import DatasetVersion, is_sha256
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError
from tdsec_gov.files import write_atomic

SUFFIX = ".intoto.jsonl"


def verdict_name(dataset: str, root: str) -> str:
    """Path of a verdict from the repository's root."""
    return f".tdsec/verdicts/{dataset}/{root}{SUFFIX}"


def verdict_names(evidence: Tree, dataset: str | None = None) -> Iterator[str]:
    """Paths of all stored verdicts, or of those of one dataset."""
    folder = ".tdsec/verdicts" if dataset is None else f".tdsec/verdicts/{dataset}"
    for name in evidence.names(folder):
        parent, _, base = name.rpartition("/")
        if not base.endswith(SUFFIX) or not is_sha256(base.removesuffix(SUFFIX)):
            continue
        if dataset is None or parent == folder:
            yield name


def write_verdict(root: Path, version: DatasetVersion, envelope: bytes) -> str:
    """Store an envelope atomically; returns its path from the repository's root.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be written; the old one is kept.
    """
    name = verdict_name(version.name, version.root)
    write_atomic(root / name, envelope)
    return name


def dataset_of(name: str) -> str | None:
    """The dataset whose verdict lies at this path, None for any other path."""
    folder, _, base = name.removeprefix(".tdsec/verdicts/").rpartition("/")
    stored = name.startswith(".tdsec/verdicts/") and is_sha256(base.removesuffix(SUFFIX))
    return folder if stored and folder and base.endswith(SUFFIX) else None


def shortened_history(dataset: str, lost: str) -> IntegrityError:
    """The error for a dataset one of whose verdicts is gone: without them it would look new."""
    return IntegrityError(
        f"the history of verdicts of '{dataset}' was shortened",
        where=lost,
        expected="every verdict that was committed",
        hint=f"run: git checkout HEAD -- .tdsec/verdicts/{dataset} (or restore it from an older commit)",
    )
