"""Finding and CheckResult: what one examination says, in counts and names, never in values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.errors import IntegrityError


class Status(StrEnum):
    """Outcome of one check, or of a verdict (which is never ERROR). Ordered from best to worst."""

    PASSED = "PASSED"
    WARNED = "WARNED"
    FAILED = "FAILED"
    ERROR = "ERROR"

    @property
    def denies(self) -> bool:
        return self in (Status.FAILED, Status.ERROR)


class Severity(StrEnum):
    """What a finding does to its check's status."""

    NOTE = "note"
    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reported issue.

    ``code`` is ``TDSnnn``; ``message`` names kinds, counts and columns, never a value;
    ``file`` is a path inside the dataset; ``rows`` are 0-based row numbers, at most 20 of ``count``.
    """

    code: str
    severity: Severity
    message: str
    file: str | None = None
    column: str | None = None
    count: int | None = None
    rows: tuple[int, ...] = ()

    @property
    def words(self) -> str:
        """The message, and column and count where there are any."""
        told = ", ".join(str(part) for part in (self.column, self.count) if part is not None)
        return self.message + (f" ({told})" if told else "")

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "file": self.file,
            "column": self.column,
            "count": self.count,
            "rows": list(self.rows),
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> Finding:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        try:
            fields = _object(item, {"code", "severity", "message", "file", "column", "count", "rows"})
            rows = _list(fields["rows"])
            return cls(
                code=str(fields["code"]),
                severity=Severity(str(fields["severity"])),
                message=str(fields["message"]),
                file=_opt_str(fields["file"]),
                column=_opt_str(fields["column"]),
                count=None if fields["count"] is None else int(str(fields["count"])),
                rows=tuple(int(str(row)) for row in rows),
            )
        except ValueError as exc:
            raise IntegrityError("malformed finding") from exc


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check says of one dataset version.

    ``metric`` and ``threshold`` are the decisive figure and its limit, where the check has one;
    ``not_checked`` lists in words what this check did not look at; ``facts`` are further figures
    (numbers and short strings only).
    """

    check: str
    status: Status
    findings: tuple[Finding, ...] = ()
    metric: float | None = None
    threshold: float | None = None
    not_checked: tuple[str, ...] = ()
    facts: dict[str, JsonValue] = field(default_factory=dict)
    seconds: float = 0.0

    @classmethod
    def from_findings(
        cls,
        check: str,
        findings: list[Finding] | tuple[Finding, ...],
        *,
        metric: float | None = None,
        threshold: float | None = None,
        not_checked: tuple[str, ...] = (),
        facts: dict[str, JsonValue] | None = None,
    ) -> CheckResult:
        """The status follows from the worst finding: deny -> FAILED, warn -> WARNED, else PASSED."""
        severities = {finding.severity for finding in findings}
        if Severity.DENY in severities:
            status = Status.FAILED
        elif Severity.WARN in severities:
            status = Status.WARNED
        else:
            status = Status.PASSED
        return cls(check, status, tuple(findings), metric, threshold, not_checked, facts or {})

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "check": self.check,
            "status": self.status.value,
            "findings": [finding.as_json() for finding in self.findings],
            "metric": self.metric,
            "threshold": self.threshold,
            "not_checked": list(self.not_checked),
            "facts": self.facts,
            "seconds": round(self.seconds, 3),
        }

    @classmethod
    def from_json(cls, item: JsonValue) -> CheckResult:
        """Raises IntegrityError when ``item`` is not what :meth:`as_json` wrote."""
        keys = {"check", "status", "findings", "metric", "threshold", "not_checked", "facts", "seconds"}
        try:
            fields = _object(item, keys)
            facts = fields["facts"]
            if not isinstance(facts, dict):
                raise ValueError("facts is not an object")
            return cls(
                check=str(fields["check"]),
                status=Status(str(fields["status"])),
                findings=tuple(Finding.from_json(one) for one in _list(fields["findings"])),
                metric=_opt_float(fields["metric"]),
                threshold=_opt_float(fields["threshold"]),
                not_checked=tuple(str(note) for note in _list(fields["not_checked"])),
                facts=facts,
                seconds=float(str(fields["seconds"])),
            )
        except ValueError as exc:
            raise IntegrityError("malformed check result") from exc


def _object(item: JsonValue, keys: set[str]) -> dict[str, JsonValue]:
    if not isinstance(item, dict) or set(item) != keys:
        raise ValueError("unexpected keys")
    return item


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value


def _opt_str(value: JsonValue) -> str | None:
    return None if value is None else str(value)


def _opt_float(value: JsonValue) -> float | None:
    return None if value is None else float(str(value))
