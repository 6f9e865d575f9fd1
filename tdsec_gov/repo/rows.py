"""Rows that this clone remembers, in a private SQLite file: quick to have, harmless to lose, authenticated.

Every row carries an HMAC-SHA-256 (RFC 2104; 16 bytes are kept) under a key that lies beside the file, which
its owner alone can read. A stray edit, a half-written row, a file copied from another clone or one that
somebody without the key put there does not count: such a row is not known. It is no protection from whoever
can read the key. They can write in git's folder as you, so they can also run code as you
(``core.fsmonitor``, hooks); what they remember for you ends where bytes are hashed again: push, verify, pull,
training.

A file that is broken, locked, of another kind or on a full disk is no memory. Nothing here raises for it.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tdsec_gov.repo.git import shared_folder

FOLDER = "tdsec-memory"
LIMIT = 512 << 20
"""Bytes that one file may take; the rows that were not used for longest go first."""
_KEY = "key"
_TAG = 16
_ASKED = 512
_DAY = 86400
_LONGEST = 1 << 20
_KEEP = "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)"
_USED = "UPDATE rows SET day = ? WHERE name = ?"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS rows (name BLOB PRIMARY KEY, body BLOB NOT NULL, tag BLOB NOT NULL,"
    " day INTEGER NOT NULL) WITHOUT ROWID"
)


def private_folder(root: Path) -> Path | None:
    """Where the clone of the work tree at ``root`` remembers, for all its work trees. None without git."""
    git = shared_folder(root)
    return git / FOLDER if git.is_dir() else None


class Rows:
    """Bytes by name (bytes). ``kind`` keeps files of one folder apart, also in what the HMAC covers."""

    def __init__(self, folder: Path | None, kind: str, limit: int = LIMIT) -> None:
        """Without a folder nothing is known and nothing kept."""
        self._path = (folder or Path()) / f"{kind}.sqlite"
        self._kind = kind.encode() + b"\0"
        self._limit = limit
        self._key = None if folder is None else _key(folder)
        self._open: sqlite3.Connection | None = None
        self._owner = 0

    def get(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those that are known."""
        found: dict[bytes, bytes] = {}
        stale: list[bytes] = []
        today = int(time.time()) // _DAY
        for start in range(0, len(names), _ASKED):
            for name, body, tag, day in self._rows(names[start : start + _ASKED]):
                if not (isinstance(name, bytes) and isinstance(body, bytes) and isinstance(tag, bytes)):
                    continue
                if hmac.compare_digest(tag, self._tag(name, body)):
                    found[name] = body
                    if day != today:
                        stale.append(name)
        if stale:
            used = [(today, one) for one in stale]
            self._change(lambda database: database.executemany(_USED, used))
        return found

    def put(self, rows: Mapping[bytes, bytes]) -> None:
        """Keep them, as far as there is room."""
        today = int(time.time()) // _DAY
        kept = [
            (name, body, self._tag(name, body), today) for name, body in rows.items() if len(body) <= _LONGEST
        ]
        self._change(lambda database: database.executemany(_KEEP, kept))
        self._change(self._shrink)

    def close(self) -> None:
        """Let go of the file."""
        if self._open is not None and self._owner == os.getpid():
            with contextlib.suppress(sqlite3.Error):
                self._open.close()
        self._open = None

    def _tag(self, name: bytes, body: bytes) -> bytes:
        text = b"%b%d:%b%b" % (self._kind, len(name), name, body)
        return hmac.digest(self._key or b"", text, "sha256")[:_TAG]

    def _rows(self, names: Sequence[bytes]) -> Iterable[tuple[object, object, object, object]]:
        database = self._database()
        if database is None:
            return []
        marks = ",".join("?" * len(names))
        text = f"SELECT name, body, tag, day FROM rows WHERE name IN ({marks})"  # noqa: S608 - marks only
        try:
            return database.execute(text, names).fetchall()
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as exc:
            if not _busy(exc):
                self._forget()
            return []

    def _change(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """``work`` in a transaction; what goes wrong in it is forgotten, a broken file is thrown away."""
        database = self._database()
        if database is None:
            return
        try:
            with database:
                work(database)
        except sqlite3.Error as exc:
            if not _busy(exc):
                self._forget()

    def _shrink(self, database: sqlite3.Connection) -> None:
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        (free,) = database.execute("PRAGMA freelist_count").fetchone()
        if (pages - free) * size <= self._limit:
            return
        (count,) = database.execute("SELECT count(*) FROM rows").fetchone()
        text = "DELETE FROM rows WHERE name IN (SELECT name FROM rows ORDER BY day, tag LIMIT ?)"
        database.execute(text, (count // 4 + 1,))

    def _database(self) -> sqlite3.Connection | None:
        """This process's connection: one that was inherited by a fork is another's."""
        if self._open is not None and self._owner == os.getpid():
            return self._open
        self._open = None
        if self._key is None:
            return None
        for _ in range(2):
            try:
                self._open = self._connected()
                self._owner = os.getpid()
                return self._open
            except sqlite3.Error as exc:
                if _busy(exc):
                    return None
                self._forget()
        return None

    def _connected(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=1.0, check_same_thread=False)
        try:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * _LONGEST)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=OFF")
            database.execute("PRAGMA cache_size=-32768")
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute(_SCHEMA)
            if not self._ours(database):
                raise sqlite3.DatabaseError("another layout")
        except sqlite3.Error:
            database.close()
            raise
        return database

    @staticmethod
    def _ours(database: sqlite3.Connection) -> bool:
        """Whether the file holds our table and nothing that acts on it."""
        found = database.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
        plain = _SCHEMA.replace("IF NOT EXISTS ", "")
        return found == [("table", "rows", plain)]

    def _forget(self) -> None:
        """Throw the file away."""
        self.close()
        for suffix in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()


def _busy(exc: Exception) -> bool:
    """Locked by another process, read-only or no space: the file is sound, or not ours to throw away."""
    codes = (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    )
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    return code in codes


def _key(folder: Path) -> bytes | None:
    """The 32 bytes beside the rows, made where there are none; None where they are not mine alone."""
    path = folder / _KEY
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for _ in range(2):
            try:
                return _read_key(path)
            except FileNotFoundError:
                _make_key(path)
    except OSError:
        return None
    return None


def _read_key(path: Path) -> bytes | None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(handle)
        key = stream.read(65)
    mine = not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & 0o077)
    if not mine or not stat.S_ISREG(found.st_mode):
        return None
    if len(key) != 32:
        path.unlink()
        raise FileNotFoundError
    return key


def _make_key(path: Path) -> None:
    """Written whole before it has its name; whoever comes second reads the first one's."""
    part = path.with_name(f".{_KEY}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(os.urandom(32))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
