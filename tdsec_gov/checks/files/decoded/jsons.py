"""JSON that readers understand differently, or not at all (RFC 8259, section 4 and 6)."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from tdsec_gov.checks.files.formats.models import KERAS
from tdsec_gov.checks.files.risk import Risk
from tdsec_gov.checks.textstream import json_depth
from tdsec_gov.domain.findings import Severity

LOOKED_AT = 64 << 20
MAX_DEPTH = 512
MAX_DIGITS = 4300
_OBJECTS = frozenset(
    f"py/{kind}" for kind in ("object", "reduce", "type", "function", "repr", "newobj", "mod")
)
_JAVA = re.compile(r"(?:javax?|com\.sun|org\.apache|org\.springframework)\.[\w.$]+\Z")
_LAYERS = ("Lambda", "TFOpLambda", "__lambda__")
_CODE = {
    "objects": Risk(
        "TDS506", "JSON names classes or functions (jsonpickle): decoding it runs code", "serialized"
    ),
    "keras": KERAS,
}
_WORDS = {
    "depth": ("JSON nests deeper than readers can follow", Severity.DENY),
    "digits": ("JSON holds integers of more digits than readers take", Severity.DENY),
    "twice": ("JSON objects hold a key twice: readers will see different values", Severity.WARN),
    "invalid": ("content is not JSON, which the suffix promises", Severity.WARN),
    "constant": ("JSON holds NaN or Infinity, which the standard does not know", Severity.NOTE),
}


def json_risks(location: Path) -> list[Risk]:
    """Risks of a JSON text; what is no single JSON value may still be JSON lines."""
    with _opened(location) as stream:
        data = stream.read(LOOKED_AT + 1)
    tally = _Tally()
    if len(data) <= LOOKED_AT and not tally.value(data) and b"\n" in data.strip():
        tally = _Tally()
        for line in data.splitlines():
            if line.strip() and not tally.value(line):
                break
    elif len(data) > LOOKED_AT and json_depth(data) > MAX_DEPTH:
        tally.counts["depth"] += 1
    return tally.risks()


def lines_risks(location: Path) -> list[Risk]:
    """Risks of JSON lines, in the first 64 MiB."""
    tally, seen = _Tally(), 0
    with _opened(location) as stream:
        for line in _lines(stream):
            seen += len(line)
            if line.strip():
                tally.value(line)
            if seen > LOOKED_AT:
                break
    return tally.risks()


def _opened(location: Path) -> IO[bytes]:
    with location.open("rb") as stream:
        squeezed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(location) if squeezed else location.open("rb")  # type: ignore[return-value]


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(LOOKED_AT):
        yield line


class _Tally:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._decoder = {
            "object_pairs_hook": self._pairs,
            "parse_int": self._integer,
            "parse_constant": self._constant,
        }

    def value(self, data: bytes) -> bool:
        """Count what is odd in one JSON text; False when it is none."""
        if json_depth(data) > MAX_DEPTH:
            self.counts["depth"] += 1
            return True
        try:
            json.loads(data.decode("utf-8-sig"), **self._decoder)  # type: ignore[arg-type]
        except (ValueError, RecursionError):
            self.counts["invalid"] += 1
            return False
        return True

    def risks(self) -> list[Risk]:
        return [
            replace(_CODE[word], count=count)
            if word in _CODE
            else Risk(
                "TDS527" if word != "invalid" else "TDS513", _WORDS[word][0], None, _WORDS[word][1], count
            )
            for word, count in sorted(self.counts.items())
        ]

    def _pairs(self, pairs: list[tuple[str, Any]]) -> None:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.counts["twice"] += 1
        if not _OBJECTS.isdisjoint(found) or _JAVA.match(str(found.get("@type", ""))):
            self.counts["objects"] += 1
        if found.get("class_name") in _LAYERS and "config" in found:
            self.counts["keras"] += 1

    def _integer(self, digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            self.counts["digits"] += 1
        return 0

    def _constant(self, name: str) -> float:
        self.counts["constant"] += 1
        return 0.0
