"""What the audit log says of one dataset: its events, people, purposes, privacy spent.

An event concerns the dataset when its target or details name the dataset, the root of one of its
versions, or a run that used it. Runs are found first, so that an end, a refusal or privacy spent by
a run is counted although it names only the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tdsec_gov.compliance.values import Entry, Purpose, Spend, User
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.events import OUTCOMES, AuditEvent
from tdsec_gov.policy.access import Access

_NAMING = ("dataset", "datasets", "name", "target", "inputs", "data")
NOBODY = "-"
Numbered = tuple[int, AuditEvent]


def strings(value: JsonValue, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in ``value`` with the nearest key above it."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, key)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from strings(one, name)


def run_id(event: AuditEvent) -> str | None:
    """The run that an event is about, if any."""
    return event.target if event.action in ("run.start", "run.end") else None


def _names(event: AuditEvent, dataset: str, roots: Mapping[str, object]) -> bool:
    if event.target in (dataset, f"{dataset}.dvc") or event.target.startswith(f"{dataset}@"):
        return True
    for key, text in strings(event.details):
        if text in roots or (key in _NAMING and text.partition("@")[0] == dataset):
            return True
    return False


def concerning(events: Iterable[Numbered], dataset: str, roots: Mapping[str, object]) -> list[Numbered]:
    """The events about ``dataset``, in the log's order. ``roots`` are those of its known versions.

    What names only a run (its end, privacy it spent) counts when that run used the dataset, whatever
    the order in the log; what such a run did to another dataset does not.
    """
    named: set[int] = set()
    runs: set[str] = set()
    candidates: list[Numbered] = []
    for seq, event in events:
        if _names(event, dataset, roots):
            named.add(seq)
            runs |= {event.target} if run_id(event) else set()
            candidates.append((seq, event))
        elif run_id(event) or event.action == "privacy.spend":
            candidates.append((seq, event))
    return [(seq, event) for seq, event in candidates if seq in named or event.target in runs]


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


def spends_of(events: list[Numbered]) -> tuple[Spend, ...]:
    """Privacy spent, event by event."""
    return tuple(
        Spend(seq, event.event_time, event.target, tuple(sorted(_flat(event.details).items())))
        for seq, event in events
        if event.action == "privacy.spend"
    )


def _flat(details: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Nested figures raised by one level: ``spend.epsilon`` reads as ``epsilon``."""
    flat: dict[str, JsonValue] = {}
    for key, value in details.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat
