"""SHA-256 of cache objects that were hashed before, believed while the file is the one that was hashed.

The rule. A row says: the object with this oid, in this cache, had this SHA-256 when the file was
``(device, inode, size, mtime_ns, ctime_ns)``. It is believed while the file is still exactly that. No program
can set the change time: every write, truncation, rename over it and change of mode moves it on. A file that
had changed less than two seconds before it was hashed is not remembered (a later write could carry the same
time), and neither is one that changed while it was read.

What somebody who can write in the cache can do: write through a memory map that was open before the hashing
began (the kernel moves the time once per write-back, not per store), set the machine's clock back (root),
write to the disk below the file system, use a file system that keeps no change time. Then a manifest here
names the *old* bytes. That never makes the new bytes pass: the signed root is that of the old bytes, and
push, ``tdsec verify``, pull and training hash all bytes again and refuse what is not under the root.
``tdsec check --force`` believes no row. On whoever can write the rows themselves see
:mod:`tdsec_gov.repo.rows`.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Self

from tdsec_gov.repo.cache import Cache
from tdsec_gov.repo.rows import Rows, private_folder

SETTLED_NS = 2_000_000_000
"""How long a file must have been left alone before it was hashed; FAT keeps times to two seconds."""
_BODY = struct.Struct(">QQQqq32s")
_KEPT_BACK = 16384
_U64 = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from the next, and when it was looked at (ns since 1970)."""

    device: int
    inode: int
    size: int
    modified: int
    changed: int
    seen: int = field(compare=False)

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(
            found.st_dev & _U64,
            found.st_ino & _U64,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
            time.time_ns(),
        )

    @property
    def settled(self) -> bool:
        return max(self.modified, self.changed) < self.seen - SETTLED_NS

    def body(self, digest: str) -> bytes:
        raw = bytes.fromhex(digest)
        return _BODY.pack(self.device, self.inode, self.size, self.modified, self.changed, raw)


class Digests:
    """The memory of one clone about one cache folder. Close it (or use ``with``) to keep the last rows."""

    def __init__(self, folder: Path | None, cache: Cache) -> None:
        """Without a folder nothing is known and nothing kept."""
        self._rows = Rows(folder, "digests")
        self._cache = sha256(os.fsencode(cache.folder)).digest()[:8]
        self._new: dict[bytes, bytes] = {}

    @classmethod
    def of(cls, root: Path | None, cache: Cache) -> Self:
        """That of the work tree at ``root``; of None: one that knows nothing."""
        return cls(None if root is None else private_folder(root), cache)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def recall(self, oids: Sequence[str]) -> dict[str, bytes]:
        """Remembered rows by oid, for :func:`believed`."""
        names = {self._name(oid): oid for oid in oids}
        return {names[name]: body for name, body in self._rows.get(list(names)).items()}

    def note(self, oid: str, stamp: Stamp, digest: str) -> None:
        """Remember that the object ``oid`` had the SHA-256 ``digest`` (hexadecimal) when it was ``stamp``."""
        if stamp.settled:
            self._new[self._name(oid)] = stamp.body(digest)
            if len(self._new) >= _KEPT_BACK:
                self._flush()

    def close(self) -> None:
        self._flush()
        self._rows.close()

    def _flush(self) -> None:
        new, self._new = self._new, {}
        if new:
            self._rows.put(dict(sorted(new.items())))

    def _name(self, oid: str) -> bytes:
        return self._cache + bytes.fromhex(oid[:32]) + oid[32:].encode()


def believed(row: bytes | None, path: str) -> tuple[str, int] | None:
    """SHA-256 and size of the file at ``path``, if ``row`` was made of exactly this file."""
    if row is None or len(row) != _BODY.size:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - once a file: a Path costs as much as the call
    except OSError:
        return None
    device, inode, size, modified, changed, digest = _BODY.unpack(row)
    now = (found.st_dev & _U64, found.st_ino & _U64, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    return (digest.hex(), size) if now == (device, inode, size, modified, changed) else None
