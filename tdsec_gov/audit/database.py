"""A database behind the log, reached through the plain DB-API (PEP 249).

:class:`Database` is the one face of both kinds: a file of SQLite
(:mod:`~tdsec_gov.audit.sqlitefile`) and a PostgreSQL server (:mod:`~tdsec_gov.audit.server`).
Statements are written with ``?`` and adapted in :meth:`Database.sql` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any, Protocol

Row = Sequence[Any]
Rows = Generator[Row, None, None]


if TYPE_CHECKING:

    class Cursor(Protocol):
        """What we use of a DB-API cursor."""

        def execute(self, sql: str, values: Sequence[Any] = ..., /) -> object: ...
        def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object: ...
        def fetchall(self) -> list[Any]: ...
        def __iter__(self) -> Iterator[Any]: ...
        def close(self) -> object: ...

    class Connection(Protocol):
        """What we use of a DB-API connection, which is in autocommit: we say BEGIN and COMMIT."""

        def cursor(self) -> Cursor: ...


class Database(ABC):
    """One database, opened. ``where`` names it, without a password.

    ``errors`` are the exceptions its driver raises, ``doubled`` those for a key that is there already.
    """

    where: str
    errors: tuple[type[Exception], ...]
    doubled: tuple[type[Exception], ...]

    @abstractmethod
    def connect(self) -> AbstractContextManager[Connection]:
        """A connection for one transaction, kept for the next; never shared with a forked child."""

    @abstractmethod
    def begin(self, connection: Connection, *, write: bool, lock: bool = True) -> None:
        """Start a transaction; with ``write`` and ``lock``, take the log's lock until it ends."""

    @abstractmethod
    def stream(self, connection: Connection, text: str, values: Sequence[Any] = ()) -> Rows:
        """Rows of a query in constant memory; closing the iterator releases the cursor."""

    @abstractmethod
    def tables(self, connection: Connection) -> set[str]:
        """Names of the tables there."""

    @abstractmethod
    def make_tables(self, connection: Connection) -> None:
        """Make both tables of the log in the transaction under way. Imports SQLModel."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of this process that are not in use."""

    def sql(self, text: str) -> str:
        """``text`` in the parameter style of the driver."""
        return text

    def fetch(self, connection: Connection, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(self.sql(text), values)
            return cursor.fetchall()

    def run(self, connection: Connection, text: str, *rows: Sequence[Any]) -> None:
        """One statement, once per row of values; without any, once."""
        with closing(connection.cursor()) as cursor:
            if len(rows) > 1:
                cursor.executemany(self.sql(text), rows)
            else:
                cursor.execute(self.sql(text), *rows)
