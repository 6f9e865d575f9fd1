"""Schema: every table of the dataset holds what policies/schemas/ says, and about as much as before."""

from __future__ import annotations

from typing import Any, ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile, Unreadable
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.refusals import nothing_to_check, unreadable
from tdsec_gov.checks.schema_file import load_schema
from tdsec_gov.checks.schema_report import failures
from tdsec_gov.checks.schema_types import fit_types
from tdsec_gov.checks.tables import is_table, scan_batches
from tdsec_gov.domain.findings import CheckResult, Finding, Severity


class SchemaHolds:
    """Findings TDS200 to TDS219.

    Settings: ``schema`` (file in policies/schemas), ``max_failure_share`` (0: no failing row is
    tolerated), ``min_rows``, ``max_row_change`` (share by which the number of rows may differ from the
    last accepted version; not looked at when absent).
    """

    name: ClassVar[str] = "schema"

    def run(self, given: CheckInput) -> CheckResult:
        """Validate each table as a whole. Raises PolicyInvalid for bad settings or a bad schema."""
        params = Params(self.name, given.params)
        schema_name = params.text("schema")
        share = params.share("max_failure_share", 0.0)
        least = params.number("min_rows", 1, 1, 1e15)
        change = params.number("max_row_change", None, 0, 1e6)
        params.done()
        if not given.files:
            return nothing_to_check(self.name)
        schema = load_schema(given.policies, schema_name)
        tables = [file for file in given.files if is_table(file)]
        findings: list[Finding] = []
        if not tables:
            findings.append(Finding("TDS200", Severity.DENY, "the dataset holds no table"))
        rows = sum(_examine(file, schema, share, findings) for file in tables)
        findings += _volume(rows, int(least or 1), change, given)
        others = len(given.files) - len(tables)
        return CheckResult.from_findings(
            self.name,
            findings,
            metric=_worst(findings, rows),
            threshold=share,
            not_checked=(f"{others} files that are no tables",) if others else (),
            facts={"tables": len(tables), "rows": rows},
        )


def _examine(file: DataFile, schema: Any, share: float, findings: list[Finding]) -> int:
    try:
        frame = fit_types(file, schema)
    except Unreadable as exc:
        findings.append(unreadable(file, exc))
        return 0
    findings += failures(schema, frame, file.path, share)
    return int(frame.height)


def _volume(rows: int, least: int, change: float | None, given: CheckInput) -> list[Finding]:
    if rows < least:
        return [Finding("TDS209", Severity.DENY, f"fewer rows than the {least} asked for", count=rows)]
    if change is None or given.previous is None:
        return []
    try:
        before = sum(_count(file) for file in given.previous if is_table(file))
    except Unreadable as exc:
        return [Finding("TDS211", Severity.DENY, f"the last accepted version cannot be read: {exc.message}")]
    if abs(rows - before) <= change * before:
        return []
    return [
        Finding("TDS210", Severity.DENY, f"{rows} rows, {before} in the last accepted version", count=rows)
    ]


def _count(file: DataFile) -> int:
    return sum(batch.num_rows for batch in scan_batches(file))


def _worst(findings: list[Finding], rows: int) -> float:
    counts = [finding.count or 0 for finding in findings if finding.code in ("TDS204", "TDS205", "TDS206")]
    return max(counts, default=0) / rows if rows else 1.0
