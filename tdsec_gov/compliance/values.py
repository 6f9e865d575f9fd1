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
class WaiverFact:
    """A waiver: ``what`` (``check`` or ``check:CODE``) of version ``root``, why, by whom, until when.

    ``state`` is ``holds``, ``expired``, ``revoked``, ``orphaned``, ``gone`` or ``does not count`` (``why``
    says more); ``used_by`` are the roots of the accepted versions whose verdict stands on it.
    """

    digest: str
    root: str
    what: str
    reason: str
    approver: str
    created: str
    expires: str
    state: str
    why: str
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingFact:
    """A version whose verdict still lacks signatures (``lacking``: whose, in words)."""

    root: str
    oid: str
    result: str
    evaluated_at: str
    signers: tuple[str, ...]
    lacking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionFact:
    """One version with a verdict that verifies: the verdict, who signed it, whether it has expired.

    ``in_range`` tells whether it was evaluated in the report's range, ``current`` whether the
    pointer in the work tree names it; ``waivers`` are those that the verdict stands on.
    """

    verdict: Verdict
    signers: tuple[str, ...]
    envelope_sha256: str
    expired: bool
    in_range: bool
    current: bool
    waivers: tuple[WaiverFact, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A version (DVC oid) that git history holds: first commit, and what evidence covers it.

    ``cover`` is ``accepted``, ``denied`` (its verdict FAILED), ``awaiting`` (signatures are missing),
    ``none`` or ``unreadable``.
    """

    oid: str
    commit: str
    when: str
    author: str
    cover: str


@dataclass(frozen=True, slots=True)
class SourceFact:
    """The source record as pairs of label and text; ``not stated`` where it says nothing.

    ``fields`` are those that everybody is asked for, ``more`` the further ones.
    """

    id: str
    fields: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...] = ()

    @property
    def stated(self) -> tuple[tuple[str, str], ...]:
        """``fields``, and those of ``more`` that the record states."""
        return (*self.fields, *(one for one in self.more if one[1] != NOT_STATED))

    @property
    def silent(self) -> tuple[str, ...]:
        """Labels of ``more`` on which the record says nothing."""
        return tuple(label for label, text in self.more if text == NOT_STATED)


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
    waivers: tuple[WaiverFact, ...]
    quorum: str
    pending: tuple[PendingFact, ...]
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
