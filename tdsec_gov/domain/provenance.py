"""Provenance: where the bytes of one dataset version were collected, by what and when.

Committed as canonical JSON at ``.tdsec/provenance/<dataset>/<root>.json``. The record is evidence only
together with the verdict: the check ``source`` compares it with the bytes and puts what it says among
the facts that the verdict signs.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

from tdsec_gov.domain.canonical import JsonValue, canonical_bytes, parse_canonical
from tdsec_gov.domain.dataset import is_sha256
from tdsec_gov.errors import IntegrityError

FOLDER = ".tdsec/provenance"
FORMAT = "tdsec-provenance/v1"
_LONGEST = 4096


def provenance_name(dataset: str, root: str) -> str:
    """Path of a provenance record from the repository's root."""
    return f"{FOLDER}/{dataset}/{root}.json"


@dataclass(frozen=True, slots=True)
class Provenance:
    """One collection.

    ``root``, ``files`` and ``size`` (bytes) are those of the dataset version; ``content`` is the SHA-256
    of the file itself for a single file, None for a folder; ``source`` and ``source_sha256`` name the
    source record and the SHA-256 of its canonical form; ``location`` has no credentials and no query;
    ``collector`` is tool and version; ``collected_at`` RFC 3339 in UTC; ``pinned`` says whether the bytes
    were compared with a digest that was known before.
    """

    dataset: str
    root: str
    content: str | None
    files: int
    size: int
    source: str
    source_sha256: str
    location: str
    collector: str
    collected_at: str
    pinned: bool

    def to_bytes(self) -> bytes:
        body: dict[str, JsonValue] = {one.name: getattr(self, one.name) for one in fields(self)}
        return canonical_bytes({"format": FORMAT, **body})

    @classmethod
    def from_bytes(cls, data: bytes) -> Provenance:
        """Parse what :meth:`to_bytes` wrote, and refuse anything else.

        Raises:
            IntegrityError: malformed, not canonical, or of an unknown format.
        """
        body = parse_canonical(data, "provenance record")
        if body.pop("format", None) != FORMAT:
            raise IntegrityError("provenance record has an unknown format", expected=FORMAT)
        if set(body) != {one.name for one in fields(cls)}:
            raise IntegrityError("provenance record has other fields", expected=FORMAT)
        found = cls(**body)  # type: ignore[arg-type]
        if not found._sound():
            raise IntegrityError("provenance record holds a malformed field", expected=FORMAT)
        return found

    def _sound(self) -> bool:
        texts = (self.dataset, self.source, self.location, self.collector)
        counts = (self.files, self.size)
        return (
            all(isinstance(one, str) and 0 < len(one) <= _LONGEST for one in texts)
            and all(type(one) is int and one >= 0 for one in counts)
            and is_sha256(self.root)
            and is_sha256(self.source_sha256)
            and (self.content is None or is_sha256(self.content))
            and isinstance(self.pinned, bool)
            and _is_moment(self.collected_at)
        )


def _is_moment(text: object) -> bool:
    """Whether ``text`` is a moment in UTC as we write it."""
    try:
        return isinstance(text, str) and text.endswith("Z") and bool(dt.datetime.fromisoformat(text))
    except ValueError:
        return False
