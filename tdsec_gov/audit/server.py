"""A log on a PostgreSQL server: DB-API connections of SQLAlchemy's engine, the log's own SQL.

The head row is locked with ``SELECT ... FOR UPDATE``; reading takes a repeatable-read snapshot and
fetches through a server-side cursor, so that a long log does not fill the memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from tdsec_gov.audit.database import Database, Row, Rows
from tdsec_gov.errors import ConfigurationError, DependencyMissing

if TYPE_CHECKING:
    from tdsec_gov.audit.database import Connection

CHUNK = 1000
LOCK = "SELECT id FROM tdsec_audit_head WHERE id = 1 FOR UPDATE"
TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"


class Server(Database):
    """The PostgreSQL database at a SQLAlchemy URL; the first connection is made when it is needed."""

    def __init__(self, address: str) -> None:
        """Raises DependencyMissing or ConfigurationError as :func:`~tdsec_gov.audit.address.database_at`."""
        from sqlalchemy import create_engine
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

        try:
            url = make_url(address)
            self._engine = create_engine(url, isolation_level="AUTOCOMMIT")
        except (NoSuchModuleError, ModuleNotFoundError):
            raise DependencyMissing(
                "no driver for this kind of database",
                found=url.drivername,
                hint="install its Python driver",
            ) from None
        except ArgumentError:
            raise ConfigurationError("address of the audit log is not a path or database URL") from None
        self.where = url.render_as_string(hide_password=True)
        driver = self._engine.dialect.loaded_dbapi
        styled = driver.paramstyle in ("format", "pyformat")
        if self._engine.dialect.name != "postgresql" or not styled:
            raise ConfigurationError(
                "this kind of database cannot keep an audit log",
                where=self.where,
                expected="a path, or postgresql+psycopg://...",
            )
        self.errors = (driver.Error, SQLAlchemyError)
        self.doubled = (driver.IntegrityError, IntegrityError)
        self._pid = os.getpid()
        self._names = count(1)

    def sql(self, text: str) -> str:
        return text.replace("?", "%s")

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        if self._pid != os.getpid():
            self._engine.dispose(close=False)  # the parent goes on using its connections
            self._pid = os.getpid()
        connection = self._engine.raw_connection()
        try:
            yield cast("Connection", connection)
        finally:
            connection.close()  # back into the engine's pool, rolled back

    def begin(self, connection: Connection, *, write: bool, lock: bool = True) -> None:
        self.run(connection, "BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if write and lock:
            self.fetch(connection, LOCK)

    def fetch(self, connection: Connection, text: str, values: Sequence[Any] = ()) -> list[Row]:
        return [_plain(row) for row in super().fetch(connection, text, values)]

    def stream(self, connection: Connection, text: str, values: Sequence[Any] = ()) -> Rows:
        name = f"tdsec_{next(self._names)}"
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {self.sql(text)}", values)
            while rows := self.fetch(connection, f"FETCH {CHUNK} FROM {name}"):
                yield from rows

    def tables(self, connection: Connection) -> set[str]:
        return {row[0] for row in self.fetch(connection, TABLES)}

    def make_tables(self, connection: Connection) -> None:
        from tdsec_gov.audit.models import table_statements

        for one in table_statements(self._engine.dialect):
            self.run(connection, one)

    def close(self) -> None:
        if self._pid == os.getpid():
            self._engine.dispose()


def _plain(row: Row) -> Row:
    """Some drivers give bytes as memoryview."""
    return tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)
