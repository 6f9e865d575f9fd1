"""Training runs that used a dataset, pieced together from their start and end in the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from tdsec_gov.compliance.events import Numbered, strings, who_is
from tdsec_gov.compliance.values import Run
from tdsec_gov.compliance.window import Window
from tdsec_gov.domain.events import AuditEvent
from tdsec_gov.policy.access import Access

_MODELS = ("model", "models", "model_name", "model_uri", "registered_model")


def runs_of(
    events: list[Numbered], window: Window, access: Access, dataset: str, roots: Mapping[str, object]
) -> tuple[Run, ...]:
    """Training runs that started in the window, with their end wherever it stands in the log.

    A refused start is a refusal, no run. A ``tdsec run`` session that ended and in which MLflow runs
    were recorded stands for those, so that no model is counted twice.
    """
    ends = {event.target: event for _, event in events if event.action == "run.end"}
    starts = [(seq, event) for seq, event in events if event.action == "run.start"]
    sessions = {str(event.details.get("session") or "") for _, event in starts} & ends.keys()
    found = []
    for seq, event in starts:
        refused = event.outcome == "denied" or event.target in sessions
        if refused or not window.holds(event.event_time):
            continue
        end = ends.get(event.target)
        found.append(
            Run(
                run_id=event.target,
                started=event.event_time,
                who=who_is(event.initiator, access),
                purpose=event.purpose,
                outcome=end.outcome if end else "never ended",
                ended=end.event_time if end else "",
                versions=_used(event, roots),
                models=_models([event, *([end] if end else [])]),
                proven=_proven(event, dataset),
                seq=seq,
            )
        )
    return tuple(found)


def _proven(event: AuditEvent, dataset: str) -> bool:
    """False where the run itself recorded that this dataset was not verified."""
    listed = event.details.get("datasets")
    mine = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return all(one.get("state", "verified") == "verified" for one in mine if one.get("name") == dataset)


def _used(event: AuditEvent, roots: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for _, text in strings(event.details) if text in roots))


def _models(events: list[AuditEvent]) -> tuple[str, ...]:
    texts = [text for event in events for key, text in strings(event.details) if key in _MODELS]
    return tuple(dict.fromkeys(text for text in texts if text))
