"""DVC's local cache as we read it: where an object lies, and which files a ``.dir`` object names."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from configobj import ConfigObj, ConfigObjError

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

    @property
    def objects(self) -> Path:
        """The folder of objects, by the first two digits of their oid."""
        return self.folder / "files" / "md5"

    def holds(self, oid: str) -> bool:
        return self.location(oid).is_file()

    def members(self, oid: str, name: str) -> list[tuple[str, str]]:
        """``(path, oid)`` of every file of dataset ``name``: one for a file, all for a ``.dir``.

        Raises:
            UsageError: an object is not in the cache.
            DataTampered: the ``.dir`` object is not a list of files.
        """
        return list(self.each_member(oid, name))

    def each_member(self, oid: str, name: str) -> Iterator[tuple[str, str]]:
        """As :meth:`members`, one after the other."""
        if not self.holds(oid):
            raise UsageError(
                f"the data of '{name}' is not in the DVC cache",
                expected=f"cache object {oid}",
                hint=f"run: dvc fetch {name} (or dvc add {name} when it is new)",
            )
        if not oid.endswith(".dir"):
            yield name.rsplit("/", 1)[-1], oid
            return
        with naming_os_errors(self.location(oid), "cannot be read"):
            data = self.location(oid).read_bytes()
        yield from read_dir_object(data, name)


def parse_dir_object(data: bytes, name: str) -> list[tuple[str, str]]:
    """``(path, oid)`` of the files that a ``.dir`` object of dataset ``name`` lists.

    Only the form that DVC writes (``json.dumps`` of objects with ``md5`` and ``relpath``) is read: in white
    space, further keys or keys given twice anything could hide that no check has seen.

    Raises:
        DataTampered: not such a list.
    """
    return list(read_dir_object(data, name))


def read_dir_object(data: bytes, name: str) -> Iterator[tuple[str, str]]:
    """As :func:`parse_dir_object`, one after the other: a list of a million files is never there twice.
    What is wrong is raised when it is come to."""
    end = 0
    for found in _MEMBER.finditer(data):
        opening, oid, path = found.group(1, 2, 3)
        if found.start() != end or opening != (b", " if end else b"["):
            break
        end = found.end()
        yield _relpath(path, name), oid.decode()
    if data[end:] != (b"]" if end else b"[]"):
        raise _no_list(name)


_MEMBER = re.compile(
    rb'(\[|, )\{"md5": "([0-9a-f]{32}(?:\.dir)?)", "relpath": "([ !#-\[\]-~]*+(?:\\[ -~][ !#-\[\]-~]*+)*+)"\}'
)


def _relpath(written: bytes, name: str) -> str:
    text = written.decode("ascii")
    if "\\" not in text:
        return text
    try:
        path = json.loads(f'"{text}"')
    except ValueError:
        raise _no_list(name) from None
    if json.dumps(path) != f'"{text}"':
        raise _no_list(name)
    return str(path)


def _no_list(name: str) -> DataTampered:
    return DataTampered("the DVC .dir object is not a list of files", where=name, hint="run: dvc add")
