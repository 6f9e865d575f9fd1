"""A log in a file of SQLite, with the standard library's ``sqlite3``.

Driver autocommit with explicit ``BEGIN IMMEDIATE``, WAL, a busy timeout, ``synchronous=FULL`` (an
acknowledged event survives a power cut) and ``trusted_schema=OFF`` (a file somebody prepared runs no
functions of ours). One connection serves one transaction at a time and is kept for the next, in
whatever thread that is. Connections must not cross fork() (sqlite.org/howtocorrupt.html, 2.6):
those not in use are closed before it, those in use are left alone in the child.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from tdsec_gov.audit.database import Database, Rows

if TYPE_CHECKING:
    from tdsec_gov.audit.database import Connection

SETTINGS = ("PRAGMA synchronous=FULL", "PRAGMA trusted_schema=OFF")
MAX_IDLE = 8
_opened: WeakValueDictionary[int, SqliteFile] = WeakValueDictionary()


class SqliteFile(Database):
    """The SQLite database at ``path``. It is not made unless :meth:`make_file` is called."""

    errors = (sqlite3.Error,)
    doubled = (sqlite3.IntegrityError,)

    def __init__(self, path: Path, busy_seconds: float) -> None:
        self.where = str(path)
        self.path = path
        self._uri = path.absolute().as_uri()
        self._busy_seconds = busy_seconds
        self._idle: deque[tuple[tuple[int, int], sqlite3.Connection]] = deque()
        _opened[id(self)] = self

    @property
    def missing(self) -> bool:
        """Whether nothing lies there; what may not be looked at is for opening it to say."""
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return False

    def make_file(self) -> None:
        """Make an empty database there, or open the one that is there, in WAL mode."""
        with closing(self._open("rwc")) as connection:
            connection.execute("PRAGMA journal_mode=WAL")

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        file, process = self._file(), os.getpid()
        connection = self._take(file) or self._open("rw")
        try:
            yield connection
        finally:
            if process != os.getpid():
                _abandoned.append(connection)
            elif file is None or connection.in_transaction or len(self._idle) >= MAX_IDLE:
                connection.close()
            else:
                self._idle.append((file, connection))

    def begin(self, connection: Connection, *, write: bool, lock: bool = True) -> None:
        self.run(connection, "BEGIN IMMEDIATE" if write else "BEGIN")

    def stream(self, connection: Connection, text: str, values: Sequence[Any] = ()) -> Rows:
        with closing(connection.cursor()) as cursor:
            cursor.execute(text, values)
            yield from cursor

    def tables(self, connection: Connection) -> set[str]:
        return {row[0] for row in self.fetch(connection, "SELECT name FROM sqlite_master WHERE type='table'")}

    def make_tables(self, connection: Connection) -> None:
        from sqlalchemy.dialects.sqlite import dialect

        from tdsec_gov.audit.models import table_statements

        for one in table_statements(dialect()):
            self.run(connection, one)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()

    def _file(self) -> tuple[int, int] | None:
        """Which file lies there now: a connection to one that was replaced must not be used again."""
        try:
            now = self.path.stat()
        except OSError:
            return None  # opening it says why
        return now.st_dev, now.st_ino

    def _take(self, file: tuple[int, int] | None) -> sqlite3.Connection | None:
        while True:
            try:
                of, connection = self._idle.pop()
            except IndexError:
                return None
            if of == file:
                return connection
            connection.close()

    def _open(self, mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._uri}?mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            for setting in SETTINGS:
                connection.execute(setting)
        except BaseException:
            connection.close()
            raise
        return connection


_abandoned: list[sqlite3.Connection] = []  # a transaction of ours was under way when we were forked


def _before_fork() -> None:
    for reference in _opened.valuerefs():  # a copy: other threads may open files meanwhile
        one = reference()
        if one is not None:
            one.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
