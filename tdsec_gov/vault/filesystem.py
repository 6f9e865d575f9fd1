"""The filesystem that DVC talks to: its calls on virtual paths, answered by :class:`Storage`.

Virtual paths are ``NAME[/sub]/files/md5/ab/cdef…``. Only DVC's content-addressed objects live in a
vault; any other path does not exist and cannot be written.
"""

from __future__ import annotations

import functools
import inspect
import io
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from dvc_objects.fs.base import FileSystem
from fsspec import AbstractFileSystem

from tdsec_gov.domain.dataset import is_oid
from tdsec_gov.errors import AccessDenied, TdsecError
from tdsec_gov.vault.objects import opened_size
from tdsec_gov.vault.refusal import VaultRefusal
from tdsec_gov.vault.storage import Storage

_LAYOUT = ("files", "md5")


def oid_of(path: str) -> str | None:
    """The oid that a virtual path ends in, None for every other path."""
    parts = path.rstrip("/").split("/")
    oid = "".join(parts[-2:])
    return oid if tuple(parts[-4:-2]) == _LAYOUT and len(parts[-2]) == 2 and is_oid(oid) else None


def _speaking_dvc(cls: Any) -> Any:
    """Let every TdsecError leave the class's file operations as :class:`VaultRefusal`."""
    for name in ("exists", "info", "find", "put_file", "get_file", "open", "rm_file", "upload_fobj"):
        if name in vars(cls):
            setattr(cls, name, _translated(vars(cls)[name]))
    return cls


def _translated(method: Any) -> Any:
    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = method(*args, **kwargs)
            return list(answer) if inspect.isgenerator(answer) else answer
        except TdsecError as exc:
            raise VaultRefusal(exc) from None

    return wrapper


@_speaking_dvc
class VaultFs(AbstractFileSystem):  # type: ignore[misc]
    """fsspec's side: what DVC asks of ``fs.fs``."""

    protocol = "tdsec"
    cachable = False
    async_impl = False
    root_marker = ""

    def __init__(self, storage: Storage, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.storage = storage
        self.prefix = prefix.rstrip("/")

    def _virtual(self, oid: str) -> str:
        return posixpath.join(self.prefix, *_LAYOUT, oid[:2], oid[2:])

    def _is_folder(self, path: str) -> bool:
        path = path.rstrip("/")
        top = posixpath.join(self.prefix, *_LAYOUT)
        return top == path or top.startswith(f"{path}/") or posixpath.dirname(path) == top

    def exists(self, path: str, **kwargs: Any) -> bool:
        oid = oid_of(path)
        return bool(self.storage.inner.exists(self.storage.place_of(oid))) if oid else self._is_folder(path)

    lexists = exists

    def isfile(self, path: str) -> bool:
        return oid_of(path) is not None and self.exists(path)

    def isdir(self, path: str) -> bool:
        return oid_of(path) is None and self._is_folder(path)

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Size in bytes of the plaintext. Checksums of the ciphertext are never shown as the content's."""
        oid = oid_of(path)
        if oid is None:
            if self._is_folder(path):
                return {"name": path, "type": "directory", "size": 0}
            raise FileNotFoundError(path)
        inner = self.storage.inner.info(self.storage.place_of(oid))
        return {"name": path, "type": "file", "size": opened_size(inner["size"])}

    def ls(self, path: str, detail: bool = False, **kwargs: Any) -> list[Any]:
        return [self.info(name) if detail else name for name in self.find(path)]

    def find(self, path: str, maxdepth: Any = None, withdirs: bool = False, **kwargs: Any) -> Iterator[str]:
        """All objects, or for ``…/ab`` one of 256 shelves: DVC asks for all of them and joins the answers."""
        path = path.rstrip("/")
        top = posixpath.join(self.prefix, *_LAYOUT)
        if path == top or top.startswith(f"{path}/"):
            yield from (self._virtual(oid) for oid in self.storage.oids())
        elif posixpath.dirname(path) == top and len(posixpath.basename(path)) == 2:
            yield from (self._virtual(oid) for oid in self.storage.oids(posixpath.basename(path)))

    def put_file(self, lpath: str, rpath: str, callback: Any = None, **kwargs: Any) -> None:
        with Path(lpath).open("rb", buffering=0) as source:
            self.storage.put(self._writable(rpath), source, callback)

    def get_file(self, rpath: str, lpath: str, callback: Any = None, **kwargs: Any) -> None:
        if self.isdir(rpath):
            Path(lpath).mkdir(parents=True, exist_ok=True)
            return
        oid = oid_of(rpath)
        if oid is None:
            raise FileNotFoundError(rpath)
        self.storage.get(oid, Path(lpath))

    def open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        oid = oid_of(path)
        if "r" not in mode or "+" in mode:
            self._writable(path)
            raise AccessDenied("vault objects are written whole", where=path, hint="use dvc push")
        if oid is None:
            raise FileNotFoundError(path)
        stream = self.storage.open(oid)
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding=kwargs.get("encoding"))

    def rm_file(self, path: str) -> None:
        self.storage.remove(self._writable(path))

    def rm(self, path: str | list[str], recursive: bool = False, maxdepth: Any = None) -> None:
        for one in [path] if isinstance(path, str) else path:
            self.rm_file(one)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Nothing to do: folders of the plaintext layout do not exist."""

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Nothing to do, as :meth:`makedirs`."""

    def _writable(self, path: str) -> str:
        oid = oid_of(path)
        if oid is None:
            raise AccessDenied(
                "only datasets that the gate knows are stored in a vault",
                where=path,
                hint="track the file with dvc add, run tdsec check, then dvc push",
            )
        return oid


@_speaking_dvc
class VaultFileSystem(FileSystem):
    """DVC's side: the class behind ``tdsec://``."""

    protocol = "tdsec"
    PARAM_CHECKSUM = "md5"
    REQUIRES: ClassVar[dict[str, str]] = {"cryptography": "cryptography"}
    CAN_TRAVERSE = True
    TRAVERSE_PREFIX_LEN = 2
    REMOTE_CONFIG: ClassVar[dict[str, Any]] = {}

    def __init__(self, fs: Any = None, **config: Any) -> None:
        from tdsec_gov.vault.wiring import connect

        storage, prefix = connect(config)
        super().__init__(fs or VaultFs(storage, prefix), **config)
        self.storage = storage

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return path.removeprefix("tdsec://").rstrip("/")

    def unstrip_protocol(self, path: str) -> str:
        return f"tdsec://{path}"

    @staticmethod
    def _get_kwargs_from_urls(urlpath: str) -> dict[str, Any]:
        return {"url": urlpath}

    @property
    def fsid(self) -> str:
        return f"tdsec_{self.fs.prefix}"

    def put_file(
        self, from_file: Any, to_info: str, callback: Any = None, size: int | None = None, **kwargs: Any
    ) -> None:
        if hasattr(from_file, "read"):
            self.storage.put(self.fs._writable(to_info), from_file, callback)
        else:
            self.fs.put_file(str(from_file), to_info, callback=callback)

    def upload_fobj(self, fobj: Any, to_info: str, **kwargs: Any) -> None:
        self.storage.put(self.fs._writable(to_info), fobj)

    def exists(self, path: Any, callback: Any = None, batch_size: int | None = None) -> Any:
        """One path, or many asked of the inner remote at once."""
        if isinstance(path, str):
            return self.fs.exists(path)
        oids = [oid_of(one) for one in path]
        places = [self.storage.place_of(oid) for oid in oids if oid is not None]
        extra = {} if callback is None else {"callback": callback}
        known = iter(self.storage.inner.exists(places, batch_size=batch_size, **extra))
        return [
            next(known) if oid is not None else self.fs.exists(one)
            for one, oid in zip(path, oids, strict=True)
        ]
