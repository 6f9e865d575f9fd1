"""Waiver: somebody's signed word that one check of one version may fail, for a while."""

from __future__ import annotations

from dataclasses import dataclass

from tdsec_gov.domain.canonical import JsonValue


@dataclass(frozen=True, slots=True)
class Waiver:
    """What one person waived.

    It is bound to the bytes (``root``, SHA-256 of the manifest), to ``check``, and to one finding ``code``
    where there is one. ``created`` and ``expires`` are RFC 3339 UTC. ``digest`` is the SHA-256 of the signed
    statement, ``approver`` the keyid of who signs it, which the statement names.
    """

    dataset: str
    root: str
    check: str
    code: str | None
    reason: str
    created: str
    expires: str
    digest: str = ""
    approver: str = ""

    @property
    def what(self) -> str:
        """``check`` or ``check:CODE``, as the command line takes it."""
        return self.check if self.code is None else f"{self.check}:{self.code}"


@dataclass(frozen=True, slots=True)
class UsedWaiver:
    """A waiver as a verdict names it: what stands on it, and until when."""

    digest: str
    check: str
    code: str | None
    approver: str
    expires: str

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "sha256": self.digest,
            "check": self.check,
            "code": self.code,
            "approver": self.approver,
            "expires": self.expires,
        }

    @classmethod
    def of(cls, waiver: Waiver) -> UsedWaiver:
        return cls(waiver.digest, waiver.check, waiver.code, waiver.approver, waiver.expires)
