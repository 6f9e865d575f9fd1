"""MLflow dataset source for data that DVC tracks: ``from_pandas(df, source="data/train.csv")`` finds it.

Its source type is ``external``, which MLflow's own page knows how to show and no class of MLflow
claims; ``"kind": "dvc"`` tells it from others. Entry point ``mlflow.dataset_source``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.data.dataset_source import DatasetSource

from tdsec_gov.lineage.guard import guard
from tdsec_gov.lineage.plugin import PLUGIN

if TYPE_CHECKING:
    from tdsec_gov.lineage.used import Used


class DvcDatasetSource(DatasetSource):
    """``path`` from the repository's root, DVC's ``oid``, and ``sha256`` of the manifest where known."""

    def __init__(self, path: str, oid: str, sha256: str = "") -> None:
        self.path = path
        self.oid = oid
        self.sha256 = sha256

    @staticmethod
    def _get_source_type() -> str:
        return "external"

    @staticmethod
    def _can_resolve(raw_source: Any) -> bool:
        return _tracked(raw_source) is not None

    @classmethod
    def _resolve(cls, raw_source: Any) -> DvcDatasetSource:
        used = _tracked(raw_source)
        if used is None:
            raise _mlflow_error("not a path that DVC tracks")
        return cls(used.name, used.oid)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "dvc", "path": self.path, "oid": self.oid, "sha256": self.sha256}

    @classmethod
    def from_dict(cls, source_dict: dict[Any, Any]) -> DvcDatasetSource:
        """Raises MlflowException when the source is another kind of ``external``."""
        if source_dict.get("kind") != "dvc":
            raise _mlflow_error("not a DVC source")
        found = (source_dict.get(key) or "" for key in ("path", "oid", "sha256"))
        path, oid, sha256 = (str(value) for value in found)
        return cls(path, oid, sha256)

    def load(self) -> str:
        """Absolute path of the data in the work tree, when its files are exactly this version.

        Raises:
            MlflowException: outside the repository, or the files are another version.
        """
        from tdsec_gov.errors import TdsecError
        from tdsec_gov.lineage.workspace import workspace_manifest

        repository = PLUGIN.desk.repository(os.environ, Path.cwd())
        if repository is None:
            raise _mlflow_error("no repository with tdsec here")
        pointed = [one for one in repository.work_tree() if (one.name, one.oid) == (self.path, self.oid)]
        try:
            found = workspace_manifest(repository.root, self.path)
        except TdsecError as exc:
            raise _mlflow_error(exc.line()) from None
        single = len(found.entries) == 1 and found.entries[0].oid == self.oid
        same = found.root == self.sha256 if self.sha256 else single
        if not pointed or not same:
            raise _mlflow_error(f"'{self.path}' is another version here; run: dvc checkout {self.path}")
        return str(repository.root / self.path)


def _tracked(raw_source: Any) -> Used | None:
    if not isinstance(raw_source, str | os.PathLike):
        return None
    with guard("resolving a dataset source"):
        text = os.fspath(raw_source)
        repository = PLUGIN.desk.repository(os.environ, Path.cwd())
        if not isinstance(text, str) or "://" in text or repository is None or not Path(text).exists():
            return None
        found = PLUGIN.desk.named_by(text, repository, "mlflow.log_input")
        return found[0] if len(found) == 1 else None
    return None


def _mlflow_error(message: str) -> Exception:
    from mlflow.exceptions import MlflowException

    error: Exception = MlflowException(f"tdsec: {message}")
    return error
