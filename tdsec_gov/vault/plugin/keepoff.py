"""Who must keep off the inner remote of a vault: DVC itself, under whatever name it reaches it."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlparse

from tdsec_gov.errors import AccessDenied, ConfigurationError
from tdsec_gov.vault.plugin.constants import is_vault
from tdsec_gov.vault.plugin.dvcfs import unguarded_cloud_fs
from tdsec_gov.vault.plugin.place import Place
from tdsec_gov.vault.plugin.refusal import VaultRefusal

_WRITES = (
    *("put_file", "_put_file", "pipe_file", "_pipe_file", "pipe", "_pipe", "touch", "cp_file", "_cp_file"),
    *("copy", "mv", "put", "_put", "rm", "_rm", "rm_file", "_rm_file"),
    *("makedirs", "_makedirs", "mkdir", "_mkdir"),
)


def guarded(repo_config: Any, cls: Any, conf: Any, path: str) -> Any:
    """``cls``, or where ``path`` lies in the inner remote of a vault a subclass that refuses to write.

    Compared are places, not names or URLs: a second remote with the same URL is no way round, nor is
    another spelling of it (:mod:`.place`).

    Raises:
        VaultRefusal: DVC's own cache lies there, so plaintext would be readable on the storage.
    """
    place = Place.of(cls.protocol, conf, path)
    for remote in repo_config["remote"].values():
        url = str(remote.get("url", ""))
        name = urlparse(url).netloc
        if not is_vault(url) or name.lower() not in repo_config["remote"]:
            continue
        inner_cls, inner_conf, inner_path = unguarded_cloud_fs(repo_config, name=name)
        if Place.of(inner_cls.protocol, inner_conf, inner_path).holds(place):
            if cls.protocol == "local" and place.path == os.path.realpath(
                str(repo_config.get("cache", {}).get("dir", ""))
            ):
                raise VaultRefusal(
                    ConfigurationError(
                        f"DVC's cache lies inside the storage of the vault tdsec://{name}",
                        where="cache.dir",
                        hint="name another folder: dvc cache dir FOLDER",
                    )
                )
            return refusing(
                cls,
                f"this is the storage inside the vault tdsec://{name}",
                "push to the vault instead (dvc push without -r)",
            )
    return cls


def refusing(cls: Any, message: str, hint: str) -> Any:
    """A subclass of ``cls``, a DVC filesystem, that refuses to write."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise VaultRefusal(AccessDenied(message, hint=hint))

    class Refusing(cls):  # type: ignore[misc]
        """A remote for reading only."""

        upload_fobj = put_file = pipe_file = write_bytes = write_text = copy = cp_file = makedirs = refuse
        mv = move = rm = remove = rm_file = link = hardlink = symlink = reflink = refuse

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            for method in _WRITES:
                if hasattr(self.fs, method):
                    setattr(self.fs, method, refuse)

    Refusing.__name__ = Refusing.__qualname__ = cls.__name__
    return Refusing
