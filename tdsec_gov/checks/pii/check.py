"""Personal data: what the dataset holds, against what its source record declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.perfile import PerFile, Seen
from tdsec_gov.checks.pii import images
from tdsec_gov.checks.pii.documents import is_text, scan_json, scan_lines
from tdsec_gov.checks.pii.judge import judge_lines, judge_table
from tdsec_gov.checks.pii.kinds import KINDS, NEVER_DATA, OWNER, POSITION
from tdsec_gov.checks.pii.scan import Scanner
from tdsec_gov.checks.pii.settings import Ignore, PiiSettings, read_settings
from tdsec_gov.checks.pii.sight import IS, NOT_CERTAIN, PHOTOGRAPH, Sight
from tdsec_gov.checks.refusals import nothing_to_check, unreadable
from tdsec_gov.checks.tables import is_table
from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import CheckResult, Finding, Severity
from tdsec_gov.errors import InternalError

NOT_CHECKED = (
    "names, addresses, dates of birth, passports and driver's licences in columns whose name does not tell",
    "phone numbers in local formats of regions that are not named in the settings",
    "what is to be seen in images, and text in sound, archives and other binary files",
)
_MODEL = "names of persons and places in free text (setting engine: presidio)"


class PersonalData(PerFile[PiiSettings]):
    """Findings TDS300 to TDS339.

    Settings: ``mode`` (warn, block_undeclared, block), ``regions`` (ISO 3166 codes of local phone numbers),
    ``ignore`` (a list of ``{column, kind, reason}``), ``engine`` (builtin or presidio), ``presidio_model``.
    """

    name: ClassVar[str] = "pii"

    def prepare(self, given: CheckInput) -> PiiSettings:
        settings = read_settings(self.name, given)
        if settings.engine == "presidio":
            from tdsec_gov.checks.pii.presidio import require_presidio

            require_presidio(settings.model)
        return settings

    def engine(self, settings: PiiSettings) -> JsonValue:
        if settings.engine == "builtin":
            return None
        from tdsec_gov.checks.pii.presidio import engine_version

        return engine_version(settings.model)

    def examine(self, file: DataFile, settings: PiiSettings) -> JsonValue:
        """Statements about one file, or why it cannot be read; counts and codes, never values."""
        try:
            sights = _look(file, settings)
        except (Unreadable, OSError) as exc:
            error = exc if isinstance(exc, Unreadable) else _os_fault(file, exc)
            return {"unreadable": replace(unreadable(file, error), file=None).as_json()}
        return {"sights": None if sights is None else [sight.as_json() for sight in sights]}

    def conclude(self, seen: Seen, settings: PiiSettings, given: CheckInput) -> CheckResult:
        if not given.files:
            return nothing_to_check(self.name)
        findings: list[Finding] = []
        found: list[Sight] = []
        skipped = 0
        used: set[Ignore] = set()
        for file, partial in seen:
            if not isinstance(partial, dict):
                raise InternalError("a remembered look at a file is malformed", where=self.name)
            if "unreadable" in partial:
                findings.append(replace(Finding.from_json(partial["unreadable"]), file=file.path))
                continue
            sights = _sights(partial["sights"])
            skipped += sights is None
            for sight in sights or ():
                entry = _ignored(sight, settings.ignore)
                used |= {entry} if entry else set()
                findings.append(_finding(sight, file.path, entry, settings.mode, given.source))
                found += [] if entry else [sight]
        findings += _contradiction(found, settings.mode, given.source)
        findings += [_unused(one) for one in settings.ignore if one not in used]
        missed = NOT_CHECKED + ((_MODEL,) if settings.engine == "builtin" else ())
        missed += (f"{skipped} files that are neither tables, text nor photographs",) if skipped else ()
        facts: dict[str, JsonValue] = {"sights": len(found), "files": len(given.files) - skipped}
        return CheckResult.from_findings(self.name, findings, not_checked=missed, facts=facts)


def _os_fault(file: DataFile, exc: OSError) -> Unreadable:
    return Unreadable("file cannot be read", where=file.path, found=type(exc).__name__)


def _sights(items: JsonValue) -> list[Sight] | None:
    return None if not isinstance(items, list) else [Sight.from_json(one) for one in items]


def _look(file: DataFile, settings: PiiSettings) -> list[Sight] | None:
    """None for a file that is neither table, text nor photograph."""
    scanner = Scanner(settings.regions, file.sha256)
    if images.is_image(file):
        return _photograph(file)
    if is_table(file):
        sights = judge_table(scanner.table(file))
    elif is_text(file):
        columns = scan_json(file, scanner)
        sights = judge_lines(scan_lines(file, scanner)) if columns is None else judge_table(columns)
    else:
        return None
    if settings.engine == "presidio":
        from tdsec_gov.checks.pii.presidio import look

        sights += look(file, settings.model, sights)
    return sights


def _photograph(file: DataFile) -> list[Sight]:
    position, owner = images.traces(file)
    sights = []
    if position:
        sights.append(Sight(PHOTOGRAPH, POSITION, "the photograph says where it was taken", None, 1, ()))
    if owner:
        words = f"the photograph names its owner or camera ({', '.join(owner)})"
        sights.append(Sight(PHOTOGRAPH, OWNER, words, None, len(owner), ()))
    return sights


def _ignored(sight: Sight, entries: tuple[Ignore, ...]) -> Ignore | None:
    return next(
        (one for one in entries if one.column == sight.column and one.kind in ("*", sight.kind)), None
    )


def _unused(entry: Ignore) -> Finding:
    message = f"ignore names a column and kind ({entry.kind}) that this check did not find"
    return Finding("TDS310", Severity.NOTE, message, column=entry.column)


def _declared(source: Mapping[str, JsonValue] | None) -> set[str]:
    """Kinds that the source record's data categories cover."""
    categories = source.get("data_categories") if source else None
    if not isinstance(categories, list):
        return set()
    words = {word for one in categories for word in re.findall(r"[a-z-]+", str(one).lower())}
    words |= {word.removesuffix("s") for word in words} | {word.removesuffix("es") for word in words}
    words |= {part for word in words for part in word.split("-")}
    return {kind.name for kind in KINDS.values() if kind.declared & words}


def _finding(
    sight: Sight, file: str, entry: Ignore | None, mode: str, source: Mapping[str, JsonValue] | None
) -> Finding:
    if entry:
        message = f"{sight.words}; ignored by the policy: {entry.reason}"
        return Finding("TDS308", Severity.NOTE, message, file, sight.column, sight.count, sight.rows)
    declared = sight.kind in _declared(source)
    if mode == "block" or (mode == "block_undeclared" and not declared and sight.sure):
        severity = Severity.DENY
    else:
        severity = Severity.NOTE if declared else Severity.WARN
    if sight.code == NOT_CERTAIN and severity is Severity.DENY:
        severity = Severity.WARN
    told = "TDS303" if declared else sight.code
    code = "TDS304" if sight.kind in NEVER_DATA else told
    known = "declared in the source record" if declared else "not declared in the source record"
    return Finding(code, severity, f"{sight.words}; {known}", file, sight.column, sight.count, sight.rows)


def _contradiction(sights: list[Sight], mode: str, source: Mapping[str, JsonValue] | None) -> list[Finding]:
    personal = {sight.kind for sight in sights if sight.code == IS and sight.kind not in NEVER_DATA}
    if not personal or source is None or source.get("personal_data") != "none":
        return []
    severity = Severity.WARN if mode == "warn" else Severity.DENY
    message = f"the source record says there is no personal data; found: {', '.join(sorted(personal))}"
    return [Finding("TDS306", severity, message, count=len(personal))]
