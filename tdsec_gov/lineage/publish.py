"""Log a finished run's record and report as artifacts; the tags that show them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tdsec_gov.lineage.html import report
from tdsec_gov.lineage.record import SIGNED, UNSIGNED, end_tags, note
from tdsec_gov.lineage.recorder import Finished

REPORT = "lineage/report.html"


def publish(finished: Finished, artifact_uri: str, tracking_uri: str, *, has_note: bool) -> dict[str, str]:
    """Write both artifacts of the run, then return the tags to set (evidence before pointer)."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository: Any = get_artifact_repository(artifact_uri, tracking_uri=tracking_uri)
    page = report(finished.record, finished.signer, finished.head)
    files = {SIGNED if finished.signed else UNSIGNED: finished.data, REPORT: page.encode()}
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / Path(name).name
            path.write_bytes(data)
            repository.log_artifact(str(path), name.rpartition("/")[0])
    tags = end_tags(finished.record, finished.head)
    if not finished.signed:
        tags["tdsec.signature"] = "none: no identity was at hand"
    if not has_note:
        tags["mlflow.note.content"] = note(finished.record)
    return tags
