"""Where a version was collected: its provenance record, believed only as far as it fits the bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.dataset import FileEntry, Manifest
from tdsec_gov.domain.findings import Finding, Severity
from tdsec_gov.domain.provenance import FOLDER, Provenance, provenance_name
from tdsec_gov.errors import IntegrityError

_LARGEST = 64 << 10
_CLOCKS = dt.timedelta(days=1)
"""How far the clocks of two machines may be apart."""


def origin(given: CheckInput) -> tuple[list[Finding], dict[str, JsonValue]]:
    """Findings on the provenance record of this version, and what it says. Nothing where there is none.

    A version whose files do not lie in DVC's cache has no root yet, and so no record.
    """
    base = given.policies.parent
    if not (base / FOLDER / given.dataset).is_dir():
        return [], {}
    root = _root(given.files)
    path = base / provenance_name(given.dataset, root or "-")
    if root is None or not path.is_file():
        return [], {}
    try:
        with path.open("rb") as stream:
            record = Provenance.from_bytes(stream.read(_LARGEST))
    except (IntegrityError, OSError):
        return [Finding("TDS120", Severity.DENY, "the provenance record of this version is malformed")], {}
    findings = _misfits(record, given, root)
    return findings, {} if findings else _facts(record)


def _misfits(record: Provenance, given: CheckInput, root: str) -> list[Finding]:
    size = sum(one.size for one in given.files)
    content = given.files[0].sha256 if len(given.files) == 1 else None
    fits = record.dataset == given.dataset and record.root == root
    fits = fits and (record.files, record.size) == (len(given.files), size)
    if not fits or record.content not in (None, content):
        return [Finding("TDS121", Severity.DENY, "the provenance record does not fit the bytes it is for")]
    if dt.datetime.fromisoformat(record.collected_at) > given.now + _CLOCKS:
        return [Finding("TDS127", Severity.DENY, "the provenance record is dated in the future")]
    if given.source is not None and record.source != given.source.get("id"):
        text = "this version was collected under another source record than the policy names"
        return [Finding("TDS122", Severity.DENY, text)]
    return []


def _facts(record: Provenance) -> dict[str, JsonValue]:
    return {
        "collected_from": record.location,
        "collected_at": record.collected_at,
        "collected_by": record.collector,
        "collected_sha256": record.content or record.root,
        "collected_source_sha256": record.source_sha256,
        "collected_pinned": record.pinned,
    }


def _root(files: Sequence[DataFile]) -> str | None:
    """The root of the version, where every file lies in DVC's cache (whose names are the oids)."""
    try:
        entries = [FileEntry(one.path, one.size, one.sha256, _oid(one)) for one in files]
        return Manifest.of(entries).root
    except IntegrityError:
        return None


def _oid(file: DataFile) -> str:
    return f"{file.location.parent.name}{file.location.name}"
