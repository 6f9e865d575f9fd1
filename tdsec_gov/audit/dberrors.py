"""What the database driver says, as one clear error of our tree; its own text is never repeated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tdsec_gov.errors import BackendUnavailable, ConfigurationError, LogTampered, TdsecError

if TYPE_CHECKING:
    from tdsec_gov.audit.database import Database

NOT_A_LOG = "file is not an audit log"
BACKUP = "restore it from a backup if it used to be one"
_LOCKED = (
    "audit log is locked by another process",
    "wait until the other tdsec or backup has ended, then repeat",
)
_PERMISSION = (
    "permission denied for the audit log",
    "give yourself read and write access to the file and its folder",
)

# Primary result codes of SQLite (sqlite.org/rescode.html).
_BACKEND = {
    3: _PERMISSION,
    5: _LOCKED,
    6: _LOCKED,
    8: ("audit log is read-only", "give yourself write access to the file and its folder"),
    10: (
        "audit log cannot be read or written: disk error or limit",
        "free space or check the disk, then repeat",
    ),
    13: ("disk is full: nothing was recorded", "free space, then repeat"),
    14: ("audit log cannot be opened", "check that the path is a file you may read and write"),
    23: _PERMISSION,
}
_NO_TABLE = "no such table"
_NO_COLUMN = "no such column"
_NOT_UTF8 = "Could not decode"
_LACKING = ("42P01", "42703")  # SQLSTATE undefined_table, undefined_column


@contextmanager
def translated(database: Database) -> Iterator[None]:
    """Raise what the database raises inside as BackendUnavailable, ConfigurationError or LogTampered."""
    where = database.where
    try:
        yield
    except database.doubled:
        raise LogTampered(
            "audit log holds an event beyond its head row", where=where, hint="run `tdsec audit verify`"
        ) from None
    except database.errors as exc:
        original = getattr(exc, "orig", None)  # SQLAlchemy wraps what a driver says on connecting
        raise _explained(exc if original is None else original, where) from None


def _explained(exc: BaseException, where: str) -> TdsecError:
    code = getattr(exc, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    text = str(exc)
    if primary == 26:
        return ConfigurationError(NOT_A_LOG, where=where, hint=BACKUP)
    if primary == 11:
        return LogTampered("audit log file is corrupt", where=where, hint="restore it from a backup")
    state = getattr(exc, "sqlstate", None) or getattr(exc, "pgcode", None)
    lacking = _NO_TABLE in text or _NO_COLUMN in text or state in _LACKING
    if lacking:
        return LogTampered("audit log lacks a table or column", where=where, hint="restore it from a backup")
    if _NOT_UTF8 in text:
        return LogTampered("audit log holds bytes that are not text", where=where)
    if primary in _BACKEND:
        message, hint = _BACKEND[primary]
        return BackendUnavailable(message, where=where, hint=hint)
    return BackendUnavailable("audit log cannot be used", where=where, found=type(exc).__name__)
