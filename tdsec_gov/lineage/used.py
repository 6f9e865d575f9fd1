"""Which data does this run use? Named by ``tdsec run``, by the DVC stage, or by ``mlflow.log_input``.

Where none of them says anything, nothing is claimed, and the run stays unverified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_json
from tdsec_gov.domain.dataset import is_oid, is_sha256
from tdsec_gov.errors import ConfigurationError, DataTampered, IntegrityError
from tdsec_gov.lineage.stage import stage_dependencies
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository

DATA, REPO, PURPOSE, SESSION = "TDSEC_DATA", "TDSEC_REPO", "TDSEC_PURPOSE", "TDSEC_SESSION"


@dataclass(frozen=True, slots=True)
class Used:
    """A dataset that a run says it uses. ``root`` is what ``tdsec run`` verified, empty elsewhere."""

    name: str
    oid: str
    origin: str
    root: str = ""


def to_variable(used: Iterable[Used]) -> str:
    """The value of ``TDSEC_DATA``: a JSON list of ``{name, oid, root}``."""
    items: list[JsonValue] = [{"name": one.name, "oid": one.oid, "root": one.root} for one in used]
    return canonical_bytes(items).decode()


def from_variable(text: str) -> list[Used]:
    """Read ``TDSEC_DATA``. It names data; it proves nothing.

    Raises:
        ConfigurationError: not what :func:`to_variable` writes.
    """
    refused = ConfigurationError(f"{DATA} is malformed", hint="start the script with: tdsec run --data")
    try:
        items = parse_json(text, DATA)
    except IntegrityError:
        raise refused from None
    found = []
    for item in items if isinstance(items, list) else [None]:
        if not isinstance(item, dict) or set(item) != {"name", "oid", "root"}:
            raise refused
        name, oid, root = item["name"], item["oid"], item["root"]
        if not isinstance(name, str) or not is_oid(oid) or not is_sha256(root):
            raise refused
        found.append(Used(name, str(oid), "tdsec run", str(root)))
    return found


def used_by(environment: Mapping[str, str], repository: Repository) -> list[Used]:
    """What the environment says that this process uses.

    Raises:
        ConfigurationError: ``TDSEC_DATA`` is malformed, or the running DVC stage cannot be read.
        DataTampered: a pointer changed since ``tdsec run`` verified it.
    """
    found: dict[str, Used] = {}
    if not environment.get(DATA) and not environment.get("DVC_STAGE"):
        return []
    root, known = repository.root, repository.work_tree()
    for one in from_variable(environment[DATA]) if environment.get(DATA) else []:
        if all(pointer.oid != one.oid for pointer in known if pointer.name == one.name):
            raise DataTampered("the pointer changed since tdsec run verified it", where=one.name)
        found[one.name] = one
    for path in stage_dependencies(environment, root):
        for pointer in tracking(path, root, known):
            found.setdefault(pointer.name, Used(pointer.name, pointer.oid, "dvc stage"))
    return list(found.values())


def tracking(path: Path, root: Path, pointers: Iterable[Pointer]) -> list[Pointer]:
    """Pointers of the datasets that ``path`` (absolute) is, lies in, or contains; none outside ``root``."""
    try:
        name = path.parent.resolve().joinpath(path.name).relative_to(root.resolve()).as_posix()
    except (ValueError, OSError):
        return []
    return [
        one
        for one in pointers
        if name in (one.name, one.file) or name.startswith(f"{one.name}/") or one.name.startswith(f"{name}/")
    ]
