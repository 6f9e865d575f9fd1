"""Read lineage back from MLflow: a run's signed record, and the runs that used a dataset version."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tdsec_gov.domain.canonical import JsonValue, sha256_hex
from tdsec_gov.domain.dataset import DatasetVersion, is_sha256
from tdsec_gov.domain.lineage import LineageRecord, UsedDataset
from tdsec_gov.domain.verdict import LogHead
from tdsec_gov.errors import BackendUnavailable, DependencyMissing, Unverified, UsageError
from tdsec_gov.lineage.record import SIGNED, UNSIGNED, record_sha256, verify_record
from tdsec_gov.policy.access import Access
from tdsec_gov.repo.repository import Repository
from tdsec_gov.verdicts.trust import member_keys


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run's record, who signed it (names), and what differs from the evidence at hand today."""

    record: LineageRecord
    signers: tuple[str, ...]
    notes: tuple[str, ...]
    audit: LogHead | None = None

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "record": self.record.as_json(),
            "signers": list(self.signers),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class RunOfVersion:
    """One run that used a dataset version; ``state`` is what its tag says (``unverified`` without)."""

    run_id: str
    experiment: str
    status: str
    state: str
    context: str
    sha256: str

    def as_json(self) -> dict[str, JsonValue]:
        return {name: str(getattr(self, name)) for name in self.__slots__}


class Runs:
    """The MLflow tracking store of ``MLFLOW_TRACKING_URI`` (MLflow's default without)."""

    def __init__(self) -> None:
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        try:
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise DependencyMissing("mlflow is not installed", hint="pip install tdsec-gov[mlflow]") from None
        self._error: type[Exception] = MlflowException
        self._client: Any = MlflowClient()

    def read(self, run_id: str, access: Access, repository: Repository) -> ReadRun:
        """The signed record of ``run_id``, verified against the members' keys.

        Raises:
            UsageError: no such run. Unverified: it has no signed record.
            IntegrityError, SignerUntrusted: the record does not hold.
            BackendUnavailable: MLflow does not answer.
        """
        try:
            run = self._client.get_run(run_id)
        except self._error as exc:
            raise self._said(exc, f"no run {run_id} in this tracking store") from None
        data = self._artifact(run_id, SIGNED)
        if data is None:
            unsigned = self._artifact(run_id, UNSIGNED) is not None
            raise Unverified(
                "the run's lineage record is not signed" if unsigned else "the run has no lineage record",
                where=f"run {run_id}",
                hint="train with an identity (tdsec key new)" if unsigned else "train with: tdsec run",
            )
        record, keyids = verify_record(data, member_keys(access.file.members), run_id)
        notes = [*_stale(record, repository), *_edited(record, dict(run.data.tags))]
        names = tuple(sorted(access.name_of(one) for one in keyids))
        return ReadRun(record, names, tuple(notes), _head(run.data.tags.get("tdsec.audit", "")))

    def using(self, version: DatasetVersion | None, name: str, oid: str) -> list[RunOfVersion]:
        """Runs in all experiments whose inputs name this dataset version, newest first."""
        quoted = name.replace("'", "")
        wanted = f"dataset.digest = '{oid}' and dataset.name = '{quoted}'"
        root = version.root if version else ""
        try:
            experiments = [one.experiment_id for one in self._client.search_experiments()]
            found = self._client.search_runs(experiments, wanted, max_results=1000)
        except self._error as exc:
            raise self._said(exc, "the runs cannot be searched") from None
        return [_run_of(run, name, oid, root) for run in found]

    def _artifact(self, run_id: str, name: str) -> bytes | None:
        folder = name.rpartition("/")[0]
        try:
            if name not in [one.path for one in self._client.list_artifacts(run_id, folder)]:
                return None
            with tempfile.TemporaryDirectory() as place:
                return Path(self._client.download_artifacts(run_id, name, place)).read_bytes()
        except (self._error, OSError) as exc:
            raise BackendUnavailable(
                "the run's artifacts cannot be read", where=f"run {run_id}", found=type(exc).__name__
            ) from None

    def _said(self, exc: Exception, message: str) -> UsageError | BackendUnavailable:
        code = str(getattr(exc, "error_code", ""))
        uri = os.environ.get("MLFLOW_TRACKING_URI", "")
        if code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return UsageError(message, hint="" if uri else "set MLFLOW_TRACKING_URI to your tracking store")
        return BackendUnavailable(message, found=code or type(exc).__name__)


def _head(text: str) -> LogHead | None:
    """The audit head in a run's tag; shown, not believed."""
    origin, size, root = [*text.split(" "), "", "", ""][:3]
    return LogHead(origin, int(size), root) if size.isdecimal() and is_sha256(root) else None


def _run_of(run: Any, name: str, oid: str, root: str) -> RunOfVersion:
    inputs = [
        one for one in run.inputs.dataset_inputs if (one.dataset.name, one.dataset.digest) == (name, oid)
    ]
    tags = {tag.key: tag.value for one in inputs for tag in one.tags}
    return RunOfVersion(
        run.info.run_id,
        run.info.experiment_id,
        run.info.status,
        run.data.tags.get("tdsec.state", "unverified"),
        tags.get("mlflow.data.context", ""),
        tags.get("tdsec.sha256", root),
    )


def _stale(record: LineageRecord, repository: Repository) -> Iterable[str]:
    """Verdicts that the record names and that are not here as they were."""
    for one in record.datasets:
        if one.verified and (found := _verdict_problem(one, repository)):
            yield f"{one.name}: {found}"


def _verdict_problem(one: UsedDataset, repository: Repository) -> str:
    path = repository.root / one.verdict
    if not path.is_file():
        return "its verdict is not in this checkout"
    same = sha256_hex(path.read_bytes()) == one.envelope_sha256
    return "" if same else "its verdict was renewed since the run"


def _edited(record: LineageRecord, tags: dict[str, str]) -> Iterable[str]:
    """Tags that say something else than the signed record."""
    if tags.get("tdsec.state") != record.state.value:
        yield f"the run's tag tdsec.state was edited: the record says {record.state.value}"
    if tags.get("tdsec.record_sha256") != record_sha256(record):
        yield "the run's tag tdsec.record_sha256 was edited: it does not name this record"
