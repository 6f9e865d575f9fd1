"""DatasetVersion: an immutable dataset state, identified by a SHA-256 over its manifest.

DVC's MD5 (the oid) is carried as a cross-reference: it finds bytes, it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_canonical
from tdsec_gov.errors import IntegrityError

MANIFEST_FORMAT = "tdsec-manifest/v1"
_PIECE = 1000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_OID = re.compile(r"[0-9a-f]{32}(\.dir)?\Z")
_UNFIT = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Backslashes, what a terminal obeys or breaks lines at, and what is no character."""


def is_sha256(text: object) -> bool:
    """Whether ``text`` is 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _SHA256.match(text) is not None


def is_oid(text: object) -> bool:
    """Whether ``text`` is a DVC oid: an MD5 in hexadecimal, with ``.dir`` for a directory."""
    return isinstance(text, str) and _OID.match(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class FileEntry:
    """One file of a dataset version.

    ``path`` is relative to the dataset with ``/`` as separator, and the dataset's own base name for
    a dataset that is a single file; ``oid`` is DVC's MD5 of the same bytes.
    """

    path: str
    size: int
    sha256: str
    oid: str

    def __post_init__(self) -> None:
        path = self.path
        odd = "/." in path or "//" in path or path[:1] in ("", ".", "/") or path[-1] == "/"
        if odd and any(part in ("", ".", "..") for part in path.split("/")):
            raise IntegrityError("manifest holds an unsafe path")
        if _UNFIT.search(path):
            raise IntegrityError("manifest holds an unsafe path")
        if not _SHA256.match(self.sha256) or not _OID.match(self.oid) or self.size < 0:
            raise IntegrityError("manifest holds a malformed entry")

    def as_json(self) -> dict[str, JsonValue]:
        return {"path": self.path, "size": self.size, "sha256": self.sha256, "md5": self.oid}


@dataclass(frozen=True, slots=True)
class Manifest:
    """All files of one dataset version, sorted by path, each path once."""

    entries: tuple[FileEntry, ...]
    _read: bytes = field(default=b"", repr=False, compare=False)
    """What :meth:`from_bytes` read: writing it again costs more than keeping it."""

    def __post_init__(self) -> None:
        paths = [entry.path for entry in self.entries]
        if paths != sorted(set(paths)):
            raise IntegrityError("manifest is not sorted or names a path twice")

    @classmethod
    def of(cls, entries: Iterable[FileEntry]) -> Manifest:
        return cls(tuple(sorted(entries, key=lambda entry: entry.path)))

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Parse what :meth:`to_bytes` wrote, and refuse anything else.

        Raises:
            IntegrityError: malformed, not canonical, or of an unknown format.
        """
        body = parse_canonical(data, "manifest")
        files = body.get("files")
        if set(body) != {"format", "files"} or body["format"] != MANIFEST_FORMAT:
            raise IntegrityError("manifest has an unknown format", expected=MANIFEST_FORMAT)
        if not isinstance(files, list):
            raise IntegrityError("manifest holds a malformed entry")
        return cls(tuple(_entry(item) for item in files), data)

    def to_bytes(self) -> bytes:
        """Canonical bytes; their SHA-256 is the root of the dataset version."""
        return self._read or b"".join(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        """The canonical bytes, a thousand files at a time: those of a million files need no second copy."""
        if self._read:
            yield self._read
            return
        yield b'{"files":['
        for start in range(0, len(self.entries), _PIECE):
            some: list[JsonValue] = [entry.as_json() for entry in self.entries[start : start + _PIECE]]
            yield (b"," if start else b"") + canonical_bytes(some)[1:-1]
        yield b'],"format":%b}' % canonical_bytes(MANIFEST_FORMAT)

    @property
    def root(self) -> str:
        digest = sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """Total size in bytes."""
        return sum(entry.size for entry in self.entries)


def _entry(item: JsonValue) -> FileEntry:
    if not isinstance(item, dict) or set(item) != {"path", "size", "sha256", "md5"}:
        raise IntegrityError("manifest holds a malformed entry")
    path, size, sha256, oid = item["path"], item["size"], item["sha256"], item["md5"]
    if not isinstance(path, str) or not isinstance(sha256, str) or not isinstance(oid, str):
        raise IntegrityError("manifest holds a malformed entry")
    if isinstance(size, bool) or not isinstance(size, int):
        raise IntegrityError("manifest holds a malformed entry")
    return FileEntry(path, size, sha256, oid)


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """One immutable state of a dataset.

    ``name`` is the path of the dataset from the repository's root, ``root`` the SHA-256 of the
    canonical manifest (64 hex digits), ``oid`` DVC's cross-reference, ``files`` and ``size`` (bytes)
    its extent. ``content`` is the SHA-256 of the file itself for a dataset that is one file
    (what ``sha256sum`` prints), None for a folder.
    """

    name: str
    root: str
    oid: str
    files: int
    size: int
    content: str | None = None

    @classmethod
    def of(cls, name: str, oid: str, manifest: Manifest) -> DatasetVersion:
        content = None if oid.endswith(".dir") else manifest.entries[0].sha256
        return cls(name, manifest.root, oid, len(manifest.entries), manifest.size, content)

    @property
    def is_folder(self) -> bool:
        return self.oid.endswith(".dir")

    @property
    def short(self) -> str:
        """``name@`` and the first 12 digits of the root, for people."""
        return f"{self.name}@{self.root[:12]}"

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "sha256": self.root,
            "md5": self.oid,
            "files": self.files,
            "bytes": self.size,
            "content_sha256": self.content,
        }
