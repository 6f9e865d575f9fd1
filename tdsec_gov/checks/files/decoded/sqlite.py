"""SQLite databases, opened read-only without trust: pickles and programs in their cells.

No view is read, no trigger fires, no function of an application exists, no extension can be loaded
(https://sqlite.org/security.html). Other databases are not attached.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tdsec_gov.checks.files.decoded.columnar import cell_risks
from tdsec_gov.checks.files.pickled.embedded import stream_holds_call
from tdsec_gov.checks.files.pickled.written import written_risks
from tdsec_gov.checks.files.risk import Risk, worst_first
from tdsec_gov.checks.refusals import shown_column

MOST_TABLES = 10_000
LONGEST = 64 << 20
LOOKED_AT = 4 << 30
BUSY = Risk("TDS510", "database has more tables than can be looked into")


def sqlite_risks(location: Path) -> list[Risk]:
    """Risks of a database. Raises sqlite3's errors when it is damaged."""
    source = f"file:{quote(str(location.resolve()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(source, uri=True, isolation_level=None)
    try:
        connection.text_factory = bytes
        for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {setting}")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        found = worst_first([*_tables(connection)])
    finally:
        connection.close()
    with location.open("rb") as stream:  # pages that no table lists any more can be read back, too
        if not found and stream_holds_call(stream):
            return [Risk("TDS500", "pages of the database hold a pickle: loading it can run code", "pickle")]
    return found


def _tables(connection: sqlite3.Connection) -> Iterator[Risk]:
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if len(names) > MOST_TABLES:
        yield BUSY
    for name in names[:MOST_TABLES]:
        table = _quoted(name)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for index, column in enumerate(columns):
            yield from _column(connection, table, column, index)


def _column(connection: sqlite3.Connection, table: str, column: bytes, index: int) -> Iterator[Risk]:
    """At most one risk per column and kind."""
    shown = shown_column(column.decode("utf-8", "replace"), index)
    cell, seen, found = _quoted(column), 0, set[str]()
    query = f"SELECT {cell} FROM {table} WHERE typeof({cell}) IN ('blob', 'text') AND length({cell}) > 8"  # noqa: S608
    for (value,) in connection.execute(query):
        seen += len(value)
        if seen > LOOKED_AT:
            return
        for risk in _value(value):
            if risk.code not in found:
                found.add(risk.code)
                yield Risk(risk.code, f"cells of a column: {risk.message}", risk.form, column=shown)


def _value(value: bytes) -> list[Risk]:
    return cell_risks(value) or written_risks(value)


def _quoted(name: bytes) -> str:
    return '"' + name.decode("utf-8", "surrogateescape").replace('"', '""') + '"'
