"""All looks at one file: kind, content, shape, text; in that order, until something denies."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tdsec_gov.checks.contract import DataFile
from tdsec_gov.checks.files.decoded.confined import Confined, Ending
from tdsec_gov.checks.files.formats.magic import HDF5_RISK, ZIP
from tdsec_gov.checks.files.formats.shape import document_end, image_risks, mismatch
from tdsec_gov.checks.files.inner import Inner
from tdsec_gov.checks.files.look import Look
from tdsec_gov.checks.files.packed import streams
from tdsec_gov.checks.files.packed.part import Part
from tdsec_gov.checks.files.packed.tars import is_tar
from tdsec_gov.checks.files.packed.zips import is_zip_behind
from tdsec_gov.checks.files.risk import BOMB, BROKEN, HEAD, Risk, worst_first
from tdsec_gov.checks.files.text.hidden import formulas, text_risks
from tdsec_gov.checks.tables import table_format
from tdsec_gov.domain.findings import Severity

TEXT = (".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".yaml", ".yml")
TAR = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
PICKLED = ("pickle", "joblib", "torch", "npy-object")
COLUMNAR = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow-stream"),
    (b"SQLite format 3\0", "sqlite"),
)
LEFTOVER = Risk("TDS533", "leftover of macOS (AppleDouble) beside a file: no data", None, Severity.WARN)
_JSON = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_ENDINGS = {
    Ending.REFUSED: Risk("TDS531", "file is damaged: it cannot be decoded to its end"),
    Ending.OVER_MEMORY: Risk(
        "TDS510", "file needs more memory to decode than the budget: a decompression bomb"
    ),
    Ending.OVER_TIME: Risk("TDS510", "file takes longer to decode than the budget: a decompression bomb"),
    Ending.CRASHED: Risk("TDS531", "file crashes the library that decodes it"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of the check, and the child that decodes."""

    allow: tuple[str, ...]
    hidden: Severity
    second_opinion: bool
    confined: Confined


def inspect(file: DataFile, rules: Rules) -> list[Risk]:
    """Risks of one file, worst first. Raises Unreadable and OSError."""
    if risk := _irregular(file):
        return [risk]
    if file.size == 0:
        severity = Severity.DENY if table_format(file) else Severity.WARN
        return [Risk("TDS519", "file is empty", None, severity)]
    risks = [risk.judged(rules.allow) for risk in _content(file, rules)]
    if not any(risk.severity is Severity.DENY for risk in risks):
        risks += [risk.judged(rules.allow) for risk in _relevant(_text(file, rules.hidden), rules)]
    return worst_first(risks)


def _irregular(file: DataFile) -> Risk | None:
    status = file.location.lstat()
    if not stat.S_ISREG(status.st_mode):
        return Risk("TDS518", "not a regular file: links and devices are refused")
    if status.st_size != file.size:
        return Risk("TDS518", "the file's size is not the one in the manifest")
    return None


def _content(file: DataFile, rules: Rules) -> list[Risk]:
    with file.location.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(max(0, file.size - HEAD))
        tail = stream.read(HEAD)
    inner = Inner(lambda one, first: _decoded(one, first, rules), file.path)
    found = Look(rules.allow, file.size, inner)(Part(lambda: file.location.open("rb"), file.size))
    found = _hdf5(file, found, rules) if any(risk == HDF5_RISK for risk in found) else found
    found += _promised(file, head)
    found += _second_opinion(file, found, rules)
    if any(risk.severity is Severity.DENY for risk in found):
        return found
    found += _relevant(_columnar(file, head, rules), rules)
    for risk in (mismatch(suffix_of(file), head, tail), document_end(head, tail)):
        found += [risk] if risk else []
    return found or image_risks(file.location, head, file.size)


def _decoded(file: DataFile, head: bytes, rules: Rules) -> list[Risk]:
    """Table, image or text in an archive, by content first."""
    if file.path.endswith(TEXT):
        found = _relevant(_text(file, rules.hidden), rules)
    else:
        found = image_risks(file.location, head, file.size)
    return [*_relevant(_columnar(file, head, rules), rules), *found]


def suffix_of(file: DataFile) -> str:
    return PurePosixPath(file.path).suffix.lower()


def _promised(file: DataFile, head: bytes) -> Iterator[Risk]:
    """What suffix and first bytes promise together about archives."""
    path = file.path.lower()
    name = streams.codec(head)
    if head.startswith(ZIP):
        if path.endswith(TEXT):
            yield Risk("TDS513", "content is a zip archive, the suffix promises text")
    elif is_tar(head):
        return
    elif path.endswith(TAR) and not _holds_tar(file, name):
        yield BROKEN
    else:
        with file.location.open("rb") as stream:
            if is_zip_behind(stream):
                yield Risk("TDS514", "a zip archive is appended to the file")
    if name and name not in streams.UNSURE and not path.removesuffix(".gz").endswith(TEXT):
        yield from _bomb(file, name)


def _holds_tar(file: DataFile, name: str | None) -> bool:
    if name is None:
        return False
    try:
        with file.location.open("rb") as stream:
            return is_tar(streams.unpack(name, stream).read(HEAD))
    except streams.FAULTS:
        return False


def _bomb(file: DataFile, name: str) -> Iterator[Risk]:
    try:
        with file.location.open("rb") as stream:
            if streams.is_bomb(name, stream, file.size):
                yield BOMB
    except streams.FAULTS:
        yield BROKEN


def _second_opinion(file: DataFile, found: list[Risk], rules: Rules) -> list[Risk]:
    if not rules.second_opinion or not any(risk.form in PICKLED for risk in found):
        return []
    from tdsec_gov.checks.files.pickled.second import second_opinion

    return second_opinion(file.location)


def _hdf5(file: DataFile, found: list[Risk], rules: Rules) -> list[Risk]:
    """Without h5py, or damaged, HDF5 stays denied; walked to its end it is noted."""
    decoding = rules.confined.decode("hdf5", file.location, file.size)
    if decoding.ending is Ending.REFUSED:
        return found
    others = [risk for risk in found if risk != HDF5_RISK]
    if decoding.ending is not Ending.OK:
        return [*others, _ENDINGS[decoding.ending]]
    note = Risk("TDS507", "file is HDF5; its links, sizes and attributes were examined", None, Severity.NOTE)
    return [*others, note, *_relevant(list(decoding.risks), rules)]


def _relevant(risks: list[Risk], rules: Rules) -> list[Risk]:
    """The child examines pickles as if they were allowed; where they are not, that they are there says it."""
    allowed = any(form in rules.allow for form in PICKLED)
    return [risk for risk in risks if risk.code != "TDS520" or allowed]


def _columnar(file: DataFile, head: bytes, rules: Rules) -> list[Risk]:
    """Parquet and Arrow by content, JSON by its suffix, decoded in the child."""
    decoder = next((name for magic, name in COLUMNAR if head.startswith(magic)), None)
    if head.startswith(b"PARE"):
        return [Risk("TDS512", "Parquet file is encrypted and cannot be looked into")]
    if decoder is None:
        decoder = _JSON.get(PurePosixPath(file.path.lower().removesuffix(".gz")).suffix)
    if decoder is None:
        return []
    decoding = rules.confined.decode(decoder, file.location, file.size)
    if decoding.ending is not Ending.OK:
        return [_ENDINGS[decoding.ending]]
    return [
        replace(risk, severity=rules.hidden) if risk.code == "TDS515" else risk for risk in decoding.risks
    ]


def is_leftover(file: DataFile) -> bool:
    """What macOS stores beside a file: attributes of another one, named after it (RFC 1740, AppleDouble)."""
    if not PurePosixPath(file.path).name.startswith("._"):
        return False
    with file.location.open("rb") as stream:
        return stream.read(8) == b"\0\x05\x16\x07\0\x02\0\0"


def _text(file: DataFile, hidden: Severity) -> list[Risk]:
    path = file.path.lower().removesuffix(".gz")
    if not path.endswith(TEXT):
        return []
    if is_leftover(file):
        return [LEFTOVER]
    risks = text_risks(file, hidden)
    if table_format(file) in ("csv", "tsv"):
        risks += formulas(file)
    return risks
