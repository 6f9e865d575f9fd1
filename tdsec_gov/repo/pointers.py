"""DVC pointers: ``*.dvc`` files and ``dvc.lock``, read as bytes, without importing dvc.

A pointer file that DVC would understand differently than we do is refused, never guessed at.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.domain.yamlguard import refuse_bomb
from tdsec_gov.errors import ConfigurationError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIX = "mend it or run: dvc add"
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ELSEWHERE = ("files", "cloud")
"""Keys with which an output names other bytes than its md5 (cloud-versioned remotes)."""


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


def read_pointers(
    names: Iterable[str],
    read: Callable[[str], bytes | None],
    links: Callable[[list[str]], list[str]] | None = None,
) -> list[Pointer]:
    """The outputs of all pointer files among ``names``, each read by ``read`` (None: not there).

    A ``dvc.yaml`` stands for the ``dvc.lock`` beside it: its ``wdir`` decides what that one names.
    ``links`` tells which of some names are symbolic links, where ``read`` does not follow them as DVC does.

    Raises:
        ConfigurationError: as :func:`parse_pointers`, or a pointer file is a link.
    """
    beside = (_beside(name, "dvc.lock") if PurePosixPath(name).name == "dvc.yaml" else name for name in names)
    files = [one for one in dict.fromkeys(beside) if is_pointer_file(one) and not one.startswith(".dvc/")]
    if links is not None and files:
        _refuse_links(links([*files, *(_beside(one, "dvc.yaml") for one in files if _is_lock(one))]))
    found: list[Pointer] = []
    for file in files:
        text = read(file)
        if text is not None:
            found += parse_pointers(text, file, read(_beside(file, "dvc.yaml")) if _is_lock(file) else None)
    return found


def _refuse_links(links: list[str]) -> None:
    """Raises ConfigurationError: git keeps where a link leads, DVC reads what lies there."""
    if links:
        raise ConfigurationError(
            "a DVC file is a symbolic link", where=links[0], expected="a plain file", hint=_FIX
        )


def parse_pointers(text: bytes, file: str, stages: bytes | None = None) -> list[Pointer]:
    """The outputs that pointer file ``file`` (path from the root) names.

    ``stages`` is the ``dvc.yaml`` beside a ``dvc.lock``: paths in the lock are relative to the
    ``wdir`` that the stage has there.

    Raises:
        ConfigurationError: broken YAML, a merge conflict, or an output without a usable oid.
    """
    body = _mapping(text, file)
    if not _is_lock(file):
        return _pointers(body, str(body.get("wdir") or "."), file)
    locked = body.get("stages") or {}
    if not isinstance(locked, dict) or (body and "stages" not in body):
        raise ConfigurationError("broken DVC file", where=file, expected="a mapping of stages", hint=_FIX)
    known = _mapping(stages, _beside(file, "dvc.yaml")).get("stages") if stages is not None else None
    found: list[Pointer] = []
    for name, stage in locked.items():
        definition = _definition(known, str(name))
        wdir, plain = _folder(definition, str(name), file), _not_cached(definition)
        found += _pointers(_without(stage, plain), wdir, file)
    return found


def _is_lock(file: str) -> bool:
    return PurePosixPath(file).name == "dvc.lock"


def _beside(file: str, base: str) -> str:
    return str(PurePosixPath(file).with_name(base))


def _mapping(text: bytes, file: str) -> dict[str, Any]:
    try:
        decoded = text.decode("utf-8")
        refuse_bomb(decoded)
        body = yaml.load(decoded, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise ConfigurationError("broken DVC file", where=file, found=type(exc).__name__, hint=_FIX) from None
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise ConfigurationError("broken DVC file", where=file, expected="a mapping", hint=_FIX)
    return body


def _definition(stages: Any, name: str) -> dict[str, Any]:
    """What dvc.yaml says of a locked stage, ``name@item`` for one of a foreach."""
    stage = stages.get(name, stages.get(name.partition("@")[0])) if isinstance(stages, dict) else None
    inner = stage.get("do", stage) if isinstance(stage, dict) else None
    return inner if isinstance(inner, dict) else {}


def _not_cached(definition: dict[str, Any]) -> set[str]:
    """Outputs with ``cache: false``: dvc.lock lists them like all others, DVC never stores them."""
    lists = [definition.get(key) for key in ("outs", "metrics", "plots")]
    items = [one for found in lists if isinstance(found, list) for one in found]
    pairs = [pair for one in items for pair in (one.items() if isinstance(one, dict) else [(one, None)])]
    plain = {str(path) for path, given in pairs if isinstance(given, dict) and given.get("cache") is False}
    named = [posixpath.normpath(str(path)) for path, _ in pairs]
    return {path for path in plain if named.count(posixpath.normpath(path)) == 1}


def _without(stage: Any, plain: set[str]) -> Any:
    outs = stage.get("outs") if isinstance(stage, dict) else None
    if not plain or not isinstance(outs, list):
        return stage
    return {"outs": [one for one in outs if not (isinstance(one, dict) and one.get("path") in plain)]}


def _folder(definition: dict[str, Any], name: str, file: str) -> str:
    """The ``wdir`` of a locked stage. Raises ConfigurationError: only DVC can work it out."""
    wdir = str(definition.get("wdir") or ".")
    if "${" in wdir:
        raise ConfigurationError(
            f"stage '{name}' has a template for its wdir",
            where=_beside(file, "dvc.yaml"),
            hint="write the folder out, or let the template be in the paths of outs",
        )
    return wdir


def _pointers(stage: Any, wdir: str, file: str) -> list[Pointer]:
    outs = (stage.get("outs") or []) if isinstance(stage, dict) else None
    if not isinstance(outs, list):
        raise ConfigurationError("broken DVC file", where=file, expected="a list of outs", hint=_FIX)
    return [pointer for out in outs for pointer in _pointer(out, wdir, file)]


def _pointer(out: Any, wdir: str, file: str) -> list[Pointer]:
    if not isinstance(out, dict) or not isinstance(out.get("path"), str):
        raise ConfigurationError("output without a path", where=file, hint=_FIX)
    path, oid = out["path"], out.get("md5")
    cached = out.get("cache", True) is not False
    if "://" in path or (path.startswith("/") and not cached):
        return []
    if path.startswith("/") or wdir.startswith("/") or _UNFIT.search(file + path + wdir):
        raise ConfigurationError(
            "output has an absolute path, or characters that no name may have",
            where=file,
            hint="move it, dvc add again",
        )
    name = _normal(PurePosixPath(file).parent / wdir / path, file)
    if oid is None and not cached:
        return []
    if any(key in out for key in _ELSEWHERE):
        raise ConfigurationError(
            f"output '{name}' is cloud-versioned: its md5 does not say which bytes DVC would get",
            where=file,
            hint="use a remote without version_aware and worktree, and dvc add it again",
        )
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
