"""What a verify has found whole, kept in a private file, so that an interrupted one can go on."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdsec_gov.errors import BackendUnavailable
from tdsec_gov.files import naming_os_errors
from tdsec_gov.vault.upkeep.listing import Stored

BELIEVED_DAYS = 7
"""How long a stored result is believed: after that the object is fetched and checked again."""
_EVERY = 200


class Progress:
    """Objects that held, by storage name; on disk, whatever their number.

    A result counts for the same size, time and entity tag of the object and the same evidence
    (digest of verdicts, keyrings and access rules), for :data:`BELIEVED_DAYS`.
    """

    def __init__(self, database: sqlite3.Connection, now: float) -> None:
        self._database = database
        self._now = now
        self._since_commit = 0

    def holds(self, one: Stored, evidence: str) -> bool:
        """Whether an earlier verify found exactly this object whole."""
        row = self._database.execute(
            "SELECT stamp, evidence FROM held WHERE name = ? AND at BETWEEN ? AND ?",
            (one.name, self._now - BELIEVED_DAYS * 86400, self._now),
        ).fetchone()
        return bool(row == (one.stamp, evidence))

    def held(self, one: Stored, evidence: str) -> None:
        self._write(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", one.name, one.stamp, evidence, self._now
        )

    def forget(self, one: Stored) -> None:
        self._write("DELETE FROM held WHERE name = ?", one.name)

    def saw(self, name: str) -> None:
        """Remember, for this run alone, that the storage has an object or manifest of this name."""
        self._database.execute("INSERT OR IGNORE INTO listed VALUES (?)", (name,))

    def has(self, name: str) -> bool:
        found = self._database.execute("SELECT 1 FROM listed WHERE name = ?", (name,))
        return found.fetchone() is not None

    def _write(self, statement: str, *values: object) -> None:
        self._database.execute(statement, values)
        self._since_commit += 1
        if self._since_commit >= _EVERY:
            self._since_commit = 0
            self._database.commit()


def place(git_dir: Path, vault: str) -> Path:
    """Where a clone keeps it: inside git's folder, where nothing is ever committed."""
    return git_dir / f"tdsec-verify-{vault}.db"


@contextmanager
def kept_in(path: Path, *, resume: bool) -> Iterator[Progress]:
    """The progress in the file ``path``; emptied first unless ``resume``. A broken file starts anew.

    Raises:
        BackendUnavailable, ConfigurationError: it cannot be written.
    """
    if not resume:
        _remove(path)
    try:
        database = _open(path)
    except sqlite3.OperationalError as exc:
        raise _cannot(path, exc) from None
    except sqlite3.DatabaseError:
        _remove(path)
        database = _open(path)
    try:
        yield Progress(database, time.time())
    except sqlite3.OperationalError as exc:
        raise _cannot(path, exc) from None
    finally:
        with contextlib.suppress(sqlite3.Error):
            database.commit()
        database.close()


def _open(path: Path) -> sqlite3.Connection:
    with naming_os_errors(path, "progress cannot be written"):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    database = sqlite3.connect(path, timeout=30)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA temp_store = FILE")
    database.execute(
        "CREATE TABLE IF NOT EXISTS held (name TEXT PRIMARY KEY, stamp TEXT, evidence TEXT, at REAL)"
        " WITHOUT ROWID"
    )
    database.execute("CREATE TEMP TABLE listed (name TEXT PRIMARY KEY) WITHOUT ROWID")
    database.execute("SELECT count(*) FROM held").fetchone()
    database.commit()
    return database


def _remove(path: Path) -> None:
    for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with naming_os_errors(one, "progress cannot be removed"):
            one.unlink(missing_ok=True)


def _cannot(path: Path, exc: sqlite3.Error) -> BackendUnavailable:
    return BackendUnavailable("the progress of verify cannot be kept", where=path, found=type(exc).__name__)
