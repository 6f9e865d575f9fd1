"""What a check's failure is called: one place for the worker and for the processes that help it."""

from __future__ import annotations

from tdsec_gov.domain.findings import CheckResult, Finding, Severity, Status
from tdsec_gov.errors import TdsecError


class Fault(Exception):
    """A process that helped a check failed; the text is ready to be told and holds no value of the data."""


def error_result(check: str, code: str, message: str) -> CheckResult:
    """An ERROR, which denies."""
    return CheckResult(check, Status.ERROR, (Finding(code, Severity.DENY, message),))


def fault_text(check: str, exc: BaseException) -> str:
    """The kind of fault, never its own words unless they are ours."""
    if isinstance(exc, Fault):
        return str(exc)
    if isinstance(exc, TdsecError):
        return f"{check} could not run: {exc.line()}"
    if isinstance(exc, MemoryError):
        return f"{check} ran out of memory (memory_limit)"
    return f"{check} crashed ({type(exc).__name__})"
