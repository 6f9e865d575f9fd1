"""Schema: every table of the dataset holds what policies/schemas/ says, and looks about as it did before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import ClassVar

from tdsec_gov.checks.contract import CheckInput, DataFile
from tdsec_gov.checks.params import Params
from tdsec_gov.checks.perfile import PerFile, Seen
from tdsec_gov.checks.refusals import nothing_to_check
from tdsec_gov.checks.schema.across import repeated_across
from tdsec_gov.checks.schema.categories import MAX_TABLES, category_drift
from tdsec_gov.checks.schema.drift import ReadOnly, Totals, null_drift, volume
from tdsec_gov.checks.schema.examine import examine_table, measure_table
from tdsec_gov.checks.schema.fresh import freshness
from tdsec_gov.checks.schema.load import read_schema
from tdsec_gov.checks.schema.report import findings_of, worst_share
from tdsec_gov.checks.schema.settings import Settings
from tdsec_gov.checks.tables import is_table
from tdsec_gov.domain.canonical import JsonValue, sha256_hex
from tdsec_gov.domain.findings import CheckResult, Finding, Severity


class SchemaHolds(PerFile[Settings]):
    """Findings TDS200 to TDS219.

    Settings: ``schema`` (file in policies/schemas), ``sha256`` (its digest; required for a Python schema),
    ``one_table`` (all files together form one table), ``max_failure_share`` (of the rows that may fail a
    rule; the schema can say it per rule), ``min_rows``; against the last accepted version: ``max_row_change``
    (share by which the number of rows may differ), ``max_null_change`` (by which the share of empty values of
    a column may differ), ``max_category_change`` (share of rows that may have moved between categories),
    ``drift`` (what a drift does); ``date_columns`` with ``max_age_days`` (how old the newest date may be).
    """

    name: ClassVar[str] = "schema"

    def run(self, given: CheckInput) -> CheckResult:
        """Examine each table that is not remembered, then all together. Raises as the contract says."""
        if given.files:
            return super().run(given)
        self._settings(given)
        return nothing_to_check(self.name)

    def prepare(self, given: CheckInput) -> Settings:
        settings = self._settings(given)
        return replace(settings, text=read_schema(given.policies, settings.schema, settings.sha256))

    def engine(self, settings: Settings) -> JsonValue:
        libraries: list[JsonValue] = [version(name) for name in ("pandera", "polars", "pyarrow")]
        return [sha256_hex(settings.text), libraries]

    def examine(self, file: DataFile, settings: Settings) -> JsonValue:
        if not is_table(file):
            return None
        return examine_table(file, settings.rules, unique=not settings.one_table)

    def conclude(self, seen: Seen, settings: Settings, given: CheckInput) -> CheckResult:
        looked = list(seen)
        tables = [file for file, partial in looked if partial is not None]
        findings = findings_of(looked, settings.share, one_table=settings.one_table)
        if not tables:
            findings.append(Finding("TDS200", Severity.DENY, "the dataset holds no table"))
        now = Totals.of(partial for _, partial in looked)
        if settings.one_table and not now.unreadable:
            findings += repeated_across(looked, settings.rules, now.rows, settings.share)
        findings += self._against_before(now, tables, settings, given)
        findings += freshness(tables, settings.date_columns, settings.max_age, given.now)
        settings.prove()
        return CheckResult.from_findings(
            self.name,
            findings,
            metric=worst_share(looked, findings),
            threshold=settings.share,
            not_checked=_not_checked(looked, tables, settings, given),
            facts={"tables": len(tables), "rows": now.rows, "schema_sha256": sha256_hex(settings.text)},
        )

    def _against_before(
        self, now: Totals, tables: Sequence[DataFile], settings: Settings, given: CheckInput
    ) -> list[Finding]:
        before = None
        drifts = settings.drift != "off"
        if given.previous is not None and (drifts or settings.row_change is not None):
            memory = ReadOnly(given.memory) if given.memory else None
            old = replace(given, files=given.previous, memory=memory)
            before = Totals.of(partial for _, partial in _Weighed()._seen(old, settings))
        found = volume(now, before, settings.least, settings.row_change)
        if before is None or not drifts or now.unreadable or before.unreadable:
            return found
        severity = Severity(settings.drift)
        found += null_drift(now, before, settings.null_change, severity)
        accepted = [file for file in given.previous or () if is_table(file)]
        if len(tables) <= MAX_TABLES and len(accepted) <= MAX_TABLES:
            found += category_drift(tables, accepted, settings.category_change, severity)
        return found

    def _settings(self, given: CheckInput) -> Settings:
        params = Params(self.name, given.params)
        settings = Settings(
            schema=params.text("schema"),
            text=b"",
            sha256=params.text("sha256") if "sha256" in given.params else "",
            one_table=params.flag("one_table", False),
            share=params.share("max_failure_share", 0.0),
            least=int(params.number("min_rows", 1, 1, 1e15) or 1),
            row_change=params.number("max_row_change", None, 0, 1e6),
            null_change=params.share("max_null_change", 0.1),
            category_change=params.share("max_category_change", 0.1),
            drift=params.choice("drift", ("off", "warn", "deny"), "warn"),
            date_columns=params.strings("date_columns"),
            max_age=params.number("max_age_days", None, 0, 1e6),
        )
        params.done()
        return settings


class _Weighed(SchemaHolds):
    """The same check over what was accepted before: only the weight of a table, unless it is remembered."""

    def examine(self, file: DataFile, settings: Settings) -> JsonValue:
        return measure_table(file) if is_table(file) else None


def _not_checked(
    looked: Sequence[tuple[DataFile, JsonValue]],
    tables: Sequence[DataFile],
    settings: Settings,
    given: CheckInput,
) -> tuple[str, ...]:
    notes = []
    if others := len(looked) - len(tables):
        notes.append(f"{others} files that are no tables")
    if len(tables) > 1 and not settings.one_table:
        notes.append("repetitions between files (one_table: false)")
    before = len(given.previous or ())
    if before and settings.drift != "off" and max(len(tables), before) > MAX_TABLES:
        notes.append(f"drift of categories (more than {MAX_TABLES} tables)")
    return tuple(notes)
