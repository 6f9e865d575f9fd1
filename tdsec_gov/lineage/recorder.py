"""One run from start to end: what it uses, its START and COMPLETE/FAIL events, its signed record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from tdsec_gov import __version__
from tdsec_gov.audit.journal import Journal
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.lineage import LineageRecord, State, UsedDataset, state_of
from tdsec_gov.domain.privacy import PrivacySpend
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.lineage.record import NOTHING_NAMED, record_sha256, sign_record, to_statement
from tdsec_gov.privacy.ledger import record_spend
from tdsec_gov.verdicts.verify import format_time

MAX_LISTED = 200


@dataclass
class Examination:
    """What is known before a run has an id: the repository, its data, and what speaks against it."""

    root: Path | None = None
    datasets: tuple[UsedDataset, ...] = ()
    reasons: list[str] = field(default_factory=list)
    purpose: str = ""
    legal_basis: str = ""
    commit: str = ""
    session: str = ""

    @property
    def state(self) -> State:
        return state_of(self.datasets, tuple(self.reasons))


@dataclass(frozen=True, slots=True)
class Finished:
    """The record of a run that ended, its bytes (signed where ``signed``), and the audit head."""

    record: LineageRecord
    data: bytes
    signed: bool
    signer: str
    head: LogHead | None


@dataclass
class RunRecorder:
    """Writes one run's evidence. Every method may raise TdsecError; the caller guards."""

    run_id: str
    seen: Examination
    started_at: str
    journal: Journal | None = None

    @classmethod
    def of(cls, run_id: str, seen: Examination, now: dt.datetime) -> RunRecorder:
        return cls(run_id, seen, format_time(now))

    def start(self, journal: Journal) -> None:
        """Record START, before the first batch."""
        self.journal = journal
        self._event("run.start", "success", {"event": "START", **self._details()})

    def add(self, more: tuple[UsedDataset, ...]) -> tuple[UsedDataset, ...]:
        """Data that the run names later on (``log_input``); returns what was not known yet."""
        known = {one.name for one in self.seen.datasets}
        new = tuple(one for one in more if one.name not in known)
        self.seen.datasets += new
        for one in new:
            outcome = "success" if one.verified else "failure"
            details: dict[str, JsonValue] = {"run": self.run_id, "sha256": one.root, "oid": one.oid}
            self._event("verify", outcome, details, target=one.name, reason=one.reason)
        return new

    def finish(self, status: str, now: dt.datetime, spend: PrivacySpend | None) -> Finished:
        """Record what private training spent, sign the record, then COMPLETE or FAIL."""
        if spend is not None and self.journal is not None:
            for one in self.seen.datasets:
                record_spend(self.journal, one.name, one.root, one.oid, self.run_id, spend)
        record = self._record(status, format_time(now), spend)
        identity = self.journal.identity if self.journal else None
        data = sign_record(record, *identity.signers) if identity else to_statement(record)
        complete = status == "FINISHED"
        details: dict[str, JsonValue] = {
            "event": "COMPLETE" if complete else "FAIL",
            "status": status,
            "record_sha256": record_sha256(record),
            **self._details(),
        }
        head = self._event("run.end", "success" if complete else "failure", details)
        return Finished(record, data, identity is not None, identity.name if identity else "", head)

    def _record(self, status: str, ended: str, spend: PrivacySpend | None) -> LineageRecord:
        seen = self.seen
        return LineageRecord(
            run_id=self.run_id,
            state=seen.state,
            reasons=tuple(seen.reasons) if seen.reasons or seen.datasets else (NOTHING_NAMED,),
            datasets=seen.datasets,
            purpose=seen.purpose,
            legal_basis=seen.legal_basis,
            commit=seen.commit,
            started_at=self.started_at,
            ended_at=ended,
            status=status,
            tool=f"tdsec-gov {__version__}",
            session=seen.session,
            dp_epsilon=spend.epsilon if spend else None,
            dp_delta=spend.delta if spend else None,
        )

    def _details(self) -> dict[str, JsonValue]:
        listed: list[JsonValue] = [
            {"name": one.name, "sha256": one.root, "state": one.state.value}
            for one in self.seen.datasets[:MAX_LISTED]
        ]
        return {
            "state": self.seen.state.value,
            "datasets": listed,
            "count": len(self.seen.datasets),
            "session": self.seen.session,
        }

    def _event(
        self,
        action: str,
        outcome: str,
        details: dict[str, JsonValue],
        *,
        target: str = "",
        reason: str | None = None,
    ) -> LogHead | None:
        if self.journal is None:
            return None
        text = "; ".join(self.seen.reasons)[:500] if reason is None else reason[:500]
        return self.journal.record(
            action,
            outcome,
            target or self.run_id,
            reason=" ".join(text.split()),
            purpose=self.seen.purpose,
            legal_basis=self.seen.legal_basis,
            details=details,
        )
