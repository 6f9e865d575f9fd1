"""Where waivers lie: ``.tdsec/waivers/<dataset>/<root>/<digest>.intoto.jsonl``, a revocation beside it.

``<digest>`` is the SHA-256 of the waiver's statement, so that a name can belong to one waiver only. Whatever
lies under the revocation's name takes the waiver away, even if it cannot be read: the way out is another
waiver, never less evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tdsec_gov.domain.canonical import sha256_hex
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.domain.tree import Tree
from tdsec_gov.domain.waiver import Waiver
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.dsse import Envelope

FOLDER = ".tdsec/waivers"
SUFFIX = ".intoto.jsonl"
REVOKED = ".revoked.intoto.jsonl"


def folder_of(dataset: str, root: str) -> str:
    """Folder of the waivers of one version, from the repository's root."""
    return f"{FOLDER}/{dataset}/{root}"


def waiver_name(dataset: str, root: str, digest: str) -> str:
    return f"{folder_of(dataset, root)}/{digest}{SUFFIX}"


def revocation_name(waiver: Waiver) -> str:
    return f"{folder_of(waiver.dataset, waiver.root)}/{waiver.digest}{REVOKED}"


def waiver_names(evidence: Tree, folder: str = FOLDER) -> Iterator[tuple[str, str, str, str]]:
    """``(path, dataset, root, digest)`` of every waiver below ``folder``."""
    for name in evidence.names(folder):
        found = waiver_at(name)
        if found is not None:
            yield name, *found


def waiver_at(name: str) -> tuple[str, str, str] | None:
    """``(dataset, root, digest)`` of the waiver at this path, None for any other path."""
    inside, _, base = name.removeprefix(f"{FOLDER}/").rpartition("/")
    dataset, _, root = inside.rpartition("/")
    digest = base.removesuffix(SUFFIX)
    mine = name.startswith(f"{FOLDER}/") and base.endswith(SUFFIX) and dataset
    return (dataset, root, digest) if mine and is_sha256(root) and is_sha256(digest) else None


def revoked_dataset(name: str) -> str | None:
    """The dataset of which the file at this path revokes a waiver, None for any other path."""
    if not name.startswith(f"{FOLDER}/") or not name.endswith(REVOKED):
        return None
    found = waiver_at(name.removesuffix(REVOKED) + SUFFIX)
    return None if found is None else found[0]


def write_waiver(root: Path, waiver: Waiver, envelope: Envelope) -> str:
    """Store a signed waiver; returns its path from the repository's root.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be written.
    """
    name = waiver_name(waiver.dataset, waiver.root, sha256_hex(envelope.payload))
    write_atomic(root / name, envelope.to_bytes())
    return name


def write_revocation(root: Path, waiver: Waiver, envelope: Envelope) -> str:
    """Store a signed revocation; returns its path. Raises as :func:`write_waiver`."""
    name = revocation_name(waiver)
    write_atomic(root / name, envelope.to_bytes())
    return name
