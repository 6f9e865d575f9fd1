"""Reaching a database: addresses, engines and their settings, making the tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tdsec_gov.errors import ConfigurationError, DependencyMissing

NOT_A_LOG = "file is not an audit log"
BACKUP = "restore it from a backup if it used to be one"


def url_of(place: str | Path) -> URL:
    """A path (SQLite) or database URL as URL. Raises ConfigurationError when it is neither."""
    try:
        if isinstance(place, Path) or "://" not in place:
            return URL.create("sqlite", database=str(place))
        return make_url(place)
    except ArgumentError:
        raise ConfigurationError("address of the audit log is not a path or database URL") from None


def file_of(url: URL) -> Path | None:
    """The file behind a SQLite URL; None for a server. A database in memory is refused."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise ConfigurationError("an audit log must be kept in a file or on a server")
    return Path(url.database)


def engine_for(url: URL, busy_seconds: float) -> Engine:
    """An engine in driver autocommit. Raises DependencyMissing without a driver for this database."""
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
    except (NoSuchModuleError, ModuleNotFoundError):
        raise DependencyMissing(
            "no driver for this kind of database", found=url.drivername, hint="install its Python driver"
        ) from None
    if file_of(url) is not None:
        event.listen(engine, "connect", _sqlite_settings(busy_seconds))
    return engine


def _sqlite_settings(busy_seconds: float) -> Callable[[Any, object], None]:
    def settings(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(busy_seconds * 1000)}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA trusted_schema=OFF")
        cursor.close()

    return settings


def refuse_occupied(connection: Connection, ours: set[str], where: str) -> None:
    """Raises ConfigurationError when a log, or in a file anything at all, is there already."""
    found = set(inspect(connection).get_table_names())
    if found & ours:
        raise ConfigurationError("there is an audit log already", where=where)
    if found and connection.dialect.name == "sqlite":
        raise ConfigurationError("file is a database of something else", where=where)


def require_log(connection: Connection, ours: set[str], where: str) -> None:
    """Raises ConfigurationError when none of our tables is there."""
    if not ours & set(inspect(connection).get_table_names()):
        raise ConfigurationError(NOT_A_LOG, where=where, hint=BACKUP)


def make_tables(connection: Connection) -> None:
    """Both tables, inside the transaction under way."""
    from tdsec_gov.audit.models import tables

    for one in tables():
        one.create(connection)
