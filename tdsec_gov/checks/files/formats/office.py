"""Documents that bring code or fetch something: Office macros, OLE files, PDF actions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tdsec_gov.checks.files.risk import Replay, Risk, Source
from tdsec_gov.domain.findings import Severity

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOOKED_AT = 64 << 20
_MACRO_NAMES = re.compile(
    r"(?:.*/)?vbaProject\.bin\Z|xl/macrosheets/|.*/activeX/|.*/embeddings/oleObject|Basic/.+|Scripts/.+",
    re.IGNORECASE,
)
_VBA = tuple(word.encode("utf-16-le") for word in ("_VBA_PROJECT", "Macros", "VBA\0"))
_PDF_ACTS = re.compile(rb"/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
MACROS = Risk("TDS523", "document holds macros or embedded programs", "macros")


def archive_macros(names: Sequence[str]) -> Iterator[Risk]:
    """Macros of Office and OpenDocument files, by the names of their members."""
    if any(_MACRO_NAMES.match(name) for name in names):
        yield MACROS


def document_risks(head: bytes, begin: Callable[[], Source]) -> list[Risk]:
    """Risks of an OLE file (.doc, .xls, .msi) or PDF that begins with ``head``."""
    if head.startswith(OLE):
        if _contains(begin(), lambda text: any(word in text for word in _VBA)):
            return [MACROS]
        return [Risk("TDS523", "old Office file: what it embeds is not looked into", None, Severity.NOTE)]
    if b"%PDF-" in head[:1024] and _contains(begin(), lambda text: bool(_PDF_ACTS.search(text))):
        return [Risk("TDS524", "PDF runs scripts, starts programs or carries files", "active-content")]
    return []


def _contains(source: Source, found: Callable[[bytes], bool]) -> bool:
    stream, carried, seen = Replay(b"", source), b"", 0
    while seen < LOOKED_AT and (piece := stream.read(1 << 20)):
        seen += len(piece)
        if found(carried + piece):
            return True
        carried = piece[-64:]
    return False
