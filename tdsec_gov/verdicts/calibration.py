"""A signed record of what a dataset's detectors would have caught, as an in-toto Statement v1.

``.tdsec/calibrations/<dataset>/<root>.intoto.jsonl``: one for each version it was made on, the last one wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, sha256_hex
from tdsec_gov.domain.tree import Tree
from tdsec_gov.errors import IntegrityError, Unverified
from tdsec_gov.files import write_atomic
from tdsec_gov.keys.dsse import INTOTO_PAYLOAD_TYPE, Envelope
from tdsec_gov.keys.members import Trusted
from tdsec_gov.verdicts.predicate import PredicateType
from tdsec_gov.verdicts.verify import parse_time

FOLDER = ".tdsec/calibrations"
CALIBRATION = PredicateType(
    "urn:tdsec-gov:calibration:v1",
    "calibration",
    frozenset(
        {"created", "tool", "settings", "detectors", "alpha", "seed", "accepted", "added", "clean", "attacks"}
        | {"skipped"}
    ),
)
_CELL = {"attack", "rate", "rows", "trials", "caught", "low", "high", "recall", "precision"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Who was attacked, how, and what came of it.

    ``settings`` is the SHA-256 of the check's settings, ``detectors`` name -> version; ``clean`` (pushes
    denied, pushes) that nobody touched; ``attacks`` has an object for each attack and rate: the share of
    added rows ``rate``, ``trials`` of which ``caught`` were denied, the Wilson 95 % interval ``low`` to
    ``high`` of that power, ``recall`` and ``precision`` of the rows named (null: never caught).
    """

    dataset: str
    root: str
    body: Mapping[str, JsonValue]

    @property
    def created(self) -> str:
        return str(self.body["created"])

    @property
    def attacks(self) -> list[dict[str, JsonValue]]:
        found = self.body["attacks"]
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def fits(self, settings: Mapping[str, JsonValue], detectors: Mapping[str, str]) -> bool:
        """Whether it was made with these settings and detectors."""
        return self.body["settings"] == digest_of(settings) and self.body["detectors"] == dict(detectors)


def digest_of(settings: Mapping[str, JsonValue]) -> str:
    return sha256_hex(canonical_bytes(dict(settings)))


def calibration_name(dataset: str, root: str) -> str:
    return f"{FOLDER}/{dataset}/{root}.intoto.jsonl"


def to_statement(one: Calibration) -> bytes:
    """Canonical bytes of the Statement whose subject is the version."""
    return CALIBRATION.payload(one.dataset, one.root, dict(one.body))


def from_statement(payload: bytes) -> Calibration:
    """Raises IntegrityError unless :func:`to_statement` wrote it."""
    said = CALIBRATION.read(payload)
    body = {key: value for key, value in said.predicate.items() if key != "format"}
    parse_time(CALIBRATION.text(body["created"]))
    cells = body["attacks"]
    if not isinstance(cells, list) or not all(isinstance(one, dict) and set(one) == _CELL for one in cells):
        raise IntegrityError("calibration is malformed")
    if not isinstance(body["detectors"], dict) or not isinstance(body["clean"], list):
        raise IntegrityError("calibration is malformed")
    return Calibration(said.name, said.digest, body)


def write_calibration(root: Path, one: Calibration, envelope: Envelope) -> str:
    """Store a signed record; returns its path. Raises BackendUnavailable, ConfigurationError."""
    name = calibration_name(one.dataset, one.root)
    write_atomic(root / name, envelope.to_bytes())
    return name


def last_calibration(
    evidence: Tree, dataset: str, roots: Sequence[str], trusted: Mapping[str, Trusted]
) -> Calibration | None:
    """The record of the last of these versions that has one which somebody trusted signed. What does not
    verify counts for nothing."""
    for root in reversed(roots):
        data = evidence.read(calibration_name(dataset, root))
        try:
            envelope = Envelope.from_bytes(data or b"")
            if envelope.payload_type != INTOTO_PAYLOAD_TYPE:
                continue
            envelope.verified_by(trusted)
            one = from_statement(envelope.payload)
        except (IntegrityError, Unverified):
            continue
        if (one.dataset, one.root) == (dataset, root):
            return one
    return None
