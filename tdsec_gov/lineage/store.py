"""MLflow's tracking stores, made to record lineage: a dynamic subclass under the built-in scheme names.

Entry points ``mlflow.tracking_store``: sqlite, postgresql, mysql, mssql -> :func:`sql_store`;
http, https -> :func:`rest_store`. No URI changes and every store method stays. In a tracking server
(which sees other people's runs) the store is left alone.
"""

from __future__ import annotations

import os
from typing import Any

from tdsec_gov.lineage.guard import guard
from tdsec_gov.lineage.plugin import PLUGIN

_SERVER = "_MLFLOW_SERVER_FILE_STORE"
_HINT = "start the script with `tdsec run --data PATH -- ...`, or see `tdsec check`"


class LineageStore:
    """Put before a tracking store's class: records run start, inputs and run end, then lets it act."""

    tdsec_uri: str

    def create_run(self, *args: Any, **kwargs: Any) -> Any:
        inner: Any = super()
        seen = PLUGIN.before()
        _refuse_unless_verified(seen)
        run = inner.create_run(*args, **kwargs)
        with guard("recording the start of a run"):
            if seen is not None:
                _begin(inner, run.info.run_id, seen, None)
        return run

    def update_run_info(self, run_id: str, run_status: Any, *args: Any, **kwargs: Any) -> Any:
        inner: Any = super()
        from mlflow.entities import RunStatus

        if run_status is not None and RunStatus.is_terminated(run_status):
            with guard("recording the end of a run", lambda reason: _mark(inner, run_id, reason)):
                _end(inner, run_id, RunStatus.to_string(run_status), self.tdsec_uri)
        elif run_status == RunStatus.RUNNING and run_id not in PLUGIN.recorders:
            self._tdsec_resume(inner, run_id)
        return inner.update_run_info(run_id, run_status, *args, **kwargs)

    def log_inputs(self, run_id: str, *args: Any, **kwargs: Any) -> Any:
        inner: Any = super()
        result = inner.log_inputs(run_id, *args, **kwargs)
        datasets = kwargs.get("datasets", args[0] if args else None) or []
        failed: list[str] = []
        with guard("examining logged inputs", failed.append):
            from tdsec_gov.lineage.inputs import record_named

            record_named(inner, run_id, datasets)
        recorder = PLUGIN.recorders.get(run_id)
        if recorder is not None:
            if failed:
                recorder.seen.reasons += failed
                _mark(inner, run_id, failed[0])
            _refuse_unless_verified(recorder.seen)
        return result

    def _tdsec_resume(self, inner: Any, run_id: str) -> None:
        seen = PLUGIN.before()
        _refuse_unless_verified(seen)
        with guard("recording a resumed run"):
            if seen is not None:
                tags = inner.get_run(run_id).data.tags
                _begin(inner, run_id, seen, tags.get("tdsec.state", ""))


def sql_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    """Entry point for the SQL schemes."""
    if os.environ.get(_SERVER):
        from mlflow.server.handlers import TrackingStoreRegistryWrapper

        registry: Any = TrackingStoreRegistryWrapper
        return registry._get_sqlalchemy_store(store_uri, artifact_uri)
    return recording(_builtin()._get_sqlalchemy_store(store_uri, artifact_uri), store_uri)


def rest_store(store_uri: str, **more: Any) -> Any:
    """Entry point for http and https."""
    return recording(_builtin()._get_rest_store(store_uri, **more), store_uri)


def _builtin() -> Any:
    """MLflow's module with the builders that ours stand in for."""
    from mlflow.tracking._tracking_service import utils

    return utils


def recording(store: Any, uri: str) -> Any:
    """The same store object, recording. If that fails, the store as it was."""
    with guard("wrapping the tracking store"):
        base = type(store)
        store.__class__ = type(f"Tdsec{base.__name__}", (LineageStore, base), {"__module__": base.__module__})
        store.tdsec_uri = uri
    return store


def _begin(inner: Any, run_id: str, seen: Any, earlier: str | None) -> None:
    from tdsec_gov.lineage.inputs import log_datasets, set_tags

    set_tags(inner, run_id, PLUGIN.started(run_id, seen, earlier))
    log_datasets(inner, run_id, seen.datasets, "training")


def _end(inner: Any, run_id: str, status: str, uri: str) -> None:
    from tdsec_gov.lineage.inputs import set_tags
    from tdsec_gov.lineage.publish import publish

    finished = PLUGIN.finished(run_id, status)
    if finished is not None:
        run = inner.get_run(run_id)
        tags = publish(finished, run.info.artifact_uri, uri, has_note="mlflow.note.content" in run.data.tags)
        set_tags(inner, run_id, tags)


def _mark(inner: Any, run_id: str, reason: str) -> None:
    with guard("marking a run unverified"):
        from tdsec_gov.lineage.inputs import set_tags

        set_tags(inner, run_id, {"tdsec.state": "unverified", "tdsec.reasons": reason[:1000]})


def _refuse_unless_verified(seen: Any) -> None:
    """Raise MLflow's PERMISSION_DENIED for unverified data where TDSEC_ENFORCE asks for it."""
    from tdsec_gov.lineage.enforce import refusal

    reason = refusal(os.environ, seen)
    if reason is not None:
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import PERMISSION_DENIED

        message = f"tdsec: run refused: {reason} - {_HINT}"
        raise MlflowException(message, error_code=PERMISSION_DENIED)
