"""DVC pointers: ``*.dvc`` files and ``dvc.lock``, read as bytes, without importing dvc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.errors import ConfigurationError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIX = "mend it or run: dvc add"


@dataclass(frozen=True, slots=True, order=True)
class Pointer:
    """One output that a pointer file names.

    ``name`` is the dataset's path from the repository's root, ``oid`` DVC's MD5 (``.dir`` for a
    folder), ``file`` the pointer file. ``cached`` is False for outputs that DVC does not store.
    """

    name: str
    oid: str
    file: str
    cached: bool = True


def is_pointer_file(name: str) -> bool:
    """Whether a tracked file of this name holds DVC outputs."""
    base = PurePosixPath(name).name
    return base == "dvc.lock" or (base.endswith(".dvc") and base != ".dvc")


def parse_pointers(text: bytes, file: str) -> list[Pointer]:
    """The outputs that pointer file ``file`` (path from the root) names.

    Raises:
        ConfigurationError: broken YAML, a merge conflict, or an output without a usable oid.
    """
    try:
        body = yaml.load(text.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise ConfigurationError("broken DVC file", where=file, found=type(exc).__name__, hint=_FIX) from None
    if body is None:
        return []
    if not isinstance(body, dict):
        raise ConfigurationError("broken DVC file", where=file, expected="a mapping", hint=_FIX)
    folder = PurePosixPath(file).parent
    return [pointer for out in _outs(body, file) for pointer in _pointer(out, folder, body, file)]


def _outs(body: dict[str, Any], file: str) -> list[Any]:
    if not file.endswith("dvc.lock"):
        return _list(body, file)
    stages = body.get("stages") or {}
    if not isinstance(stages, dict):
        raise ConfigurationError("broken DVC file", where=file, expected="a mapping of stages", hint=_FIX)
    return [out for stage in stages.values() for out in _list(stage, file)]


def _list(stage: Any, file: str) -> list[Any]:
    outs = (stage.get("outs") or []) if isinstance(stage, dict) else None
    if not isinstance(outs, list):
        raise ConfigurationError("broken DVC file", where=file, expected="a list of outs", hint=_FIX)
    return outs


def _pointer(out: Any, folder: PurePosixPath, body: dict[str, Any], file: str) -> list[Pointer]:
    if not isinstance(out, dict) or not isinstance(out.get("path"), str):
        raise ConfigurationError("output without a path", where=file, hint=_FIX)
    path = out["path"]
    if "://" in path or path.startswith("/"):
        return []
    name = _normal(folder / str(body.get("wdir") or ".") / path, file)
    cached = out.get("cache", True) is not False
    oid = out.get("md5")
    if oid is None and not cached:
        return []
    if not is_oid(oid):
        raise ConfigurationError(
            f"output '{name}' has no DVC checksum", where=file, hint="run: dvc add or dvc commit"
        )
    if out.get("hash") != "md5":
        raise ConfigurationError(
            f"output '{name}' has a DVC 2 checksum", where=file, hint="run: dvc cache migrate --dvc-files"
        )
    return [Pointer(name, str(oid), file, cached)]


def _normal(path: PurePosixPath, file: str) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                raise ConfigurationError("output lies outside the repository", where=file)
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
