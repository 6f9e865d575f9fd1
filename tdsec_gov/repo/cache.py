"""DVC's local cache as we read it: where an object lies, and which files a ``.dir`` object names."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from configobj import ConfigObj, ConfigObjError

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.errors import ConfigurationError, DataTampered, UsageError
from tdsec_gov.files import naming_os_errors


def dvc_config(dvc_dir: Path) -> dict[str, dict[str, str]]:
    """The settings in .dvc/config and .dvc/config.local (the latter wins), section by section.

    Raises:
        ConfigurationError: a file is broken.
    """
    merged: dict[str, dict[str, str]] = {}
    for path in (_global_config(), dvc_dir / "config", dvc_dir / "config.local"):
        if path is None or not path.is_file():
            continue
        try:
            body = ConfigObj(str(path), list_values=False, interpolation=False, encoding="utf-8")
        except (ConfigObjError, UnicodeDecodeError, OSError) as exc:
            raise ConfigurationError("broken DVC config", where=path, found=type(exc).__name__) from None
        for section in body.sections:
            merged.setdefault(section.replace("'", '"'), {}).update(body[section].items())
    return merged


def _global_config() -> Path | None:
    folder = os.environ.get("DVC_GLOBAL_CONFIG_DIR")
    if folder:
        return Path(folder) / "config"
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "dvc" / "config"


@dataclass(frozen=True, slots=True)
class Cache:
    """DVC's local cache folder."""

    folder: Path

    @classmethod
    def of(cls, root: Path) -> Cache:
        """The cache of the repository at ``root``, as its DVC settings name it.

        Raises:
            ConfigurationError: there is no .dvc folder, or its settings are broken.
        """
        dvc_dir = root / ".dvc"
        if not dvc_dir.is_dir():
            raise ConfigurationError("not a DVC repository", where=root, hint="run: dvc init")
        named = dvc_config(dvc_dir).get("cache", {}).get("dir")
        return cls((dvc_dir / named).resolve() if named else dvc_dir / "cache")

    def location(self, oid: str) -> Path:
        """Where the object lies, if it is there."""
        return self.folder / "files" / "md5" / oid[:2] / oid[2:]

    def holds(self, oid: str) -> bool:
        return self.location(oid).is_file()

    def members(self, oid: str, name: str) -> list[tuple[str, str]]:
        """``(path, oid)`` of every file of dataset ``name``: one for a file, all for a ``.dir``.

        Raises:
            UsageError: an object is not in the cache.
            DataTampered: the ``.dir`` object is not a list of files.
        """
        if not self.holds(oid):
            raise UsageError(
                f"the data of '{name}' is not in the DVC cache",
                expected=f"cache object {oid}",
                hint=f"run: dvc fetch {name} (or dvc add {name} when it is new)",
            )
        if not oid.endswith(".dir"):
            return [(name.rsplit("/", 1)[-1], oid)]
        with naming_os_errors(self.location(oid), "cannot be read"):
            return parse_dir_object(self.location(oid).read_bytes(), name)


def parse_dir_object(data: bytes, name: str) -> list[tuple[str, str]]:
    """``(path, oid)`` of the files that a ``.dir`` object of dataset ``name`` lists.

    Only the form that DVC writes is read: in white space, further keys or keys given twice anything
    could hide that no check has seen.

    Raises:
        DataTampered: not such a list.
    """
    try:
        body = json.loads(data)
        items = [(item["relpath"], item["md5"]) for item in body] if isinstance(body, list) else [("", "")]
        plain = [{"md5": oid, "relpath": path} for path, oid in items]
        known = data == json.dumps(plain).encode()
    except (ValueError, TypeError, KeyError, RecursionError):
        items, known = [], False
    if not known or any(not isinstance(path, str) or not is_oid(oid) for path, oid in items):
        raise DataTampered("the DVC .dir object is not a list of files", where=name, hint="run: dvc add")
    return items
