"""Several files of the work tree changed as one: after kill -9 either none of it counts, or it can go on.

The whole change is first written into one private file in git's folder (an intent), then file by file, then
the intent is removed. What it holds goes into git anyway: sealed keyrings, statements, access.yaml.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object, sha256_hex
from tdsec_gov.errors import IntegrityError, TdsecError
from tdsec_gov.files import WorkTree, sync_folder, write_atomic
from tdsec_gov.repo.git import git_folder
from tdsec_gov.vault.keyrings.sealing import Files, write_files

_NAME = "tdsec-change"


def intent_path(root: Path) -> Path:
    """Where the intent of this clone lies."""
    return git_folder(root) / _NAME


def apply(root: Path, files: Files) -> list[str]:
    """Write ``files`` as one change; returns those that were written or taken away, from the root.

    Raises:
        IntegrityError: an earlier change was left in the middle and cannot be finished.
        BackendUnavailable, ConfigurationError: something cannot be written; :func:`finish` goes on.
    """
    finish(root)
    tree = WorkTree(root)
    before = {name: _digest(tree.read(name)) for name in files}
    body: list[JsonValue] = [
        {
            "name": name,
            "before": before[name],
            "after": None if data is None else base64.b64encode(data).decode(),
        }
        for name, data in files.items()
    ]
    write_atomic(intent_path(root), canonical_bytes({"format": 1, "files": body}), mode=0o600)
    return finish(root)


def finish(root: Path) -> list[str]:
    """Go on with the change that was left in the middle; returns its files, none where there is no such.

    Raises:
        IntegrityError: a file of it was changed by somebody else meanwhile, or the intent is broken.
    """
    place = intent_path(root)
    if not place.is_file():
        return []
    files, before = _read(place)
    tree = WorkTree(root)
    for name, data in files.items():
        found = _digest(tree.read(name))
        if found not in (before[name], _digest(data)):
            raise IntegrityError(
                "an unfinished change of keyrings meets a file that was changed since",
                where=name,
                hint=f"restore the file from git; to give the change up, remove {place} and restore .tdsec",
            )
    written = write_files(root, files)
    place.unlink(missing_ok=True)
    sync_folder(place.parent)
    return written


def _read(place: Path) -> tuple[dict[str, bytes | None], dict[str, str | None]]:
    files: dict[str, bytes | None] = {}
    before: dict[str, str | None] = {}
    try:
        listed = parse_object(place.read_bytes(), "intent")["files"]
        for one in listed if isinstance(listed, list) else [None]:
            if not isinstance(one, dict):
                raise ValueError("malformed")
            name, old, new = one["name"], one["before"], one["after"]
            if (
                not isinstance(name, str)
                or not isinstance(new, str | None)
                or not isinstance(old, str | None)
            ):
                raise ValueError("malformed")
            files[name] = None if new is None else base64.b64decode(new, validate=True)
            before[name] = old
    except (ValueError, KeyError, binascii.Error, OSError, TdsecError):
        raise IntegrityError(
            "the record of an unfinished change is broken",
            where=place,
            hint="restore .tdsec and policies from git, then remove it",
        ) from None
    return files, before


def _digest(data: bytes | None) -> str | None:
    return None if data is None else sha256_hex(data)
