"""A log of twenty events, and an attacker who edits it with nothing but sqlite3."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tdsec_gov.audit.chain import genesis, link
from tdsec_gov.audit.log import AuditLog
from tdsec_gov.audit.merkle import Frontier, leaf_hash
from tdsec_gov.domain.events import AuditEvent


def make_event(number: int = 1, **changes: Any) -> AuditEvent:
    fields: dict[str, Any] = {
        "event_time": f"2026-03-01T10:{number // 60 % 60:02}:{number % 60:02}Z",
        "action": "gate",
        "outcome": "success",
        "initiator": "ab" * 32,
        "target": f"data/file{number}.csv",
        "purpose": "credit scoring",
        "legal_basis": "GDPR Art. 6(1)(b)",
        "details": {"checks": number},
    }
    return AuditEvent(**{**fields, **changes})


class Attacker:
    """Owns the database file: any SQL, and the public hash functions."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sql(self, *statements: str) -> None:
        with sqlite3.connect(self.path) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def rows(self) -> list[tuple[int, str]]:
        connection = sqlite3.connect(self.path)
        rows = connection.execute("SELECT seq, body FROM tdsec_audit_entry ORDER BY seq").fetchall()
        connection.close()
        return rows

    def rehash(self, only: int | None = None) -> None:
        """Recompute every leaf, the chain and the head from the bodies, or one row's leaf and chain."""
        connection = sqlite3.connect(self.path)
        (origin,) = connection.execute("SELECT origin FROM tdsec_audit_head").fetchone()
        chain, frontier = genesis(origin), Frontier()
        for seq, body in self.rows():
            leaf = leaf_hash(body.encode())
            chain = link(seq, chain, leaf)
            frontier.append(leaf)
            if only not in (None, seq):
                continue
            connection.execute("UPDATE tdsec_audit_entry SET leaf=?, chain=? WHERE seq=?", (leaf, chain, seq))
        if only is None:
            connection.execute(
                "UPDATE tdsec_audit_head SET size=?, chain=?, frontier=?",
                (frontier.size, chain, frontier.to_bytes()),
            )
        connection.commit()
        connection.close()


@pytest.fixture
def event() -> Callable[..., AuditEvent]:
    return make_event


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    one = AuditLog.create(tmp_path / "audit.db", log_id="0123456789abcdef")
    one.append_many(make_event(number) for number in range(1, 21))
    yield one
    one.close()


@pytest.fixture
def attacker(log: AuditLog) -> Attacker:
    return Attacker(Path(log.where))
