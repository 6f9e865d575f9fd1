"""The one error tree.

::

    TdsecError                    exit  code
    ├── UsageError                 2    usage            the call's words are off
    ├── Denied                     1    denied           evaluated, and the answer is no
    │   ├── GateDenied             1    gate-denied      a verdict FAILED
    │   ├── AccessDenied           1    access-denied    policies/access.yaml says no
    │   └── BudgetExceeded         1    budget-exceeded  the privacy budget would be overspent
    ├── IntegrityError            10    integrity        bytes differ from what was signed
    │   ├── SignatureInvalid      10    signature        a signature does not verify
    │   ├── DataTampered          10    data-tampered    an object or file is not the signed one
    │   └── LogTampered           10    log-tampered     the audit log was changed or cut
    ├── Unverified                11    unverified       evidence missing, expired or untrusted
    │   ├── VerdictMissing        11    verdict-missing
    │   ├── VerdictExpired        11    verdict-expired
    │   └── SignerUntrusted       11    signer-untrusted
    ├── ConfigurationError        12    configuration    repository or settings are not usable
    │   └── PolicyInvalid         12    policy-invalid   policies/*.yaml or a schema is refused
    ├── KeyUnavailable            13    key-unavailable  no identity, or none that fits
    ├── BackendUnavailable        14    backend          storage, server or service not reachable
    │   └── DependencyMissing     14    dependency       an optional package is not installed
    └── InternalError              3    internal         a fault of tdsec-gov itself

Every refusal says what, where, expected, found and how to fix it, on one line. Nothing here prints
or exits; ``cli/`` and the hook mains do. Messages never carry values of the data, keys or
passphrases.
"""

from __future__ import annotations

from typing import ClassVar


class TdsecError(Exception):
    """Base of every error that tdsec-gov raises.

    Args:
        message: what happened, in one sentence without a final full stop.
        where: file, dataset, column or event concerned.
        expected: what should have been there.
        found: what was there instead (never a value of the data).
        hint: the command or edit that helps.
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 3
    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        where: object = None,
        expected: object = None,
        found: object = None,
        hint: str | None = None,
    ) -> None:
        self.message = " ".join(str(message).split())
        self.where = None if where is None else str(where)
        self.expected = None if expected is None else str(expected)
        self.found = None if found is None else str(found)
        self.hint = self.default_hint if hint is None else hint
        super().__init__(self.line())

    def line(self) -> str:
        """The whole refusal on one line."""
        parts = [f"{self.where}: {self.message}" if self.where else self.message]
        if self.expected is not None:
            parts.append(f"expected {self.expected}")
        if self.found is not None:
            parts.append(f"found {self.found}")
        text = "; ".join(parts)
        return " ".join((f"{text} - {self.hint}" if self.hint else text).split())

    def as_dict(self) -> dict[str, object]:
        """The fields that ``--json`` prints."""
        return {
            "ok": False,
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "expected": self.expected,
            "found": self.found,
            "hint": self.hint,
            "exit": self.exit_code,
        }


class UsageError(TdsecError):
    """The call's words are off."""

    code = "usage"
    exit_code = 2


class Denied(TdsecError):
    """Evaluated, and the answer is no."""

    code = "denied"
    exit_code = 1


class GateDenied(Denied):
    """A dataset version got a FAILED verdict."""

    code = "gate-denied"


class AccessDenied(Denied):
    """The access policy does not allow this member to do this."""

    code = "access-denied"


class BudgetExceeded(Denied):
    """The privacy budget of a dataset would be overspent."""

    code = "budget-exceeded"


class IntegrityError(TdsecError):
    """Evidence or data does not match what was signed."""

    code = "integrity"
    exit_code = 10


class SignatureInvalid(IntegrityError):
    """A signature does not verify over the bytes it came with."""

    code = "signature"


class DataTampered(IntegrityError):
    """An object or file is not the one that was signed."""

    code = "data-tampered"


class LogTampered(IntegrityError):
    """The audit log was changed, reordered or cut."""

    code = "log-tampered"


class Unverified(TdsecError):
    """Evidence is missing, expired or signed by nobody trusted."""

    code = "unverified"
    exit_code = 11


class VerdictMissing(Unverified):
    """No verdict covers this dataset version."""

    code = "verdict-missing"


class VerdictExpired(Unverified):
    """The verdict that covers this dataset version is past its expiry."""

    code = "verdict-expired"


class SignerUntrusted(Unverified):
    """A signature verifies, but its key is not one the policy trusts for this."""

    code = "signer-untrusted"


class ConfigurationError(TdsecError):
    """The repository, a setting or a path is not usable."""

    code = "configuration"
    exit_code = 12


class PolicyInvalid(ConfigurationError):
    """A policy file or schema is refused; all its faults are listed at once."""

    code = "policy-invalid"


class KeyUnavailable(TdsecError):
    """No identity is at hand, or none of those at hand fits."""

    code = "key-unavailable"
    exit_code = 13


class BackendUnavailable(TdsecError):
    """Storage, a server or a service cannot be used right now."""

    code = "backend"
    exit_code = 14


class DependencyMissing(BackendUnavailable):
    """An optional package is not installed."""

    code = "dependency"


class InternalError(TdsecError):
    """A fault of tdsec-gov itself."""
