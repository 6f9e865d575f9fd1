"""Dependencies of the DVC stage that is running (``dvc repro`` sets DVC_ROOT and DVC_STAGE)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tdsec_gov.errors import ConfigurationError, TdsecError
from tdsec_gov.files import naming_os_errors
from tdsec_gov.policy.yamlfile import parse_yaml


def stage_dependencies(environment: Mapping[str, str], root: Path) -> list[Path]:
    """Absolute paths of the dependencies of the running stage; none outside a stage of ``root``.

    dvc.yaml is read here; dvc itself is asked only where the stage is templated.

    Raises:
        ConfigurationError: the stage is not found in any dvc.yaml, or that file is broken.
    """
    address, base = environment.get("DVC_STAGE", ""), environment.get("DVC_ROOT", "")
    if not address or not base or Path(base).resolve() != root.resolve():
        return []
    file, _, name = address.rpartition(":")
    definition = _definition(file, root)
    stage = _stages(definition).get(name)
    if isinstance(stage, dict) and (paths := _plain(stage, definition.parent)) is not None:
        return paths
    return _ask_dvc(definition, name, root)


def _definition(file: str, root: Path) -> Path:
    """The dvc.yaml that an address names; its path is relative to where dvc was started."""
    wanted = Path(file or "dvc.yaml")
    tail = Path(*[part for part in wanted.parts if part != ".."])
    for candidate in (Path.cwd() / wanted, root / tail, Path.cwd() / tail.name):
        if candidate.is_file():
            return candidate.resolve()
    raise ConfigurationError("the running DVC stage has no dvc.yaml", where=file or "dvc.yaml")


def _stages(definition: Path) -> dict[str, Any]:
    with naming_os_errors(definition, "cannot be read"):
        body = parse_yaml(definition.read_bytes(), definition.name)
    stages = body.get("stages") if isinstance(body, dict) else None
    return stages if isinstance(stages, dict) else {}


def _plain(stage: dict[str, Any], folder: Path) -> list[Path] | None:
    """The dependencies as paths, or None where they need dvc to resolve them."""
    if "foreach" in stage or "matrix" in stage:
        return None
    deps, wdir = stage.get("deps") or [], stage.get("wdir") or "."
    texts = [next(iter(dep), "") if isinstance(dep, dict) else dep for dep in deps]
    if any("${" in str(text) for text in (*texts, wdir)):
        return None
    return [folder / str(wdir) / str(text) for text in texts if "://" not in str(text)]


def _ask_dvc(definition: Path, name: str, root: Path) -> list[Path]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            stage = repo.stage.load_one(path=str(definition), name=name)
            return [Path(dep.fs_path) for dep in stage.deps if dep.protocol == "local"]
    except TdsecError:
        raise
    except (DvcException, OSError) as exc:
        raise ConfigurationError(
            f"DVC stage '{name}' cannot be read", where=definition.name, found=type(exc).__name__
        ) from None
