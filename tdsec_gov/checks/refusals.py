"""Findings that every check shares: nothing to look at, and a file that cannot be read."""

from __future__ import annotations

import re

from tdsec_gov.checks.contract import DataFile, Unreadable
from tdsec_gov.domain.findings import CheckResult, Finding, Severity

NO_FILES = "TDS010"
UNREADABLE = "TDS011"
_PLAIN_NAME = re.compile(r"[^\W\d][\w .:/()%-]{0,63}\Z")
_DIGITS = re.compile(r"\d{5}")


def nothing_to_check(check: str) -> CheckResult:
    """A dataset without files is denied by every check."""
    return CheckResult.from_findings(check, [Finding(NO_FILES, Severity.DENY, "the dataset holds no files")])


def unreadable(file: DataFile, error: Unreadable) -> Finding:
    """A file that cannot be read is denied; the message never quotes it."""
    where = (error.where or "").removeprefix(file.path).strip(" ,()")
    parts = [
        error.message,
        f"at {where}" if where else "",
        f"expected {error.expected}" if error.expected else "",
    ]
    parts.append(f"found {error.found}" if error.found else "")
    return Finding(UNREADABLE, Severity.DENY, ", ".join(part for part in parts if part), file=file.path)


def shown_column(name: str, index: int) -> str:
    """``name``, or ``column #n`` (1-based) when the header looks like data rather than a name.

    A table without a header row has values where names should be, and values are never repeated.
    """
    plain = _PLAIN_NAME.match(name) and not _DIGITS.search(name)
    return name if plain else f"column #{index + 1}"
