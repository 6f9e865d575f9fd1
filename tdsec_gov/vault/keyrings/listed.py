"""Which keyrings this clone has verified, so that listing need not verify them again.

Verifying takes 5 ms and, in a new process, 150 ms of imports (policies). ``dvc status -c`` believes a name
key only if these very files of the label and this very access.yaml were verified here before. The memory is
a private file in git's folder; without it, or when it cannot be read, everything is verified.
"""

from __future__ import annotations

from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import TdsecError
from tdsec_gov.files import write_atomic
from tdsec_gov.repo.git import git_folder

_NAME = "tdsec-listed"
_ACCESS = "policies/access.yaml"


def digest_of(tree: Tree, label: str) -> str:
    """SHA-256 over every file of the label's keyrings and over access.yaml: what verifying them reads."""
    folder = f".tdsec/vaults/{label}"
    names = [name for name in tree.names(folder) if name.rpartition("/")[0] == folder]
    files: dict[str, JsonValue] = {name: sha256_hex(tree.read(name) or b"") for name in [*names, _ACCESS]}
    return sha256_hex(canonical_bytes({"label": label, "files": files}))


def is_verified(clone: Path, label: str, digest: str) -> bool:
    """Whether :func:`remember` was told so."""
    return _read(clone).get(label) == digest


def remember(clone: Path, label: str, digest: str) -> None:
    """Remember that the files behind ``digest`` were verified; a folder without git remembers nothing.

    Raises:
        BackendUnavailable, ConfigurationError: the private file cannot be written.
    """
    if git_folder(clone).is_dir():
        body: dict[str, JsonValue] = {"format": 1, "labels": {**_read(clone), label: digest}}
        write_atomic(git_folder(clone) / _NAME, canonical_bytes(body) + b"\n", mode=0o600)


def _read(clone: Path) -> dict[str, JsonValue]:
    try:
        body = parse_object((git_folder(clone) / _NAME).read_bytes(), "memory of keyrings")
    except (OSError, TdsecError):
        return {}
    labels = body.get("labels")
    return labels if body.get("format") == 1 and isinstance(labels, dict) else {}
