"""Safe files: datasets are data; what can run, hide or explode on loading is denied unless policy allows."""

from __future__ import annotations

from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.files.decoded.confined import Confined, has_limits
from tdsec_gov.checks.files.onefile import Rules, inspect
from tdsec_gov.checks.files.risk import ALLOWABLE, Risk
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.perfile import PerFile, Seen
from tdsec_gov.checks.refusals import nothing_to_check, unreadable
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Severity

NOT_CHECKED = (
    "known malware signatures",
    "what an allowed pickle, HDF5 file or program would do beyond the list of globals, and memory errors of "
    "the libraries that load it",
    "text, tables and images of more than 64 MiB inside archives, those after the first 512 MiB of an "
    "archive, and CSV inside archives that is no UTF-8; HDF5 inside archives is denied unread",
    "cells of binary columns beyond the first 32 of a batch, one for each pair of first bytes, and the first "
    "2,000 that hold what a pickle needs",
    "JSON beyond its first 64 MiB",
)
_NO_LIMITS = "memory and CPU limits while decoding: this platform has no POSIX resource limits"


class SafeFiles(PerFile[Rules]):
    """Findings TDS500 to TDS549.

    Settings: ``allow`` (formats that are denied otherwise), ``hidden_characters`` (deny or warn) and
    ``second_opinion`` (none, or picklescan for allowed pickles).
    """

    name: ClassVar[str] = "files"

    def run(self, given: CheckInput) -> CheckResult:
        """Look at every file that is not remembered. Raises PolicyInvalid, DependencyMissing."""
        settings = self.prepare(given)
        with settings.confined:
            return self.conclude(self._seen(given, settings), settings, given)

    def prepare(self, given: CheckInput) -> Rules:
        params = Params(self.name, given.params)
        allow = params.strings("allow", (), ALLOWABLE)
        hidden = params.choice("hidden_characters", ("deny", "warn"), "deny")
        second = params.choice("second_opinion", ("none", "picklescan"), "none")
        params.done()
        return Rules(allow, Severity(hidden), second == "picklescan", Confined())

    def engine(self, settings: Rules) -> JsonValue:
        """Whether HDF5 can be walked, and who gives the second opinion, decide answers, too."""
        from importlib.metadata import PackageNotFoundError, version

        found: list[JsonValue] = []
        for package in ("h5py", "pyarrow", *(("picklescan",) if settings.second_opinion else ())):
            try:
                found.append(f"{package} {version(package)}")
            except PackageNotFoundError:
                found.append(f"{package} missing")
        return found

    def examine(self, file: DataFile, settings: Rules) -> JsonValue:
        try:
            risks = inspect(file, settings)
        except Unreadable as exc:
            risks = [_unread(file, exc)]
        except OSError as exc:
            refusal = Unreadable("file cannot be read", where=file.path, found=type(exc).__name__)
            risks = [_unread(file, refusal)]
        return [risk.as_json() for risk in risks]

    def conclude(self, seen: Seen, settings: Rules, given: CheckInput) -> CheckResult:
        if not given.files:
            return nothing_to_check(self.name)
        findings = []
        for file, partial in seen:
            items = partial if isinstance(partial, list) else [None]
            findings += [Risk.from_json(item).finding(file.path) for item in items]
        return CheckResult.from_findings(
            self.name,
            findings,
            not_checked=NOT_CHECKED if has_limits() else (*NOT_CHECKED, _NO_LIMITS),
            facts={"files": len(given.files), "bytes": sum(file.size for file in given.files)},
        )


def _unread(file: DataFile, error: Unreadable) -> Risk:
    finding = unreadable(file, error)
    return Risk(finding.code, finding.message)
