"""The filesystem that DVC talks to: its calls on virtual paths, answered by :class:`Storage` (DVC's
content-addressed objects) and :class:`Paths` (all other files)."""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import os
import posixpath
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from dvc_objects.fs.base import FileSystem
from fsspec import AbstractFileSystem

from tdsec_gov.errors import AccessDenied, TdsecError
from tdsec_gov.vault.objects.carriers import transfer_options
from tdsec_gov.vault.plugin.refusal import VaultRefusal
from tdsec_gov.vault.storage.addresses import Address, shelf_of, virtual
from tdsec_gov.vault.storage.paths import Paths
from tdsec_gov.vault.storage.room import Opener
from tdsec_gov.vault.storage.storage import Storage

_SPOOL = 32 << 20


def _speaking_dvc(cls: Any) -> Any:
    """Let every TdsecError leave the class's file operations as :class:`VaultRefusal`."""
    for name in ("exists", "info", "ls", "find", "put_file", "get_file", "open", "rm_file", "cp_file"):
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

    def __init__(self, storage: Storage, prefix: str, tops: Collection[str] = ("",), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.storage = storage
        self.prefix = prefix.rstrip("/")
        self.vault = self.prefix.partition("/")[0]
        if hasattr(storage.inner.fs, "max_concurrency"):
            self.max_concurrency = storage.inner.fs.max_concurrency
        self.paths = Paths(storage, storage.sub if storage.sub in tops else "", tops)

    def _address(self, path: str) -> Address:
        found = Address.of(path)
        if found.oid is not None and found.sub != self.storage.sub:
            return Address("", None, found.path)
        return found

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return str(path).removeprefix("tdsec://").rstrip("/")

    # -- looking -------------------------------------------------------------------------------

    def exists(self, path: str, **kwargs: Any) -> bool:
        at = self._address(path)
        if at.oid is not None:
            return self.storage.exists([at.oid])[0]
        return self._is_layout(path) or not at.path or self.paths.exists(at.path, at.version)

    lexists = exists

    def _is_layout(self, path: str) -> bool:
        """Folders of DVC's own layout: they are always there, though nowhere on the storage."""
        path = path.rstrip("/")
        return path == posixpath.join(self.prefix, "files") or shelf_of(self.prefix, path) is not None

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """Size in bytes of the plaintext. Checksums of the ciphertext are never shown as the content's."""
        at = self._address(path)
        if at.oid is not None:
            return {"name": path, "type": "file", "size": self.storage.size(at.oid)}
        if self._is_layout(path) or not at.path:
            return {"name": path, "type": "directory", "size": 0}
        return {**self.paths.info(at.path, at.version), "name": path}

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        if self._is_layout(path):
            return [self.info(name) if detail else name for name in self.find(path)]
        found = self.paths.ls(self._address(path).path)
        items = [{**one, "name": f"{self.vault}/{one['name']}"} for one in found]
        return items if detail else [one["name"] for one in items]

    def find(
        self, path: str, maxdepth: Any = None, withdirs: bool = False, detail: bool = False, **kwargs: Any
    ) -> Any:
        """All objects, or for ``…/ab`` one of 256 shelves: DVC asks for all of them and joins the
        answers; of any other folder the files."""
        if maxdepth is not None or withdirs:
            return super().find(path, maxdepth=maxdepth, withdirs=withdirs, detail=detail, **kwargs)
        shelf = shelf_of(self.prefix, path)
        if shelf is not None:
            names = [virtual(self.prefix, oid) for oid in self.storage.oids(shelf or None)]
        else:
            names = [f"{self.vault}/{one}" for one in self.paths.find(self._address(path).path)]
        return {name: self.info(name) for name in names} if detail else names

    # -- in and out ----------------------------------------------------------------------------

    def put_file(self, lpath: str, rpath: str, callback: Any = None, **kwargs: Any) -> None:
        if callback is not None:
            callback.set_size(os.path.getsize(lpath))
        opener = cast(Opener, functools.partial(open, lpath, "rb", buffering=0))
        with _as_wanted(kwargs):
            self.store(rpath, opener, callback)

    def store(self, path: str, opener: Opener, callback: Any = None) -> None:
        """Store what ``opener`` gives under a virtual path."""
        at = self._address(path)
        if at.oid is not None:
            self.storage.put(at.oid, opener, callback)
        else:
            self.paths.put(at.path, opener, callback)

    def get_file(self, rpath: str, lpath: str, callback: Any = None, **kwargs: Any) -> None:
        at = self._address(rpath)
        with _as_wanted(kwargs):
            if at.oid is not None:
                self.storage.get(at.oid, Path(lpath), callback)
            elif self._is_layout(rpath) or self.paths.info(at.path, at.version)["type"] == "directory":
                Path(lpath).mkdir(parents=True, exist_ok=True)
            else:
                self.paths.get(at.path, Path(lpath), at.version, callback)

    def open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        at = self._address(path)
        if "r" not in mode or "+" in mode:
            raise AccessDenied("files in a vault are written whole", where=path, hint="use dvc push")
        stream = self.storage.open(at.oid) if at.oid else self.paths.open(at.path, at.version)
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding=kwargs.get("encoding"))

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Names are bound to contents, so a copy is decrypted and encrypted anew."""
        with self.open(path1) as source:
            self.store(path2, functools.partial(_again, source))

    def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
        self.cp_file(path1, path2)
        self.rm_file(path1)

    def rm_file(self, path: str) -> None:
        at = self._address(path)
        if at.oid is not None:
            self.storage.remove(at.oid)
        else:
            self.paths.remove(at.path)

    def rm(self, path: str | list[str], recursive: bool = False, maxdepth: Any = None) -> None:
        for one in [path] if isinstance(path, str) else path:
            folder = recursive and self.isdir(one)
            for name in self.find(one) if folder else [one]:
                self.rm_file(name)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Nothing to do: folders are where files are."""

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Nothing to do, as :meth:`makedirs`."""


class VaultFileSystem(FileSystem):
    """DVC's side: the class behind ``tdsec://``."""

    protocol = "tdsec"
    PARAM_CHECKSUM = "md5"
    REQUIRES: ClassVar[dict[str, str]] = {"cryptography": "cryptography"}
    CAN_TRAVERSE = True
    TRAVERSE_PREFIX_LEN = 2
    REMOTE_CONFIG: ClassVar[dict[str, Any]] = {}

    def __init__(self, fs: Any = None, **config: Any) -> None:
        from tdsec_gov.vault.plugin.wiring import connect

        storage, prefix, tops = connect(config)
        super().__init__(fs or VaultFs(storage, prefix, tops), **config)
        self.storage = storage
        if storage.inner.protocol == "local" and not config.get("jobs"):
            self.jobs = 1  # Python's lock makes threads slower here than one, whose hashing runs aside
        theirs = ["split_version", "join_version", "version_path", "coalesce_version"]
        if config.get("version_aware"):  # or a second push finds that everything differs, and deletes it
            theirs.append("PARAM_CHECKSUM")
        for name in theirs:
            if hasattr(storage.inner, name):
                setattr(self, name, getattr(storage.inner, name))

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
        """A key of DVC's index, which takes "/" for the end of one: it would lose all but one dataset."""
        return f"tdsec_{self.fs.prefix.replace('/', ':')}"

    def put_file(
        self, from_file: Any, to_info: str, callback: Any = None, size: int | None = None, **kwargs: Any
    ) -> None:
        if not hasattr(from_file, "read"):
            self.fs.put_file(str(from_file), to_info, callback=callback, **kwargs)
            return
        self.upload_fobj(from_file, to_info)
        if callback is not None and size:
            callback.set_size(size)
            callback.relative_update(size)

    def upload_fobj(self, fobj: Any, to_info: str, **kwargs: Any) -> None:
        """A stream is kept while it is stored: what no verdict covers is read twice."""
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as spool:
            while piece := fobj.read(1 << 20):
                spool.write(piece)
            try:
                self.fs.store(to_info, functools.partial(_again, spool))
            except TdsecError as exc:
                raise VaultRefusal(exc) from None

    def exists(self, path: Any, callback: Any = None, batch_size: int | None = None) -> Any:
        """One path, or many asked of the inner remote at once."""
        if isinstance(path, str):
            return self.fs.exists(path)
        addresses = [self.fs._address(one) for one in path]
        extra = {} if callback is None else {"callback": callback}
        oids = [at.oid for at in addresses if at.oid is not None]
        try:
            known = iter(self.storage.exists(oids, batch_size=batch_size, **extra))
        except TdsecError as exc:
            raise VaultRefusal(exc) from None
        return [
            next(known) if at.oid is not None else self.fs.exists(one)
            for one, at in zip(path, addresses, strict=True)
        ]


@contextlib.contextmanager
def _again(stream: Any) -> Iterator[BinaryIO]:
    """The stream from its start; it stays open for the next time."""
    stream.seek(0)
    yield cast(BinaryIO, stream)


@contextlib.contextmanager
def _as_wanted(options: dict[str, Any]) -> Iterator[None]:
    """Hand ``max_concurrency`` on: DVC gives it for remotes that have such a setting."""
    wanted = {name: value for name, value in options.items() if name == "max_concurrency"}
    token = transfer_options.set(wanted)
    try:
        yield
    finally:
        transfer_options.reset(token)
