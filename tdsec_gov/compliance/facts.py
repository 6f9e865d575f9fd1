"""Gather the facts of a report: verified log, signed verdicts, source record, git history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tdsec_gov.compliance.documented import checks_of
from tdsec_gov.compliance.events import (
    Numbered,
    actions_of,
    concerning,
    days_of,
    entry,
    purposes_of,
    spends_of,
    users_of,
)
from tdsec_gov.compliance.exceptions import waivers_of
from tdsec_gov.compliance.findings import findings_of
from tdsec_gov.compliance.history import is_shallow, seen_versions
from tdsec_gov.compliance.quorum import pending_of, quorum_words
from tdsec_gov.compliance.runs import runs_of
from tdsec_gov.compliance.values import NOT_STATED, LogBasis, ReportFacts, Span
from tdsec_gov.compliance.versions import cover_of, source_fact, versions_of
from tdsec_gov.compliance.window import Window
from tdsec_gov.policy.load import DatasetPolicy
from tdsec_gov.repo.pointers import Pointer
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.book import VerdictBook
from tdsec_gov.verdicts.verify import format_time

LIMITS = (
    "Whether what the source record states is true, and whether any law is met: people judge that.",
    "Acts that nobody recorded. Events after the last signed head could still be rewritten by "
    "whoever owns the database file.",
    "History that this clone does not hold: other clones, deleted branches, rewritten commits.",
    "Earlier verdicts of the same bytes: a version keeps its latest verdict, the log keeps each event.",
    "Composed privacy loss: figures are listed as each event recorded them, and never added up here.",
)
_SHALLOW = "This clone is shallow: versions committed before its first commit were not looked at."


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where a report's facts come from. ``events`` come from a log that verified (``basis``)."""

    repository: Repository
    book: VerdictBook
    basis: LogBasis
    events: Iterable[Numbered]


def gather(
    inputs: Inputs, dataset: str, pointer: Pointer | None, window: Window, now: dt.datetime, tool: str
) -> ReportFacts:
    """The facts of ``dataset`` in ``window``, judged at ``now``.

    Raises:
        PolicyInvalid: no rule of policies/ matches the dataset.
        ConfigurationError: git cannot walk the history.
        IntegrityError: an event's time is malformed.
    """
    book, access = inputs.book, inputs.book.policies.access
    policy = book.policies.for_dataset(dataset)
    oid = pointer.oid if pointer else None
    history = book.history(dataset)
    waivers = waivers_of(book, dataset, window, history)
    pending = pending_of(book, dataset, window, history)
    by_digest = {one.digest: one for one in waivers}
    versions, unverified = versions_of(book, dataset, window, oid, now, by_digest, pending)
    roots = {one.verdict.version.root: one for one in history}
    log = _Counted(inputs.events, window)
    everything = concerning(log, dataset, roots)
    here = [(seq, event) for seq, event in everything if window.holds(event.event_time)]
    runs = runs_of(everything, window, access, dataset, roots)
    cover = cover_of(book, dataset, pending)
    files = {f"{dataset}.dvc", *([pointer.file] if pointer else [])}
    seen = seen_versions(inputs.repository, dataset, files, cover)
    users = users_of(here, access)
    return ReportFacts(
        dataset=dataset,
        generated_at=format_time(now),
        tool=tool,
        basis=inputs.basis,
        span=_span(window, log.inside, here, book),
        versions=versions,
        waivers=waivers,
        quorum=quorum_words(book.quorum(dataset)),
        pending=pending,
        unverified_verdicts=unverified,
        current_oid=oid,
        source=source_fact(policy),
        checks=checks_of(policy.source, versions, runs, now.astimezone(dt.UTC).date()),
        findings=findings_of(
            inputs.basis, dataset, versions, waivers, pending, unverified, oid, runs, users, seen, cover
        ),
        actions=actions_of(here),
        users=users,
        purposes=purposes_of(here),
        runs=runs,
        refusals=tuple(entry(seq, one, access) for seq, one in here if one.outcome == "denied"),
        spends=spends_of(here),
        budget=_budget(policy),
        seen=seen,
        days=days_of(here),
        limits=(*LIMITS, _SHALLOW) if is_shallow(inputs.repository) else LIMITS,
    )


class _Counted:
    """The log's events passing by once; ``inside`` counts those in the window."""

    def __init__(self, events: Iterable[Numbered], window: Window) -> None:
        self._events, self._window, self.inside = events, window, 0

    def __iter__(self) -> Iterator[Numbered]:
        for seq, event in self._events:
            self.inside += self._window.holds(event.event_time)
            yield seq, event


def _span(window: Window, total: int, here: list[Numbered], book: VerdictBook) -> Span:
    access = book.policies.access
    first = entry(*here[0], access) if here else None
    last = entry(*here[-1], access) if here else None
    since = format_time(window.since) if window.since else ""
    return Span(since, format_time(window.until), total, len(here), first, last)


def _budget(policy: DatasetPolicy) -> str:
    budget = policy.rule.privacy
    return NOT_STATED if budget is None else f"epsilon {budget.epsilon:g} at delta {budget.delta:g}"
