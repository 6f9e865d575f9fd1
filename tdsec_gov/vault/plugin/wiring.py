"""From DVC's settings to a vault: which inner remote, and which evidence."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from tdsec_gov.errors import ConfigurationError, TdsecError
from tdsec_gov.files import WorkTree
from tdsec_gov.vault.keyrings.opened import OpenedVault
from tdsec_gov.vault.plugin.constants import CONTEXT, FOLDER, is_vault
from tdsec_gov.vault.plugin.dvcfs import unguarded_cloud_fs
from tdsec_gov.vault.plugin.refusal import VaultRefusal
from tdsec_gov.vault.plugin.revision import UnderPolicies
from tdsec_gov.vault.storage.across import AcrossRevisions
from tdsec_gov.vault.storage.storage import Storage


class DvcTree:
    """Evidence read through DVC's own filesystem object: a git revision of another repository."""

    def __init__(self, fs: Any, root: str) -> None:
        self.fs = fs
        self.root = root

    def read(self, name: str) -> bytes | None:
        path = self.fs.join(self.root, *name.split("/"))
        if not self.fs.isfile(path):
            return None
        with self.fs.open(path, "rb") as stream:
            data: bytes = stream.read()
            return data

    def names(self, folder: str) -> Iterator[str]:
        top = self.fs.join(self.root, *folder.split("/")) if folder else self.root
        if self.fs.isdir(top):
            for path in sorted(self.fs.find(top)):
                inside = path[len(top.rstrip("/")) :].strip("/")
                yield f"{folder}/{inside}" if folder else inside


def vault_of(url: str) -> tuple[str, str]:
    """``(NAME, sub)`` of ``tdsec://NAME[/sub]``.

    Raises:
        ConfigurationError: no such URL.
    """
    parsed = urlparse(url)
    sub = posixpath.normpath(parsed.path).strip("/.") if parsed.path else ""
    if parsed.scheme != "tdsec" or not parsed.netloc or ".." in sub.split("/"):
        raise ConfigurationError("not a vault URL", expected="tdsec://NAME of a DVC remote", found=url)
    return parsed.netloc, sub


def connect(config: dict[str, Any]) -> tuple[Storage, str, list[str]]:
    """The storage behind a resolved remote, the prefix of its virtual paths, and the folders in the vault
    that the settings know as remotes.

    DVC makes several filesystems of one remote in one command: they share what was read, for as long as
    its settings object lives.

    Raises:
        VaultRefusal: it cannot be opened.
    """
    try:
        dvc_config = config.pop(CONTEXT, None)
        name, sub = vault_of(str(config.pop("url", "")))
        if dvc_config is None or getattr(dvc_config, "dvc_dir", None) is None:
            raise ConfigurationError("a vault needs a DVC repository", hint="run dvc inside one")
        aware = bool(config.get("version_aware"))
        kept: dict[Any, Storage] = vars(dvc_config).setdefault("_tdsec_storages", {})
        storage = kept.get((name, sub, aware))
        if storage is None:
            inner, base = _inner(dvc_config, name, version_aware=aware)
            storage = AcrossRevisions(_vault(dvc_config, name), inner, inner.join(base, FOLDER), sub)
            kept[name, sub, aware] = storage
        return storage, posixpath.join(name, sub) if sub else name, _tops(dvc_config, name)
    except TdsecError as exc:
        raise VaultRefusal(exc) from None


def _tops(dvc_config: Any, vault: str) -> list[str]:
    urls = (str(conf.get("url", "")) for conf in dvc_config.get("remote", {}).values())
    named = [vault_of(url) for url in urls if is_vault(url)]
    return [sub for name, sub in named if name == vault]


def _vault(dvc_config: Any, name: str) -> OpenedVault:
    """By the evidence on disk, or in the git revision that DVC opened (whose protocol says local, too)."""
    from dvc_objects.fs.local import LocalFileSystem

    root = str(Path(dvc_config.dvc_dir).parent)
    fs = getattr(dvc_config, "fs", None)
    if fs is None or isinstance(fs, LocalFileSystem):
        return OpenedVault(name, WorkTree(Path(root)), Path(root))
    tree = DvcTree(fs, root)
    if not getattr(dvc_config, "local_dvc_dir", None):
        return OpenedVault(name, tree, None)
    local = Path(dvc_config.local_dvc_dir).parent
    clone = None if _passing(local) else local
    commit = str(getattr(fs.fs, "rev", "")) if clone else ""
    return OpenedVault(name, UnderPolicies(tree, WorkTree(local)), None, clone, commit)


def _passing(root: Path) -> bool:
    """Whether DVC cloned the repository for this one command (``dvc get URL``): nobody will look there for
    events or pins."""
    opened = sys.modules.get("dvc.repo.open_repo")
    clones = [Path(path) for path, _ in opened.CLONES.values()] if opened else []
    return any(root.resolve().is_relative_to(one.resolve()) for one in clones)


def _inner(dvc_config: Any, name: str, *, version_aware: bool = False) -> tuple[Any, str]:
    if name.lower() not in dvc_config.get("remote", {}):
        raise ConfigurationError(
            f"the vault's inner remote '{name}' doesn't exist",
            where=".dvc/config",
            hint=f"run: dvc remote add {name} URL",
        )
    cls, conf, path = unguarded_cloud_fs(dvc_config, name=name)
    if cls.protocol == "tdsec":
        raise ConfigurationError("a vault cannot lie inside a vault", where=".dvc/config", found=name)
    if version_aware:
        conf = {**conf, "version_aware": True}
    return cls(**conf), path


def open_storage(root: Path, name: str) -> Storage:
    """The storage of vault ``name`` of the repository at ``root``, for our own commands.

    Raises:
        ConfigurationError: DVC's settings are broken, or name no such inner remote.
    """
    from dvc.config import Config, ConfigError

    try:
        config = Config(dvc_dir=str(root / ".dvc"))
        inner, base = _inner(config, name)
    except ConfigError as exc:
        raise ConfigurationError("DVC's settings are refused", where=".dvc/config", found=exc) from exc
    return Storage(OpenedVault(name, WorkTree(root), root), inner, inner.join(base, FOLDER))
