"""Personal data: what the dataset holds, against what its source record declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.pii.judge import Sight, judge_column, judge_text
from tdsec_gov.checks.pii.kinds import KINDS, SECRET
from tdsec_gov.checks.pii.scan import scan_table, scan_text
from tdsec_gov.checks.pii.validators import Validator, validators
from tdsec_gov.checks.refusals import nothing_to_check, unreadable
from tdsec_gov.checks.tables import is_table
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

MODES = ("warn", "block_undeclared", "block")
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT")
TEXT = (".txt", ".md", ".json", ".log", ".xml", ".html", ".htm", ".yaml", ".yml", ".rst", ".tex")
NOT_CHECKED = (
    "names, addresses, dates of birth and national identifiers other than US social security numbers",
    "phone numbers in local formats of regions that are not named in the settings",
    "text in images, sound, archives and other binary files",
)


class PersonalData:
    """Findings TDS300 to TDS339; settings ``mode`` (warn, block_undeclared, block) and ``regions``."""

    name: ClassVar[str] = "pii"

    def run(self, given: CheckInput) -> CheckResult:
        """Scan all tables and text files. Raises PolicyInvalid for bad settings."""
        params = Params(self.name, given.params)
        mode = params.choice("mode", MODES, "warn")
        regions = params.strings("regions", REGIONS, _regions())
        params.done()
        if not given.files:
            return nothing_to_check(self.name)
        judges = validators(regions)
        findings: list[Finding] = []
        sights: list[Sight] = []
        for file in given.files:
            try:
                sights += _look(file, judges)
            except Unreadable as exc:
                findings.append(unreadable(file, exc))
        findings += [_finding(sight, mode, given.source) for sight in sights]
        findings += _contradiction(sights, mode, given.source)
        skipped = sum(not _is_readable(file) for file in given.files)
        missed = (f"{skipped} files that are neither tables nor text",) if skipped else ()
        facts: dict[str, JsonValue] = {"sights": len(sights), "files": len(given.files) - skipped}
        return CheckResult.from_findings(self.name, findings, not_checked=NOT_CHECKED + missed, facts=facts)


def _regions() -> tuple[str, ...]:
    import phonenumbers

    return tuple(sorted(phonenumbers.SUPPORTED_REGIONS))


def _is_text(file: DataFile) -> bool:
    suffixes = [suffix.lower() for suffix in PurePosixPath(file.path).suffixes]
    return bool(suffixes) and (suffixes[-1] in TEXT or (suffixes[-1] == ".gz" and suffixes[-2:][0] in TEXT))


def _is_readable(file: DataFile) -> bool:
    return is_table(file) or _is_text(file)


def _look(file: DataFile, judges: Mapping[str, Validator]) -> list[Sight]:
    if is_table(file):
        return [
            sight for column in scan_table(file, judges) for sight in judge_column(column, judges, file.path)
        ]
    if _is_text(file):
        return judge_text(scan_text(file, judges), file.path)
    return []


def _declared(source: Mapping[str, JsonValue] | None) -> set[str]:
    """Kinds that the source record's data categories cover."""
    categories = source.get("data_categories") if source else None
    if not isinstance(categories, list):
        return set()
    words = {word for one in categories for word in re.findall(r"[a-z-]+", str(one).lower())}
    words |= {word.removesuffix("s") for word in words} | {word.removesuffix("es") for word in words}
    words |= {part for word in words for part in word.split("-")}
    return {kind.name for kind in KINDS if kind.declared & words}


def _finding(sight: Sight, mode: str, source: Mapping[str, JsonValue] | None) -> Finding:
    declared = sight.kind in _declared(source)
    if mode == "block" or (mode == "block_undeclared" and not declared and sight.sure):
        severity = Severity.DENY
    else:
        severity = Severity.NOTE if declared else Severity.WARN
    told = "TDS303" if declared else sight.code
    code = "TDS304" if sight.kind == SECRET.name else told
    known = "declared in the source record" if declared else "not declared in the source record"
    message = f"{sight.words}; {known}"
    return Finding(code, severity, message, sight.file, sight.column, sight.count, sight.rows)


def _contradiction(sights: list[Sight], mode: str, source: Mapping[str, JsonValue] | None) -> list[Finding]:
    personal = {sight.kind for sight in sights if sight.code == "TDS300" and sight.kind != SECRET.name}
    if not personal or source is None or source.get("personal_data") != "none":
        return []
    severity = Severity.WARN if mode == "warn" else Severity.DENY
    message = f"the source record says there is no personal data; found: {', '.join(sorted(personal))}"
    return [Finding("TDS306", severity, message, count=len(personal))]
