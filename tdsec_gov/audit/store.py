"""Rows in a database: SQLite in a file, or any other that locks a row. Knows no hashes.

SQLite runs in driver autocommit with explicit ``BEGIN IMMEDIATE``, WAL, a busy timeout and
``synchronous=FULL``: an acknowledged event survives a power cut. Elsewhere the head row is locked
with ``SELECT ... FOR UPDATE``. :func:`_begin` is the only place that differs by dialect.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, column, insert, select, table, update
from sqlalchemy.engine import URL

from tdsec_gov.audit import database
from tdsec_gov.audit.body import PROJECTED
from tdsec_gov.audit.dberrors import translated
from tdsec_gov.audit.merkle import HASH_SIZE, MAX_SIZE
from tdsec_gov.errors import ConfigurationError, LogTampered

FORMAT = 1
BUSY_SECONDS = 30.0
CHUNK = 1000

ENTRY = table(
    "tdsec_audit_entry",
    *(column(name) for name in ("seq", "body", "leaf", "chain", *PROJECTED)),
)
HEAD = table(
    "tdsec_audit_head",
    *(column(name) for name in ("id", "format", "origin", "size", "chain", "frontier")),
)
OURS = {ENTRY.name, HEAD.name}
Rows = Iterator[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class HeadRow:
    """The head row as stored: origin, number of events, chain hash, serialised Merkle frontier."""

    origin: str
    size: int
    chain: bytes
    frontier: bytes


class Session:
    """One transaction. A write session holds the log's lock until it ends."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self.where = where

    def head(self) -> HeadRow:
        """The head row. Raises LogTampered when it is missing, doubled or malformed."""
        return _head(self._connection.execute(select(HEAD).limit(2)).all(), self.where)

    def insert(self, rows: list[dict[str, Any]]) -> None:
        """Add entry rows (one dict of columns each)."""
        self._connection.execute(insert(ENTRY), rows)

    def set_head(self, head: HeadRow) -> None:
        """Replace size, chain and frontier of the head row."""
        values = {"size": head.size, "chain": head.chain, "frontier": head.frontier}
        self._connection.execute(update(HEAD).where(HEAD.c.id == 1).values(values))

    def entries(self) -> Rows:
        """All rows by number: seq, body, leaf, chain and the projections as in PROJECTED."""
        return self._stream(select(ENTRY).order_by(ENTRY.c.seq))

    def entries_one_by_one(self, after: int) -> Rows:
        """Like :meth:`entries` for numbers above ``after``, so that an unreadable row is met alone."""
        return self._stream(select(ENTRY).where(ENTRY.c.seq > after).order_by(ENTRY.c.seq), 1)

    def leaves(self, low: int, high: int) -> Rows:
        """seq and leaf of the events low+1..high by number."""
        query = select(ENTRY.c.seq, ENTRY.c.leaf).where(ENTRY.c.seq > low, ENTRY.c.seq <= high)
        return self._stream(query.order_by(ENTRY.c.seq))

    def bodies(self, since: str | None, until: str | None, wanted: Mapping[str, str | None]) -> Rows:
        """seq, body and leaf by number; times from ``since`` and before ``until``, columns as wanted."""
        query = select(ENTRY.c.seq, ENTRY.c.body, ENTRY.c.leaf).order_by(ENTRY.c.seq)
        if since is not None:
            query = query.where(ENTRY.c.event_time >= since)
        if until is not None:
            query = query.where(ENTRY.c.event_time < until)
        for name, value in wanted.items():
            if value is not None:
                query = query.where(ENTRY.c[name] == value)
        return self._stream(query)

    def body_of(self, seq: int) -> object:
        """Body of one event, None when there is none."""
        return self._connection.execute(select(ENTRY.c.body).where(ENTRY.c.seq == seq)).scalar()

    def _stream(self, query: Select[Any], chunk: int = CHUNK) -> Rows:
        """At most ``chunk`` rows in memory at a time."""
        with translated(self.where):
            result = self._connection.execute(query.execution_options(yield_per=chunk))
            for rows in result.partitions():
                yield from rows


class Store:
    """An opened database. Connections are made on demand and never shared with a forked child."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        path = database.file_of(url)
        self.where = str(path) if path is not None else url.render_as_string(hide_password=True)
        self._url = url
        self._busy_seconds = busy_seconds
        self._pid = os.getpid()
        self._engine = database.engine_for(url, busy_seconds)
        self._inherited: list[Engine] = []

    @classmethod
    def create(cls, place: str | Path, head: HeadRow, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Make the tables and the head row in a new file, or in a server's database.

        Raises:
            ConfigurationError: there is a log, or a file of something else, or no folder.
            BackendUnavailable: the database cannot be written.
        """
        url = database.url_of(place)
        path = database.file_of(url)
        if path is not None and not path.parent.is_dir():
            raise ConfigurationError("folder of the audit log does not exist", where=path)
        store = cls(url, busy_seconds)
        with translated(store.where), store._connect() as connection:
            database.refuse_occupied(connection, OURS, store.where)
            if path is not None:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            with _transaction(connection, write=True, lock=False):
                database.refuse_occupied(connection, OURS, store.where)
                database.make_tables(connection)
                values = {"id": 1, "format": FORMAT, "origin": head.origin, "size": head.size}
                values |= {"chain": head.chain, "frontier": head.frontier}
                connection.execute(insert(HEAD).values(values))
        return store

    @classmethod
    def open(cls, place: str | Path, busy_seconds: float = BUSY_SECONDS) -> Store:
        """Open an existing log.

        Raises:
            ConfigurationError: there is none, or the file is something else.
            BackendUnavailable: the database cannot be read.
            LogTampered: the head row or a table is missing or malformed.
        """
        url = database.url_of(place)
        path = database.file_of(url)
        if path is not None and not path.exists():
            raise ConfigurationError("there is no audit log", where=path, hint="run `tdsec init`")
        store = cls(url, busy_seconds)
        with translated(store.where), store._connect() as connection:
            database.require_log(connection, OURS, store.where)
        with store.session(write=False) as session:
            session.head()
        return store

    @contextmanager
    def session(self, *, write: bool) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        A read session sees one unchanging state of the log.
        """
        with (
            translated(self.where),
            self._connect() as connection,
            _transaction(connection, write=write),
        ):
            yield Session(connection, self.where)

    def close(self) -> None:
        """Close all connections of this process."""
        if self._pid == os.getpid():
            self._engine.dispose()

    def _connect(self) -> Connection:
        if self._pid != os.getpid():  # SQLite connections must not be used across fork()
            self._inherited.append(self._engine)
            self._engine = database.engine_for(self._url, self._busy_seconds)
            self._pid = os.getpid()
        return self._engine.connect()


@contextmanager
def _transaction(connection: Connection, *, write: bool, lock: bool = True) -> Iterator[None]:
    _begin(connection, write=write, lock=lock)
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    finally:
        connection.rollback()  # does nothing after COMMIT


def _begin(connection: Connection, *, write: bool, lock: bool) -> None:
    """Start a transaction in driver autocommit; with ``write`` and ``lock``, take the log's lock."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
    elif write:
        connection.exec_driver_sql("BEGIN")
        if lock:
            connection.execute(select(HEAD.c.id).where(HEAD.c.id == 1).with_for_update())
    else:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _head(rows: Sequence[Any], where: str) -> HeadRow:
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
