"""What DVC's suite calls a cloud: a place in a vault that its tests fill and look into."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from dvc.testing.cloud import Cloud
from dvc.testing.path_info import CloudURLInfo


class VaultCloud(Cloud, CloudURLInfo):
    """``tdsec://store/SUB/…`` as the repository at ``root`` sees it, read and written through the vault.

    ``tdsec://store/SUB`` is the remote, as a bucket is elsewhere; what follows is a path on it.
    """

    root: Path
    bare: bool

    @classmethod
    def at(cls, url: str, root: Path, bare: bool) -> VaultCloud:
        """``bare``: the suite hands the settings to DVC without a repository, so they name theirs."""
        cloud = cls(url)
        cloud.root, cloud.bare = root, bare
        return cloud

    def replace(self, path: Any = None) -> VaultCloud:
        """Another place in the same vault; ``/`` and ``parent`` come here."""
        return VaultCloud.at(super().replace(path).url, self.root, self.bare)

    @property
    def _dvc_config(self) -> Any:
        from dvc.config import Config

        return Config(dvc_dir=str(self.root / ".dvc"))

    @property
    def config(self) -> dict[str, Any]:
        from tdsec_gov.vault.plugin.constants import CONTEXT

        return {"url": self.url, **({CONTEXT: self._dvc_config} if self.bare else {})}

    @property
    def _fs(self) -> Any:
        """A new one at each call: tests change things behind the back of the one they had."""
        from dvc.fs import get_cloud_fs

        remote = f"tdsec://{self.bucket}/{self.path.partition('/')[0]}"
        cls, config, _ = get_cloud_fs(self._dvc_config, url=remote)
        return cls(**config)

    @property
    def fs_path(self) -> str:
        return f"{self.bucket}/{self.path}".rstrip("/")

    def is_file(self) -> bool:
        return bool(self._fs.isfile(self.fs_path))

    def is_dir(self) -> bool:
        return bool(self._fs.isdir(self.fs_path))

    def exists(self) -> bool:
        return bool(self._fs.exists(self.fs_path))

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        self._fs.makedirs(self.fs_path, exist_ok=True)

    def write_bytes(self, contents: bytes) -> None:
        self._fs.put_file(io.BytesIO(contents), self.fs_path, size=len(contents))

    def read_bytes(self) -> bytes:
        with self._fs.open(self.fs_path, "rb") as stream:
            data: bytes = stream.read()
            return data

    def unlink(self, missing_ok: bool = False) -> None:
        if self.exists() or not missing_ok:
            self._fs.remove(self.fs_path)

    def rmdir(self, recursive: bool = True) -> None:
        fs = self._fs
        for path in list(fs.find(self.fs_path)):
            fs.remove(path)
