"""Safe files: datasets are data; what can run, hide or explode on loading is denied unless policy allows."""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.files.archives import BROKEN, is_tar, tar_risks, zip_risks
from tdsec_gov.checks.files.risk import ALLOWABLE, HEAD, Risk
from tdsec_gov.checks.files.shape import mismatch, trailing
from tdsec_gov.checks.files.sniff import ARCHIVES, sniff
from tdsec_gov.checks.files.texts import formulas, hidden_characters
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.refusals import nothing_to_check, unreadable
from tdsec_gov.checks.tables import table_format
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

TEXT = (".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".yaml", ".yml")
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
NOT_CHECKED = (
    "known malware signatures",
    "what an allowed pickle, HDF5 file or program would do",
    "text inside archives, and anything beyond the first 64 KiB of their members",
)


class SafeFiles:
    """Findings TDS500 to TDS549.

    Settings: ``allow`` (formats that are denied otherwise: pickle, joblib, torch, npy-object,
    executable, script, serialized, hdf5, nested-archive) and ``hidden_characters`` (deny or warn).
    """

    name: ClassVar[str] = "files"

    def run(self, given: CheckInput) -> CheckResult:
        """Look at every file. Raises PolicyInvalid for bad settings."""
        params = Params(self.name, given.params)
        allow = params.strings("allow", (), ALLOWABLE)
        hidden = params.choice("hidden_characters", ("deny", "warn"), "deny")
        params.done()
        if not given.files:
            return nothing_to_check(self.name)
        findings: list[Finding] = []
        for file in given.files:
            risks = _examine(file, Severity(hidden), findings)
            findings += [risk.finding(file.path, allow) for risk in risks]
        return CheckResult.from_findings(
            self.name,
            findings,
            not_checked=NOT_CHECKED,
            facts={"files": len(given.files), "bytes": sum(file.size for file in given.files)},
        )


def _examine(file: DataFile, hidden: Severity, findings: list[Finding]) -> list[Risk]:
    """Risks of one file; what cannot be read goes to ``findings`` at once."""
    try:
        if risk := _irregular(file):
            return [risk]
        risks = _content(file)
        if not any(risk.severity is Severity.DENY for risk in risks):
            risks += _text(file, hidden)
    except Unreadable as exc:
        findings.append(unreadable(file, exc))
        return []
    except OSError as exc:
        refusal = Unreadable("file cannot be read", where=file.path, found=type(exc).__name__)
        findings.append(unreadable(file, refusal))
        return []
    return risks


def _irregular(file: DataFile) -> Risk | None:
    status = file.location.lstat()
    if not stat.S_ISREG(status.st_mode):
        return Risk("TDS518", "not a regular file: links and devices are refused")
    if status.st_size != file.size:
        return Risk("TDS518", "the file's size is not the one in the manifest")
    return None


def _content(file: DataFile) -> list[Risk]:
    if file.size == 0:
        severity = Severity.DENY if table_format(file) else Severity.WARN
        return [Risk("TDS519", "file is empty", None, severity)]
    suffix = PurePosixPath(file.path).suffix.lower()
    with file.location.open("rb") as stream:
        head = stream.read(HEAD)
        stream.seek(max(0, file.size - HEAD))
        tail = stream.read(HEAD)
        stream.seek(0)
        risks = sniff(stream, file.size)
    risks += _archive(file, head)
    if not risks:
        shapes = (mismatch(suffix, head, tail), trailing(file.location, head, tail, file.size))
        risks += [risk for risk in shapes if risk]
    return risks


def _archive(file: DataFile, head: bytes) -> list[Risk]:
    path = file.path.lower()
    if head.startswith(ZIP) or head.startswith(b"PK\x05\x06"):
        risks = zip_risks(file.location)
        text = path.endswith(TEXT)
        return (
            [*risks, Risk("TDS513", "content is a zip archive, the suffix promises text")] if text else risks
        )
    if head.startswith(ARCHIVES):
        return [BROKEN]
    if is_tar(file.location, head) or path.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")):
        return tar_risks(file.location, file.size)
    if zipfile.is_zipfile(file.location) and zip_risks(file.location) != [BROKEN]:
        return [Risk("TDS514", "a zip archive is appended to the file")]
    return []


def _text(file: DataFile, hidden: Severity) -> list[Risk]:
    path = file.path.lower().removesuffix(".gz")
    if not path.endswith(TEXT) or file.size == 0:
        return []
    risks = hidden_characters(file, hidden)
    if table_format(file) in ("csv", "tsv"):
        risks += formulas(file)
    return risks
