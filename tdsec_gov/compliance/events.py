"""What the audit log says of one dataset: its events, people, purposes and training runs.

An event concerns the dataset when its target or details name the dataset, the root of one of its
versions, or a run that used it. Runs are found first, so that an end, a refusal or privacy spent by
a run is counted although it names only the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tdsec_gov.compliance.values import Entry, Purpose, Run, Spend, User
from tdsec_gov.compliance.window import Window
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.events import OUTCOMES, AuditEvent
from tdsec_gov.policy.access import Access

_NAMING = ("dataset", "datasets", "name", "target", "inputs", "data")
_MODELS = ("model", "models", "model_name", "model_uri", "registered_model")
NOBODY = "-"
Numbered = tuple[int, AuditEvent]


def _strings(value: JsonValue, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in ``value`` with the nearest key above it."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, key)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _strings(one, name)


def run_id(event: AuditEvent) -> str | None:
    """The run that an event is about, if any."""
    named = event.details.get("run_id")
    if isinstance(named, str) and named:
        return named
    return event.target if event.action in ("run.start", "run.end") else None


def _names(event: AuditEvent, dataset: str, roots: Mapping[str, object]) -> bool:
    if event.target in (dataset, f"{dataset}.dvc") or event.target.startswith(f"{dataset}@"):
        return True
    for key, text in _strings(event.details):
        if text in roots or (key in _NAMING and text.partition("@")[0] == dataset):
            return True
    return False


def concerning(events: Iterable[Numbered], dataset: str, roots: Mapping[str, object]) -> list[Numbered]:
    """The events about ``dataset``, in the log's order. ``roots`` are those of its known versions.

    A run's events count whatever their order in the log.
    """
    named: set[int] = set()
    runs: set[str] = set()
    by_run: list[tuple[int, AuditEvent, str | None]] = []
    for seq, event in events:
        run = run_id(event)
        if _names(event, dataset, roots):
            named.add(seq)
            runs |= {run} if run else set()
            by_run.append((seq, event, run))
        elif run is not None:
            by_run.append((seq, event, run))
    return [(seq, event) for seq, event, run in by_run if seq in named or run in runs]


def entry(seq: int, event: AuditEvent, access: Access) -> Entry:
    details = tuple(sorted(event.details.items()))
    who = who_is(event.initiator, access)
    return Entry(
        *(seq, event.event_time, event.action, event.outcome, who, event.target),
        *(event.reason, event.purpose, details),
    )


def who_is(keyid: str, access: Access) -> str:
    """The member's name; the first digits of a stranger's key; words where nobody signed on."""
    return "nobody identified" if keyid in ("", NOBODY) else access.name_of(keyid)


def users_of(events: list[Numbered], access: Access) -> tuple[User, ...]:
    """Everybody who acted, busiest first."""
    counts = Counter(event.initiator for _, event in events)
    last = {event.initiator: event.event_time for _, event in events}
    return tuple(
        User(who_is(key, access), key, access.member(key) is not None, count, last[key])
        for key, count in counts.most_common()
    )


def purposes_of(events: list[Numbered]) -> tuple[Purpose, ...]:
    """Every purpose that events state, the most frequent first; the empty one is left out."""
    counts = Counter(event.purpose for _, event in events if event.purpose)
    runs = Counter(event.purpose for _, event in events if event.action == "run.start")
    return tuple(Purpose(text, count, runs[text]) for text, count in counts.most_common())


def actions_of(events: list[Numbered]) -> tuple[tuple[str, int, int, int], ...]:
    """``(action, success, denied, failure)`` by action."""
    return _table((event.action, event.outcome) for _, event in events)


def days_of(events: list[Numbered]) -> tuple[tuple[str, int, int, int], ...]:
    """``(YYYY-MM-DD, success, denied, failure)`` by day in UTC; days without events are left out."""
    return _table((event.event_time[:10], event.outcome) for _, event in events)


def _table(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, int, int, int], ...]:
    success, failure, denied = OUTCOMES
    counts = Counter(pairs)
    keys = sorted({key for key, _ in counts})
    return tuple((key, counts[key, success], counts[key, denied], counts[key, failure]) for key in keys)


def runs_of(
    events: list[Numbered], window: Window, access: Access, roots: Mapping[str, object]
) -> tuple[Run, ...]:
    """Training runs that started in the window, with their end wherever it stands in the log."""
    ends = {run_id(event): event for _, event in events if event.action == "run.end"}
    found = []
    for seq, event in events:
        if event.action != "run.start" or not window.holds(event.event_time):
            continue
        end = ends.get(run_id(event))
        state = end.outcome if end else ("never ended" if event.outcome == "success" else event.outcome)
        found.append(
            Run(
                run_id=str(run_id(event)),
                started=event.event_time,
                who=who_is(event.initiator, access),
                purpose=event.purpose,
                outcome=state,
                ended=end.event_time if end else "",
                versions=_used(event, roots),
                models=_models([event, *([end] if end else [])]),
                seq=seq,
            )
        )
    return tuple(found)


def _used(event: AuditEvent, roots: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for _, text in _strings(event.details) if text in roots))


def _models(events: list[AuditEvent]) -> tuple[str, ...]:
    texts = [text for event in events for key, text in _strings(event.details) if key in _MODELS]
    return tuple(dict.fromkeys(text for text in texts if text))


def spends_of(events: list[Numbered]) -> tuple[Spend, ...]:
    """Privacy spent, event by event."""
    return tuple(
        Spend(seq, event.event_time, event.target, tuple(sorted(event.details.items())))
        for seq, event in events
        if event.action == "privacy.spend"
    )
