"""Runs that started and never ended: killed, cut off, or still going on. Each is a finding."""

from __future__ import annotations

from collections.abc import Iterable

from tdsec_gov.domain.events import AuditEvent


def unfinished_runs(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """START events (``run.start``, success) without a later ``run.end`` of the same target, oldest first.

    A run that was resumed counts from its last start.
    """
    going: dict[str, AuditEvent] = {}
    for event in events:
        if event.action == "run.start" and event.outcome == "success":
            going.pop(event.target, None)
            going[event.target] = event
        elif event.action == "run.end":
            going.pop(event.target, None)
    return list(going.values())
