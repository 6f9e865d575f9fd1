"""in-toto Statements v1 (in-toto.io/Statement/v1) with one subject, strictly there and back.

Whatever somebody signs about one version (a verdict apart, see ``statement.py``) is written and read here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_object
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.errors import IntegrityError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True, slots=True)
class Said:
    """What a statement says: ``name`` and ``digest`` (SHA-256, 64 hexadecimal digits) of its subject, and the
    ``predicate``, whose keys are exactly the known ones."""

    name: str
    digest: str
    predicate: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class PredicateType:
    """One kind of statement: its ``uri``, what people call it, and the keys of its predicate (format 1)."""

    uri: str
    noun: str
    keys: frozenset[str]

    def payload(self, name: str, digest: str, predicate: dict[str, JsonValue]) -> bytes:
        """Canonical bytes of the Statement; these are signed. The predicate's ``format`` is added here."""
        return canonical_bytes(
            {
                "_type": STATEMENT_TYPE,
                "subject": [{"name": name, "digest": {"sha256": digest}}],
                "predicateType": self.uri,
                "predicate": {"format": 1, **predicate},
            }
        )

    def read(self, payload: bytes) -> Said:
        """Read what :meth:`payload` wrote. Values of the predicate are for the caller to judge.

        Raises:
            IntegrityError: another type or format, unknown or lacking keys, more than one subject, not in
                canonical form.
        """
        body = parse_object(payload, self.noun)
        predicate, subjects = body.get("predicate"), body.get("subject")
        if body.get("_type") != STATEMENT_TYPE or body.get("predicateType") != self.uri:
            raise IntegrityError("not what it should be", expected=self.uri)
        if (
            not isinstance(predicate, dict)
            or set(predicate) != self.keys | {"format"}
            or predicate["format"] != 1
        ):
            raise IntegrityError(f"{self.noun} has an unknown format", expected="format 1")
        subject = subjects[0] if isinstance(subjects, list) and len(subjects) == 1 else None
        digests = subject.get("digest") if isinstance(subject, dict) else None
        digest = digests.get("sha256") if isinstance(digests, dict) else None
        name = subject.get("name") if isinstance(subject, dict) else None
        if not isinstance(name, str) or not is_sha256(digest):
            raise IntegrityError(f"{self.noun} has no usable subject")
        if self.payload(name, str(digest), predicate) != payload:
            raise IntegrityError(f"{self.noun} is not in canonical form")
        return Said(name, str(digest), predicate)

    def text(self, value: JsonValue) -> str:
        """``value`` where it is text. Raises IntegrityError otherwise."""
        if not isinstance(value, str):
            raise IntegrityError(f"{self.noun} is malformed")
        return value
