"""What is wrong with one table, as numbers and names: the form in which a file's result is remembered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tdsec_gov.domain.canonical import JsonValue
from tdsec_gov.domain.findings import Finding, Severity

TOLERABLE = ("TDS204", "TDS205", "TDS206")


@dataclass(frozen=True, slots=True)
class Failure:
    """One rule that does not hold. ``share`` is the tolerated share that the schema itself states."""

    code: str
    words: str
    column: str | None = None
    count: int | None = None
    rows: tuple[int, ...] = ()
    share: float | None = None

    def as_json(self) -> JsonValue:
        body: dict[str, Any] = asdict(self)
        return {**body, "rows": list(self.rows)}

    @classmethod
    def from_json(cls, item: Any) -> Failure:
        return cls(**{**item, "rows": tuple(item["rows"])})

    def finding(self, file: str | None, height: int, default: float) -> Finding:
        """A warning when it may be tolerated and at most the tolerated share of rows fails; else a denial."""
        limit = default if self.share is None else self.share
        share = self.count / height if self.count and height else 1.0
        mild = self.code in TOLERABLE and self.count is not None and share <= limit
        severity = Severity.WARN if mild else Severity.DENY
        return Finding(self.code, severity, self.words, file, self.column, self.count, self.rows)
