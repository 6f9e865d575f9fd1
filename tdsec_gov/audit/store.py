"""Rows in a database. Knows the SQL of the log and its transactions, and no hashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tdsec_gov.audit.address import BUSY_SECONDS, database_at
from tdsec_gov.audit.dberrors import BACKUP, NOT_A_LOG, translated
from tdsec_gov.audit.merkle import HASH_SIZE, MAX_SIZE
from tdsec_gov.audit.sqlitefile import SqliteFile
from tdsec_gov.errors import ConfigurationError, LogTampered

if TYPE_CHECKING:
    from tdsec_gov.audit.database import Connection, Database, Row, Rows

FORMAT = 1
TABLES = {"tdsec_audit_entry", "tdsec_audit_head"}

HEAD = "SELECT id, format, origin, size, chain, frontier FROM tdsec_audit_head LIMIT 2"
NEW_HEAD = (
    "INSERT INTO tdsec_audit_head (id, format, origin, size, chain, frontier) VALUES (?, ?, ?, ?, ?, ?)"
)
SET_HEAD = "UPDATE tdsec_audit_head SET size = ?, chain = ?, frontier = ? WHERE id = 1"
INSERT = (
    "INSERT INTO tdsec_audit_entry (seq, body, leaf, chain, event_time, action, outcome, initiator, target, "
    "purpose, legal_basis) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ENTRIES = (
    "SELECT seq, body, leaf, chain, event_time, action, outcome, initiator, target, purpose, legal_basis "
    "FROM tdsec_audit_entry ORDER BY seq"
)
LEAVES = "SELECT seq, leaf FROM tdsec_audit_entry WHERE seq > ? AND seq <= ? ORDER BY seq"
BODIES = "SELECT seq, body, leaf FROM tdsec_audit_entry"
BODY_OF = "SELECT body FROM tdsec_audit_entry WHERE seq = ?"
FILTERS = {
    "since": "event_time >= ?",
    "until": "event_time < ?",
    "target": "target = ?",
    "action": "action = ?",
    "outcome": "outcome = ?",
}


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The head row as stored: origin, number of events, chain hash, serialised Merkle frontier."""

    origin: str
    size: int
    chain: bytes
    frontier: bytes


class Session:
    """One transaction. A write session holds the log's lock until it ends."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection = connection
        self._database = database
        self._streams: list[Rows] = []
        self.where = database.where

    def head(self) -> HeadRow:
        """The head row. Raises LogTampered when it is missing, doubled or malformed."""
        return _head(self._database.fetch(self._connection, HEAD), self.where)

    def insert(self, rows: Sequence[Row]) -> None:
        """Add entry rows: seq, body, leaf, chain and the projections as in PROJECTED."""
        self._database.run(self._connection, INSERT, *rows)

    def set_head(self, head: HeadRow) -> None:
        """Replace size, chain and frontier of the head row."""
        self._database.run(self._connection, SET_HEAD, (head.size, head.chain, head.frontier))

    def entries(self) -> Rows:
        """All rows by number: seq, body, leaf, chain and the projections as in PROJECTED."""
        return self._stream(ENTRIES)

    def leaves(self, low: int, high: int) -> Rows:
        """seq and leaf of the events low+1..high by number."""
        return self._stream(LEAVES, (low, high))

    def bodies(self, wanted: Mapping[str, str | None]) -> Rows:
        """seq, body and leaf by number, of events that fit the filters which are not None.

        ``since`` is the earliest time wanted, ``until`` the first that is not; others are equalities.
        """
        asked = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(FILTERS[name] for name in asked)
        text = f"{BODIES} WHERE {where}" if where else BODIES
        return self._stream(f"{text} ORDER BY seq", tuple(asked.values()))

    def body_of(self, seq: int) -> object:
        """Body of one event, None when there is none."""
        rows = self._database.fetch(self._connection, BODY_OF, (seq,))
        return rows[0][0] if rows else None

    def finish(self) -> None:
        """Close what is still being read: it would hold on to this state of the log."""
        for one in self._streams:
            one.close()

    def _stream(self, text: str, values: Sequence[Any] = ()) -> Rows:
        stream = _translating(self._database, self._database.stream(self._connection, text, values))
        self._streams.append(stream)
        return stream


class Store:
    """An opened database. ``origin`` is that of the log which was found there on opening."""

    def __init__(self, database: Database, origin: str) -> None:
        self.where = database.where
        self.origin = origin
        self._database = database

    @classmethod
    def create(cls, place: str | Path, head: HeadRow, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Make the tables and the head row in a new file, or in a server's database.

        Raises:
            ConfigurationError: there is a log, or a file of something else, or no folder.
            BackendUnavailable: the database cannot be written.
        """
        database = database_at(place, busy_seconds)
        with translated(database):
            if isinstance(database, SqliteFile):
                _make_file(database)
            values = (1, FORMAT, head.origin, head.size, head.chain, head.frontier)
            with database.connect() as connection, _transaction(database, connection, write=True, lock=False):
                _refuse_occupied(database, connection)
                database.make_tables(connection)
                database.run(connection, NEW_HEAD, values)
        return cls(database, head.origin)

    @classmethod
    def open(cls, place: str | Path, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Open an existing log.

        Raises:
            ConfigurationError: there is none, or the file is something else.
            BackendUnavailable: the database cannot be read.
            LogTampered: the head row or a table is missing or malformed.
        """
        database = database_at(place, busy_seconds)
        if isinstance(database, SqliteFile) and database.missing:
            raise ConfigurationError("there is no audit log", where=database.where, hint="run `tdsec init`")
        with (
            translated(database),
            database.connect() as connection,
            _transaction(database, connection, write=False) as session,
        ):
            if not TABLES & database.tables(connection):
                what = NOT_A_LOG if isinstance(database, SqliteFile) else "database holds no audit log"
                raise ConfigurationError(what, where=database.where, hint=BACKUP)
            return cls(database, session.head().origin)

    @contextmanager
    def session(self, *, write: bool) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        A read session sees one unchanging state of the log.
        """
        database = self._database
        with (
            translated(database),
            database.connect() as connection,
            _transaction(database, connection, write=write) as session,
        ):
            yield session

    def close(self) -> None:
        """Close all connections of this process."""
        self._database.close()


def _translating(database: Database, rows: Rows) -> Rows:
    with translated(database):
        yield from rows


@contextmanager
def _transaction(
    database: Database, connection: Connection, *, write: bool, lock: bool = True
) -> Iterator[Session]:
    database.begin(connection, write=write, lock=lock)
    session = Session(connection, database)
    try:
        yield session
        session.finish()
        database.run(connection, "COMMIT")
    except BaseException:
        session.finish()
        with suppress(*database.errors):  # on some errors the database has rolled back already
            database.run(connection, "ROLLBACK")
        raise


def _make_file(database: SqliteFile) -> None:
    """A new file in WAL mode. That cannot be set in a transaction, so a file in use is met twice."""
    if not database.path.parent.is_dir():
        raise ConfigurationError("folder of the audit log does not exist", where=database.path)
    if not database.missing:
        with database.connect() as connection:
            _refuse_occupied(database, connection)
    database.make_file()


def _refuse_occupied(database: Database, connection: Connection) -> None:
    """Raises ConfigurationError when a log, or in a file anything at all, is there already."""
    found = database.tables(connection)
    if found & TABLES:
        raise ConfigurationError("there is an audit log already", where=database.where)
    if found and isinstance(database, SqliteFile):
        raise ConfigurationError("file is a database of something else", where=database.where)


def _head(rows: Sequence[Row], where: str) -> HeadRow:
    if len(rows) != 1:
        raise LogTampered("audit log must have one head row", where=where, found=len(rows))
    number, version, origin, size, chain, frontier = rows[0]
    if version != FORMAT:
        raise LogTampered("audit log has an unknown format", where=where, expected=FORMAT)
    fits = isinstance(size, int) and 0 <= size <= MAX_SIZE and isinstance(origin, str) and number == 1
    if not fits or not isinstance(chain, bytes) or not isinstance(frontier, bytes):
        raise LogTampered("head row of the audit log was changed", where=where)
    if len(chain) != HASH_SIZE or len(frontier) != HASH_SIZE * size.bit_count():
        raise LogTampered("head row of the audit log was changed", where=where)
    return HeadRow(origin, size, chain, frontier)
