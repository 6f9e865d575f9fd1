"""What a report says, as frozen values. Gathered once, rendered by text, JSON and HTML alike."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.verdict import LogHead, Verdict

NOT_STATED = "not stated"
NO_EVIDENCE = "no evidence"


@dataclass(frozen=True, slots=True)
class LogBasis:
    """The verified log a report stands on.

    ``head`` is where it stood, ``covered`` how many of its first events a signed head kept outside
    the database confirms, ``checkpoints`` in words where those heads were found.
    """

    head: LogHead
    covered: int
    checkpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log in the report: its number and fields, the initiator by name."""

    seq: int
    time: str
    action: str
    outcome: str
    who: str
    target: str
    reason: str = ""
    purpose: str = ""
    details: tuple[tuple[str, JsonValue], ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """The range: RFC 3339 bounds (``since`` empty: from the beginning), events in the log and here."""

    since: str
    until: str
    log_events: int
    events: int
    first: Entry | None
    last: Entry | None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who acted on the dataset: member name, keyid, whether access.yaml lists the key."""

    name: str
    keyid: str
    member: bool
    events: int
    last: str


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose stated by events: how many of them, and how many training runs."""

    text: str
    events: int
    runs: int


@dataclass(frozen=True, slots=True)
class Run:
    """A training run that used the dataset. ``ended`` is empty where no end was recorded.

    ``proven`` is False where the run itself recorded that its data was not verified.
    """

    run_id: str
    started: str
    who: str
    purpose: str
    outcome: str
    ended: str
    versions: tuple[str, ...]
    models: tuple[str, ...]
    proven: bool
    seq: int


@dataclass(frozen=True, slots=True)
class Spend:
    """Privacy spent by one event, as it was recorded (never added up here)."""

    seq: int
    time: str
    target: str
    figures: tuple[tuple[str, JsonValue], ...]


@dataclass(frozen=True, slots=True)
class VersionFact:
    """One version with a verdict that verifies: the verdict, who signed it, whether it has expired.

    ``in_range`` tells whether it was evaluated in the report's range, ``current`` whether the
    pointer in the work tree names it.
    """

    verdict: Verdict
    signers: tuple[str, ...]
    envelope_sha256: str
    expired: bool
    in_range: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A version (DVC oid) that git history holds: first commit, and what evidence covers it.

    ``cover`` is ``accepted``, ``denied`` (its verdict FAILED), ``none`` or ``unreadable``.
    """

    oid: str
    commit: str
    when: str
    author: str
    cover: str


@dataclass(frozen=True, slots=True)
class SourceFact:
    """The source record as pairs of label and text; ``not stated`` where it says nothing."""

    id: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One question with its answer and what it rests on."""

    name: str
    passed: bool
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """Everything a report shows."""

    dataset: str
    generated_at: str
    tool: str
    basis: LogBasis
    span: Span
    versions: tuple[VersionFact, ...]
    unverified_verdicts: tuple[str, ...]
    current_oid: str | None
    source: SourceFact
    checks: tuple[Check, ...]
    findings: tuple[str, ...]
    actions: tuple[tuple[str, int, int, int], ...]
    users: tuple[User, ...]
    purposes: tuple[Purpose, ...]
    runs: tuple[Run, ...]
    refusals: tuple[Entry, ...]
    spends: tuple[Spend, ...]
    budget: str
    seen: tuple[Seen, ...]
    days: tuple[tuple[str, int, int, int], ...]
    limits: tuple[str, ...]
