"""Which database an address means: a path or ``sqlite:///PATH``, else a server's URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tdsec_gov.audit.sqlitefile import SqliteFile
from tdsec_gov.errors import ConfigurationError

if TYPE_CHECKING:
    from tdsec_gov.audit.database import Database

BUSY_SECONDS = 30.0


def database_at(place: str | Path, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database at a path (SQLite) or database URL; nothing is opened yet.

    Raises:
        ConfigurationError: it is neither, or a kind that cannot keep a log.
        DependencyMissing: no driver for this database.
    """
    if isinstance(place, str) and "://" in place:
        scheme, _, rest = place.partition("://")
        if scheme.partition("+")[0] != "sqlite":
            from tdsec_gov.audit.server import Server

            return Server(place)
        place = _file_in(rest)
    if not str(place) or str(place).startswith((":memory:", "file:")):
        raise ConfigurationError("an audit log must be kept in a file or on a server")
    return SqliteFile(Path(place), busy_seconds)


def _file_in(rest: str) -> str:
    """The path in ``sqlite:///PATH``, as SQLAlchemy writes it."""
    if rest[:1] not in ("", "/") or "?" in rest:
        raise ConfigurationError("address of the audit log is not usable", expected="sqlite:///PATH")
    return rest[1:]
