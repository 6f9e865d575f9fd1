"""LineageRecord: which dataset versions one training run used, and on which evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import IntegrityError


class State(StrEnum):
    """Whether what a run used is proven. Absence of a record means UNVERIFIED."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class UsedDataset:
    """One dataset version of a run.

    ``name`` is its path in the repository, ``oid`` DVC's cross-reference, ``origin`` how we know
    that the run uses it. The other fields come from the signed verdict and are empty where there is
    none that holds: ``root`` (SHA-256 of the manifest), ``result``, ``signers`` (names, of members
    as policies/access.yaml lists them), ``envelope_sha256``, ``verdict`` (path of the envelope),
    ``source`` (id of the source record), ``content`` (SHA-256 of the file itself where the dataset is
    one file: what ``sha256sum`` prints). ``reason`` says why the state is not verified.
    """

    name: str
    oid: str
    origin: str
    state: State
    reason: str = ""
    root: str = ""
    files: int = 0
    size: int = 0
    result: str = ""
    signers: tuple[str, ...] = ()
    envelope_sha256: str = ""
    verdict: str = ""
    source: str = ""
    checks: int = 0
    expires_at: str = ""
    content: str = ""

    @property
    def verified(self) -> bool:
        return self.state is State.VERIFIED

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "oid": self.oid,
            "origin": self.origin,
            "state": self.state.value,
            "reason": self.reason,
            "root": self.root,
            "files": self.files,
            "size": self.size,
            "result": self.result,
            "signers": list(self.signers),
            "envelope_sha256": self.envelope_sha256,
            "verdict": self.verdict,
            "source": self.source,
            "checks": self.checks,
            "expires_at": self.expires_at,
            "content": self.content,
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> UsedDataset:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        body = _exact(item, cls)
        return cls(**{**body, "state": _state(body["state"]), "signers": _texts(body["signers"])})


@dataclass(frozen=True, slots=True)
class LineageRecord:
    """What one run used, why it may, and how it ended.

    Times are RFC 3339 UTC; ``status`` is MLflow's word (FINISHED, FAILED, KILLED); ``commit`` git's
    HEAD at the start; ``session`` the ``tdsec run`` that started it, if one did; ``dp_epsilon`` and
    ``dp_delta`` what a private training spent.
    """

    run_id: str
    state: State
    reasons: tuple[str, ...]
    datasets: tuple[UsedDataset, ...]
    purpose: str
    legal_basis: str
    commit: str
    started_at: str
    ended_at: str
    status: str
    tool: str
    session: str = ""
    dp_epsilon: float | None = None
    dp_delta: float | None = None

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "run_id": self.run_id,
            "state": self.state.value,
            "reasons": list(self.reasons),
            "datasets": [one.as_json() for one in self.datasets],
            "purpose": self.purpose,
            "legal_basis": self.legal_basis,
            "commit": self.commit,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "status": self.status,
            "tool": self.tool,
            "session": self.session,
            "dp_epsilon": self.dp_epsilon,
            "dp_delta": self.dp_delta,
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> LineageRecord:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        body = _exact(item, cls)
        datasets = body["datasets"]
        if not isinstance(datasets, list):
            raise IntegrityError("lineage record is malformed")
        record = cls(
            **{
                **body,
                "state": _state(body["state"]),
                "reasons": _texts(body["reasons"]),
                "datasets": tuple(UsedDataset.from_json(one) for one in datasets),
            }
        )
        if record.state is not state_of(record.datasets, record.reasons):
            raise IntegrityError("lineage record contradicts itself", where=record.run_id)
        return record


def state_of(datasets: tuple[UsedDataset, ...], reasons: tuple[str, ...]) -> State:
    """VERIFIED only with at least one dataset, all of them verified, and no reason against it."""
    proven = bool(datasets) and all(one.verified for one in datasets) and not reasons
    return State.VERIFIED if proven else State.UNVERIFIED


_LISTS = ("reasons", "datasets", "signers")


def _exact(item: JsonValue, kind: type[Any]) -> dict[str, Any]:
    names = {field.name: str(field.type) for field in fields(kind)}
    if not isinstance(item, Mapping) or set(item) != set(names):
        raise IntegrityError("lineage record is malformed", expected="exactly the known keys")
    for name, value in item.items():
        if not _fits(value, names[name], name):
            raise IntegrityError("lineage record is malformed", where=name)
    return dict(item)


def _fits(value: JsonValue, wanted: str, name: str) -> bool:
    if name in _LISTS:
        return isinstance(value, list)
    if wanted == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if wanted.startswith("float"):
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return isinstance(value, str)


def _state(value: object) -> State:
    try:
        return State(str(value))
    except ValueError:
        raise IntegrityError("lineage record has an unknown state") from None


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise IntegrityError("lineage record is malformed", expected="a list of texts")
    return tuple(value)
