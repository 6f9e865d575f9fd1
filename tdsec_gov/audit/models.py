"""The table layout of the audit log, as SQLModel classes.

They make the tables and are there for people who query a log with the ORM; appending and verifying
use plain rows (:mod:`tdsec_gov.audit.store`), which spares every act SQLAlchemy's import.
There is no index but the primary keys: an index that disagrees with its table would hide rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, Table
from sqlalchemy.schema import CreateTable
from sqlmodel import Field, SQLModel

ENTRY_TABLE = "tdsec_audit_entry"
HEAD_TABLE = "tdsec_audit_head"


class AuditEntry(SQLModel, table=True):
    """One event. ``body`` is the authority; the seven texts at the end are projections of it.

    ``seq`` counts from 1; ``leaf`` is the RFC 6962 leaf hash of ``body`` in UTF-8, ``chain`` the hash
    chain up to here (32 bytes each); ``event_time`` has exactly six decimals so that it sorts.
    """

    __tablename__ = ENTRY_TABLE

    seq: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    body: str
    leaf: bytes = Field(sa_type=LargeBinary)
    chain: bytes = Field(sa_type=LargeBinary)
    event_time: str
    action: str
    outcome: str
    initiator: str
    target: str
    purpose: str
    legal_basis: str


class AuditHead(SQLModel, table=True):
    """The one row (``id`` 1) that every append locks: where the log ends."""

    __tablename__ = HEAD_TABLE

    id: int = Field(primary_key=True)
    format: int
    origin: str
    size: int = Field(sa_type=BigInteger)
    chain: bytes = Field(sa_type=LargeBinary)
    frontier: bytes = Field(sa_type=LargeBinary)


def tables() -> list[Table]:
    """Both tables, for ``create_all``."""
    return [SQLModel.metadata.tables[ENTRY_TABLE], SQLModel.metadata.tables[HEAD_TABLE]]


def table_statements(dialect: Dialect) -> list[str]:
    """The statements that make both tables."""
    return [str(CreateTable(one).compile(dialect=dialect)) for one in tables()]
