"""Files that survive a power cut: temporary file, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdsec_gov.errors import BackendUnavailable, ConfigurationError, TdsecError


def os_error(exc: OSError, where: object, what: str) -> TdsecError:
    """The TdsecError that says what the operating system refused."""
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BackendUnavailable(f"{what}: no space left", where=where, hint="free some space and try again")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ConfigurationError(f"{what}: permission denied", where=where, hint="check owner and mode")
    return BackendUnavailable(what, where=where, found=exc.strerror or type(exc).__name__)


@contextmanager
def naming_os_errors(where: object, what: str) -> Iterator[None]:
    """Turn an OSError of the block into the TdsecError that names ``where`` and ``what``."""
    try:
        yield
    except OSError as exc:
        raise os_error(exc, where, what) from exc


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put ``data`` at ``path`` so that a reader sees the old bytes or the new, never a part.

    Raises:
        BackendUnavailable: no space, or the storage failed; ``path`` is as it was.
        ConfigurationError: not allowed.
    """
    with naming_os_errors(path, "cannot be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """fsync a folder, where the system lets one."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)


class WorkTree:
    """A :class:`~tdsec_gov.domain.tree.Tree` on disk, below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        if not path.is_file():
            return None
        with naming_os_errors(path, "cannot be read"):
            return path.read_bytes()

    def names(self, folder: str) -> Iterator[str]:
        for path in sorted((self.root / folder).rglob("*")):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()
