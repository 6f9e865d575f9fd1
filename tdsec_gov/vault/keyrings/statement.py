"""What is signed about a keyring: an in-toto Statement v1, strictly there and back.

Format 2 counts: ``sequence`` grows with every rewrite of any keyring of a label, ``previous`` is the
SHA-256 of the statement before it. Format 1 had neither, and no write-only members; it is still read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object, sha256_hex
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.errors import IntegrityError

PREDICATE_TYPE = "urn:tdsec-gov:vault-keyring:v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
ALGORITHMS = ("x25519", "mlkem768x25519")
"""Names of the stanzas that an epoch's objects carry, as age writes them (in lower case)."""

_FORMAT_1 = {"format", "vault", "epoch", "readers", "data_recipient"}
_FORMAT_2 = _FORMAT_1 | {"sequence", "previous", "writers", "recovery", "algorithm"}


@dataclass(frozen=True, slots=True)
class KeyringStatement:
    """One epoch of one label: who opens its keyring, and which files belong to it.

    ``vault`` is the label (``store`` or ``store/patients``); ``readers`` and ``writers`` (those who
    may write and not read) map names to recipients; ``subjects`` maps paths to SHA-256.
    """

    vault: str
    epoch: int
    subjects: Mapping[str, str]
    readers: Mapping[str, str]
    data_recipient: str
    sequence: int = 0
    previous: str | None = None
    writers: Mapping[str, str] = field(default_factory=dict)
    recovery: str | None = None
    algorithm: str = ALGORITHMS[0]
    format: int = 2

    @property
    def recipients(self) -> list[str]:
        """Everybody the keyring is sealed to."""
        return [*self.readers.values(), *([self.recovery] if self.recovery else [])]

    def to_payload(self) -> bytes:
        """Canonical bytes of the Statement; these are signed."""
        predicate: dict[str, JsonValue] = {
            "format": self.format,
            "vault": self.vault,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "previous": self.previous,
            "readers": dict(self.readers),
            "writers": dict(self.writers),
            "recovery": self.recovery,
            "data_recipient": self.data_recipient,
            "algorithm": self.algorithm,
        }
        known = _FORMAT_1 if self.format == 1 else _FORMAT_2
        subjects: list[JsonValue] = [
            {"name": name, "digest": {"sha256": digest}} for name, digest in sorted(self.subjects.items())
        ]
        return canonical_bytes(
            {
                "_type": STATEMENT_TYPE,
                "subject": subjects,
                "predicateType": PREDICATE_TYPE,
                "predicate": {key: value for key, value in predicate.items() if key in known},
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the payload: what the next statement names as ``previous``."""
        return sha256_hex(self.to_payload())

    @classmethod
    def parse(cls, payload: bytes, where: object = None) -> KeyringStatement:
        """Read what :meth:`to_payload` wrote, and refuse anything else.

        Raises:
            IntegrityError: another type or format, unknown keys, not in canonical form.
        """
        body = parse_object(payload, "keyring statement")
        predicate = body.get("predicate")
        known = body.get("_type") == STATEMENT_TYPE and body.get("predicateType") == PREDICATE_TYPE
        if not known or not isinstance(predicate, dict):
            raise IntegrityError("not a keyring statement", where=where, expected=PREDICATE_TYPE)
        keys = {1: _FORMAT_1, 2: _FORMAT_2}.get(_number(predicate.get("format"), 1) or 0)
        if keys is None or set(predicate) != keys:
            raise IntegrityError("keyring statement has an unknown format", where=where, expected="1 or 2")
        found = _statement(predicate, body.get("subject"))
        if found is None or found.to_payload() != payload:
            raise IntegrityError("keyring statement is malformed", where=where)
        return found


def _statement(item: dict[str, JsonValue], subject: JsonValue) -> KeyringStatement | None:
    """The value behind a predicate whose keys are known, None where one is out of its range."""
    old = item["format"] == 1
    epoch, sequence = _number(item["epoch"], 1), 0 if old else _number(item["sequence"], 1)
    readers, writers = _people(item["readers"]), {} if old else _people(item["writers"])
    subjects = _subjects(subject)
    vault, data, recovery = item["vault"], item["data_recipient"], item.get("recovery")
    previous, algorithm = item.get("previous"), item.get("algorithm", ALGORITHMS[0])
    if epoch is None or sequence is None or not readers or writers is None or not subjects:
        return None
    if not isinstance(vault, str) or not isinstance(data, str) or algorithm not in ALGORITHMS:
        return None
    if not (recovery is None or isinstance(recovery, str)) or not (previous is None or is_sha256(previous)):
        return None
    return KeyringStatement(
        vault=vault,
        epoch=epoch,
        subjects=subjects,
        readers=readers,
        data_recipient=data,
        sequence=sequence,
        previous=None if previous is None else str(previous),
        writers=writers,
        recovery=recovery,
        algorithm=str(algorithm),
        format=1 if old else 2,
    )


def _number(value: JsonValue, least: int) -> int | None:
    return value if type(value) is int and value >= least else None


def _people(value: JsonValue) -> dict[str, str] | None:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        return None
    return {name: str(recipient) for name, recipient in value.items()}


def _subjects(value: JsonValue) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for one in value if isinstance(value, list) else ():
        digest = one.get("digest") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(digest, dict) or not is_sha256(digest.get("sha256")):
            return None
        found[str(one.get("name"))] = str(digest["sha256"])
    return found
