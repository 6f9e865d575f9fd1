"""Where decrypted bytes arrive: a file that appears when all of it holds, or an unnamed copy."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

_SPOOL = 32 << 20


class Arrival:
    """A new file that comes into being with its first bytes: what is refused in memory leaves none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.size = 0

    def __enter__(self) -> Arrival:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self._file is None and kind is None:
            self.write(b"")
        if self._file is not None:
            self._file.close()

    def write(self, data: bytes | memoryview) -> int:
        """All of ``data``, also where the disk takes it in parts."""
        if self._file is None:
            self._file = open(self._path, "xb", buffering=0)  # noqa: PTH123, SIM115 - quicker; closed above
        self.size += len(data)
        done = self._file.write(data)
        while done < len(data):
            done += self._file.write(memoryview(data)[done:])
        return len(data)


@contextlib.contextmanager
def arriving(to: Path) -> Iterator[Arrival]:
    """A sink for what becomes ``to`` when the block ends well; nothing stays when it does not."""
    ours = not to.name.endswith(".tmp")  # DVC's own temporary name; it moves or removes that file
    part = to.with_name(f".{to.name[:40]}.{secrets.token_hex(4)}.tdsec-part") if ours else to
    try:
        with Arrival(part) as sink:
            yield sink
        if ours:
            part.replace(to)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def unnamed() -> BinaryIO:
    """A file without a name, in memory while it is small; its caller closes it."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_SPOOL))
